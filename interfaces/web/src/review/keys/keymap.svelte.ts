import { ACTION_NAMES, type ActionName, DEFAULT_KEYS } from "./actions";

const KEY = "autoclip.keys";

/** Which keys do what; changes are kept in the browser. */
class Keymap {
  changed = $state<Partial<Record<ActionName, readonly string[]>>>(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  private readonly actions = $derived(
    new Map(ACTION_NAMES.flatMap((action) => this.keysOf(action).map((chord) => [chord, action] as const))),
  );

  keysOf(action: ActionName): readonly string[] {
    return this.changed[action] ?? DEFAULT_KEYS[action];
  }

  actionOf(chord: string): ActionName | null {
    return this.actions.get(chord) ?? null;
  }

  /** Give an action one key; whatever had it before loses it. */
  assign(action: ActionName, chord: string): void {
    const before = this.actionOf(chord);
    if (before && before !== action) {
      this.changed[before] = this.keysOf(before).filter((known) => known !== chord);
    }
    this.changed[action] = [chord];
    this.save();
  }

  reset(): void {
    this.changed = {};
    this.save();
  }

  private save(): void {
    localStorage.setItem(KEY, JSON.stringify(this.changed));
  }
}

export const keymap = new Keymap();
