/** Everything a key can do, with the keys it has at first, in the order in which they are shown. */
export const DEFAULT_KEYS = {
  keep: ["P"],
  reject: ["X"],
  undecide: ["U"],
  keepAndStay: ["Shift+P"],
  rejectAndStay: ["Shift+X"],
  undecideAndStay: ["Shift+U"],
  next: ["ArrowDown"],
  previous: ["ArrowUp"],
  play: ["Space"],
  backward: ["J"],
  stop: ["K"],
  forward: ["L"],
  back: ["ArrowLeft"],
  ahead: ["ArrowRight"],
  toStart: ["Shift+ArrowLeft"],
  toEnd: ["Shift+ArrowRight"],
  frameBack: [","],
  frameAhead: ["."],
  previousBoundary: ["["],
  nextBoundary: ["]"],
  previousDropped: ["Shift+G"],
  nextDropped: ["G"],
  playEnd: [";"],
  loop: ["R"],
  slower: ["<"],
  faster: [">"],
  mute: ["M"],
  fullscreen: ["F"],
  setIn: ["I"],
  setOut: ["O"],
  split: ["B"],
  excludePart: ["H"],
  mergePrevious: ["V"],
  mergeNext: ["Shift+B"],
  create: ["N"],
  createBack: ["Shift+N"],
  duplicate: ["D"],
  rename: ["Enter"],
  remove: ["Delete"],
  undo: ["Ctrl+Z"],
  redo: ["Ctrl+Shift+Z", "Ctrl+Y"],
  zoomIn: ["+", "="],
  zoomOut: ["-"],
  search: ["/"],
  retune: ["T"],
  compound: ["C"],
  export: ["E"],
  help: ["?"],
} satisfies Record<string, readonly string[]>;

export type ActionName = keyof typeof DEFAULT_KEYS;
export const ACTION_NAMES = Object.keys(DEFAULT_KEYS) as ActionName[];
export const GROUPS: Record<"decide" | "play" | "edit" | "page", readonly ActionName[]> = {
  decide: ["keep", "reject", "undecide", "keepAndStay", "rejectAndStay", "undecideAndStay", "next", "previous", "undo", "redo"],
  play: [
    "play", "backward", "stop", "forward", "back", "ahead", "toStart", "toEnd", "frameBack", "frameAhead",
    "previousBoundary", "nextBoundary", "previousDropped", "nextDropped", "playEnd", "loop", "slower", "faster", "mute", "fullscreen",
  ],
  edit: [
    "setIn", "setOut", "split", "excludePart", "mergePrevious", "mergeNext", "create", "createBack", "duplicate", "rename",
    "remove",
  ],
  page: ["zoomIn", "zoomOut", "search", "retune", "compound", "export", "help"],
}; // prettier-ignore

/** Chords that belong to browsers: a page that takes them breaks what people rely on. */
const RESERVED = new Set(["Tab", "Shift+Tab", "Escape", "F5", "F11", "F12"]);

/** Whether an action may have a chord. */
export function isFree(chord: string): boolean {
  const withControl = chord.startsWith("Ctrl+") && !["Ctrl+Z", "Ctrl+Shift+Z", "Ctrl+Y"].includes(chord);
  return !RESERVED.has(chord) && !withControl && !chord.includes("Alt+");
}

/** What was pressed, such as `Shift+P`, `Ctrl+Z` or `[`; empty for a modifier alone. */
export function chordOf(event: KeyboardEvent): string {
  if (["Shift", "Control", "Alt", "Meta", "Dead", "Process"].includes(event.key)) return "";
  const key = event.key === " " ? "Space" : event.key.length === 1 ? event.key.toUpperCase() : event.key;
  // The character says already that Shift was held: `?` is Shift+/ on one keyboard and Shift+ß on another.
  const shift = event.shiftKey && (event.key.length > 1 || key !== event.key || /\p{L}/u.test(key));
  const control = event.ctrlKey || event.metaKey;
  return `${control ? "Ctrl+" : ""}${event.altKey ? "Alt+" : ""}${shift ? "Shift+" : ""}${key}`;
}
