import { answer, api } from "../../api/client";
import type { FoundMoment } from "../../api/schema";

const CALM_MS = 250;
const SHORTEST = 2;
const LIMIT = 8;

/** Moments in which some words are said, of one project or of all. */
export class Moments {
  found = $state.raw<readonly FoundMoment[]>([]);
  private turn = 0;

  constructor(private readonly project: string | null = null) {}

  /** Look for words once a person has stopped typing; the returned function calls it off. */
  find(words: string): () => void {
    this.turn += 1;
    const wanted = words.trim();
    if (wanted.length < SHORTEST) {
      this.found = [];
      return () => {};
    }
    const timer = setTimeout(() => void this.ask(wanted, this.turn), CALM_MS);
    return () => clearTimeout(timer);
  }

  private async ask(words: string, turn: number): Promise<void> {
    const query = { words, limit: LIMIT, ...(this.project ? { project_id: [this.project] } : {}) };
    // What can't be looked for is not found: the list of projects and clips is searched all the same.
    const moments = await answer(api.GET("/api/moments", { params: { query } })).catch(() => null);
    if (turn === this.turn) this.found = moments?.items ?? [];
  }
}
