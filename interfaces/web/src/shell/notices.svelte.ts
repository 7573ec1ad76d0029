export interface Notice {
  readonly id: number;
  readonly text: string;
  readonly action?: { readonly label: string; readonly run: () => void };
}

const SHOWN_MS = 4_000;

/** Short messages at the edge of the page, which go by themselves. */
class Notices {
  shown = $state.raw<readonly Notice[]>([]);
  private last = 0;

  /** Show a message; `onGone` is called when it goes without its action having been taken. */
  say(text: string, action?: Notice["action"], milliseconds = SHOWN_MS, onGone?: () => void): void {
    const id = (this.last += 1);
    const run =
      action &&
      (() => {
        clearTimeout(timer);
        this.drop(id);
        action.run();
      });
    const timer = setTimeout(() => {
      this.drop(id);
      onGone?.();
    }, milliseconds);
    this.shown = [
      ...this.shown.slice(-2),
      { id, text, ...(action && run ? { action: { label: action.label, run } } : {}) },
    ];
  }

  private drop(id: number): void {
    this.shown = this.shown.filter((notice) => notice.id !== id);
  }
}

export const notices = new Notices();
