const KEY = "autoclip.preferences";

/** Lengths that the keys of the review page go by; kept in the browser. */
class Preferences {
  /** A new clip reaches so far to either side of the playhead, in seconds. */
  aroundSec = $state(8);
  /** A new clip that ends at the playhead begins so far back, in seconds. */
  backSec = $state(15);

  constructor() {
    Object.assign(this, JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  }

  set(name: "aroundSec" | "backSec", seconds: number): void {
    this[name] = Math.min(3600, Math.max(0.5, seconds));
    localStorage.setItem(KEY, JSON.stringify({ aroundSec: this.aroundSec, backSec: this.backSec }));
  }
}

export const preferences = new Preferences();
