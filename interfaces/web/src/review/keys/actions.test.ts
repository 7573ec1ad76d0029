import { expect, test } from "vitest";
import { ACTION_NAMES, chordOf, DEFAULT_KEYS, GROUPS, isFree } from "./actions";

const press = (key: string, held: Partial<KeyboardEvent> = {}) =>
  chordOf({ key, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held } as KeyboardEvent);

test("a chord is named the same on every keyboard", () => {
  expect(press("p")).toBe("P");
  expect(press("P", { shiftKey: true })).toBe("Shift+P");
  expect(press("P")).toBe("P"); // caps lock
  expect(press("?", { shiftKey: true })).toBe("?");
  expect(press(" ")).toBe("Space");
  expect(press("ArrowLeft", { shiftKey: true })).toBe("Shift+ArrowLeft");
  expect(press("z", { metaKey: true })).toBe("Ctrl+Z");
  expect(press("Z", { ctrlKey: true, shiftKey: true })).toBe("Ctrl+Shift+Z");
  expect(press("Shift", { shiftKey: true })).toBe("");
});

test("every action is shown once, no two share a key, and none takes a key of the browser", () => {
  expect(Object.values(GROUPS).flat().sort()).toEqual([...ACTION_NAMES].sort());
  const chords = Object.values(DEFAULT_KEYS).flat();
  expect(new Set(chords).size).toBe(chords.length);
  expect(chords.filter((chord) => !isFree(chord))).toEqual([]);
  for (const chord of ["Ctrl+W", "Ctrl+Enter", "Alt+ArrowLeft", "F5", "Tab", "Escape"])
    expect(isFree(chord)).toBe(false);
});
