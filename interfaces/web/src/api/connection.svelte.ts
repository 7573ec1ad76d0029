import { t } from "../messages/index.svelte";
import { Trouble } from "./trouble.svelte";

/** A request that takes longer is said to be late. */
const LATE_MS = 10_000;
/** A request that takes longer has failed: the longest that the server allows itself is a minute. */
const LIMIT_MS = 120_000;
/** What the server can't do at present is shown for so long after it said so last. */
const TROUBLE_MS = 20_000;

/** How the server answers: what every page and dialog says while requests are asked again. */
class Connection {
  /** How often the server has answered again after it did not. */
  returns = $state(0);
  private away = $state(false);
  private late = $state(0);
  private readonly trouble = new Trouble(TROUBLE_MS);

  /** What keeps answers from coming; empty while they come. */
  get message(): string {
    if (this.away) return t.shell.away;
    return this.late > 0 ? t.shell.late : this.trouble.reason;
  }

  /** Show what the server said that it can't do at present. */
  note(reason: string): void {
    this.trouble.note(reason);
  }

  /** Note whether a request is answered, and how soon. */
  async watch<Value>(request: Promise<Value>): Promise<Value> {
    let late = 0;
    const timer = setTimeout(() => {
      late = 1;
      this.late += 1;
    }, LATE_MS);
    try {
      const answer = await request;
      if (this.away) this.returns += 1;
      this.away = false;
      return answer;
    } catch (error) {
      if (!isCalledOff(error)) this.away = true;
      throw error;
    } finally {
      clearTimeout(timer);
      this.late -= late;
    }
  }
}

export const connection = new Connection();

/** A signal that calls a request off as `signal` does, or when it has taken too long. */
export function limited(signal: AbortSignal): AbortSignal {
  return AbortSignal.any([signal, AbortSignal.timeout(LIMIT_MS)]);
}

/** Whether the page itself has called a request off. */
export function isCalledOff(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}
