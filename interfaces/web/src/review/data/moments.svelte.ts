import { untilAnswered } from "../../api/again";
import { answer, api } from "../../api/client";
import { messageOf } from "../../api/failures";
import type { FoundMoment } from "../../api/schema";

const CALM_MS = 250;
const SHORTEST = 2;
const LIMIT = 8;

/** Moments in which some words are said, of one project or of all. */
export class Moments {
  found = $state.raw<readonly FoundMoment[]>([]);
  failure = $state("");

  constructor(private readonly project: string | null = null) {}

  /** Look for words once a person has stopped typing; the returned function calls it off. */
  find(words: string): () => void {
    const wanted = words.trim();
    this.failure = "";
    if (wanted.length < SHORTEST) {
      this.found = [];
      return () => {};
    }
    let current = true;
    const timer = setTimeout(() => void this.ask(wanted, () => current), CALM_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }

  private async ask(words: string, wanted: () => boolean): Promise<void> {
    const query = { words, limit: LIMIT, ...(this.project ? { project_id: [this.project] } : {}) };
    try {
      const moments = await untilAnswered(() => answer(api.GET("/api/moments", { params: { query } })), wanted);
      if (moments) this.found = moments.items;
    } catch (error) {
      if (!wanted()) return;
      this.found = [];
      this.failure = messageOf(error);
    }
  }
}
