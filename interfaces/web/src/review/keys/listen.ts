import { chordOf, type ActionName } from "./actions";
import { keymap } from "./keymap.svelte";

const TYPING = "input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable]";
const PRESSED = "button, a[href], summary, input";
const MOVED = "[role=slider], input";
const ACTIVATING = new Set(["Space", "Enter"]);
const MOVING = new Set(["ArrowLeft", "ArrowRight", "ArrowUp", "ArrowDown", "[", "]"]);

/** Call `act` for every key that does something. Keys act neither while a person types nor behind a dialog. */
export function listenForKeys(act: (action: ActionName, event: KeyboardEvent) => void): () => void {
  const onKey = (event: KeyboardEvent) => {
    const target = event.target instanceof Element ? event.target : document.body;
    if (event.defaultPrevented || event.isComposing || target.closest(TYPING)) return;
    if (document.querySelector("dialog[open]")) return;
    const chord = chordOf(event);
    if (ACTIVATING.has(chord) && target.closest(PRESSED)) return;
    if (MOVING.has(chord) && target.closest(MOVED)) return;
    const action = keymap.actionOf(chord);
    if (!action) return;
    event.preventDefault();
    act(action, event);
  };
  addEventListener("keydown", onKey);
  return () => removeEventListener("keydown", onKey);
}
