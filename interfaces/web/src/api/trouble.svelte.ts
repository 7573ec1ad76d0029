/** What the server can't do at present: shown for a while after it said so last. */
export class Trouble {
  /** Empty while there is none. */
  reason = $state("");
  private timer = 0;

  constructor(private readonly shownMs: number) {}

  note(reason: string): void {
    clearTimeout(this.timer);
    this.reason = reason;
    this.timer = window.setTimeout(() => (this.reason = ""), this.shownMs);
  }
}
