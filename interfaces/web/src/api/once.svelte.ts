/** An id nobody has in this browser; `crypto.randomUUID` is missing on pages that came over plain HTTP. */
export function newId(): string {
  return `${Date.now().toString(36)}-${Math.random().toString(36).slice(2)}`;
}

/** The headers of a request, by what it asks for. */
export type KeyHeaders = (content: unknown) => Readonly<Record<"Idempotency-Key", string>>;

/** Starts a job once, however often a person asks for it: also where only the answer was lost. */
export class Once {
  /** Whether the answer is still to come. */
  waiting = $state(false);
  private asked = { content: "", key: "" };

  /**
   * Start a job, unless one is being started: null then. The headers that `start` asks for are the same for the same
   * content until an answer has come, so that the server knows the request again.
   */
  async run<Value>(start: (headers: KeyHeaders) => Promise<Value>): Promise<Value | null> {
    if (this.waiting) return null;
    this.waiting = true;
    try {
      const value = await start((content) => this.headers(JSON.stringify(content)));
      this.asked = { content: "", key: "" };
      return value;
    } finally {
      this.waiting = false;
    }
  }

  private headers(content: string): ReturnType<KeyHeaders> {
    if (content !== this.asked.content) this.asked = { content, key: newId() };
    return { "Idempotency-Key": this.asked.key };
  }
}
