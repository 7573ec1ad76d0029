import { answer, api } from "../../api/client";
import { Refusal } from "../../api/failures";
import type { WordView } from "../../api/schema";

const MAX_WORDS = 200_000;
/** A silence that is longer than this ends a stretch of speech. */
const PAUSE_SEC = 0.7;

/** A stretch of the video in which somebody speaks. */
export interface Speech {
  readonly start: number;
  readonly end: number;
}

/** What is said in a video, word by word; empty where nobody has listened. */
export class Transcript {
  words = $state.raw<readonly WordView[]>([]);
  readonly speech: readonly Speech[] = $derived(speechOf(this.words));
  private asked = 0;

  constructor(private readonly project: string) {}

  async load(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { limit: MAX_WORDS } };
    const number = (this.asked += 1);
    try {
      const { words } = await answer(api.GET("/api/projects/{project_id}/transcript", { params }));
      if (number === this.asked) this.words = words; // else they may be older than a correction meanwhile
    } catch (error) {
      if (!(error instanceof Refusal && error.status === 404)) throw error;
    }
  }

  /** The words that are spoken, at least in part, between two instants. */
  between(start: number, end: number): readonly WordView[] {
    const first = firstEndingAfter(this.words, start);
    let last = first;
    while ((this.words[last]?.start_sec ?? Infinity) < end) last += 1;
    return this.words.slice(first, last);
  }

  /** What is said around an instant, in one line. */
  around(time: number, seconds: number): string {
    return this.between(time - seconds, time + seconds)
      .map(({ text }) => text)
      .join(" ");
  }

  /** Say what a word is in truth; an empty text: nothing is said there. */
  async correct(word: WordView, text: string): Promise<void> {
    const params = { path: { project_id: this.project } };
    const { start_sec, end_sec, text: was } = word;
    await answer(
      api.PATCH("/api/projects/{project_id}/transcript", { params, body: { start_sec, end_sec, text, was } }),
    );
    await this.load();
  }
}

/** Join words into stretches of speech. */
export function speechOf(words: readonly WordView[]): Speech[] {
  const stretches: { start: number; end: number }[] = [];
  for (const { start_sec, end_sec } of words) {
    const last = stretches.at(-1);
    if (last && start_sec - last.end <= PAUSE_SEC) last.end = Math.max(last.end, end_sec);
    else stretches.push({ start: start_sec, end: end_sec });
  }
  return stretches;
}

function firstEndingAfter(words: readonly WordView[], time: number): number {
  let low = 0;
  let high = words.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((words[middle]?.end_sec ?? Infinity) <= time) low = middle + 1;
    else high = middle;
  }
  return low;
}
