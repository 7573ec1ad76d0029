import { t } from "../../messages/index.svelte";
import type { ActionName } from "./actions";
import { keymap } from "./keymap.svelte";

const SYMBOLS: Record<string, string> = { ArrowLeft: "←", ArrowRight: "→", ArrowUp: "↑", ArrowDown: "↓" };

/** A chord as people read it: arrows as symbols, names of keys in the language of the page. */
export function shownChord(chord: string): string {
  return chord.replace(
    /[A-Z][a-z]\w+/g,
    (key) => SYMBOLS[key] ?? t.keys.names[key as keyof typeof t.keys.names] ?? key,
  );
}

/** What an action does, with the key that it has at present. */
export function titleOf(action: ActionName, text: string = t.actions[action]): string {
  const chord = keymap.keysOf(action)[0];
  return chord ? `${text} (${shownChord(chord)})` : text;
}
