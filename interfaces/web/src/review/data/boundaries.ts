import type { EventView, SelectionView, WordView } from "../../api/schema";

export type BoundaryKind =
  "cut" | "fade" | "dissolve" | "black" | "freeze" | "pause" | "valley" | "chapter" | "sentence" | "credits" | "word";

/** A place where an edge of a clip may lie. */
export interface Boundary {
  readonly time: number;
  readonly kind: BoundaryKind;
}

/** Where boundaries coincide, the first of these names the place. */
const RANK: readonly BoundaryKind[] = [
  "cut",
  "fade",
  "dissolve",
  "black",
  "freeze",
  "pause",
  "sentence",
  "chapter",
  "credits",
  "valley",
  "word",
];
const SAME_SEC = 0.001;

/** Every place to snap to, by time: cuts, both ends of runs, pauses of the sound, calm of the picture. */
export function boundariesOf(events: readonly EventView[], selection: SelectionView | null): Boundary[] {
  const found: Boundary[] = [];
  for (const event of events) {
    found.push({ time: event.start_sec, kind: event.kind });
    if (event.end_sec !== null) found.push({ time: event.end_sec, kind: event.kind });
  }
  for (const boundary of selection?.boundaries ?? []) {
    if (boundary.kind === "pause" || boundary.kind === "sentence" || boundary.kind === "valley") {
      found.push(
        { time: boundary.starts_at_sec, kind: boundary.kind },
        { time: boundary.ends_at_sec, kind: boundary.kind },
      );
    }
  }
  return inOrder(found);
}

/** Every place for an edge of a clip: boundaries, and where words begin and end. */
export function withWords(boundaries: readonly Boundary[], words: readonly WordView[]): readonly Boundary[] {
  const kind = "word";
  const ends = words.flatMap(({ start_sec, end_sec }) => [
    { time: start_sec, kind } as const,
    { time: end_sec, kind } as const,
  ]);
  return inOrder([...boundaries, ...ends]);
}

/** Sort places by time; of those that coincide the first stays, unless it is a word: words give way. */
function inOrder(found: Boundary[]): Boundary[] {
  found.sort((one, other) => one.time - other.time || RANK.indexOf(one.kind) - RANK.indexOf(other.kind));
  const places: Boundary[] = [];
  for (const one of found) {
    const last = places.at(-1);
    if (!last || one.time - last.time > SAME_SEC) places.push(one);
    else if (last.kind === "word") places[places.length - 1] = one;
  }
  return places;
}

/** Index of the first boundary at or behind an instant. */
function firstFrom(boundaries: readonly Boundary[], time: number): number {
  let low = 0;
  let high = boundaries.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((boundaries[middle]?.time ?? Infinity) < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The boundary nearest to an instant, if one is within `reach` seconds; words count where there is no other. */
export function nearest(boundaries: readonly Boundary[], time: number, reach: number): Boundary | null {
  const near = between(boundaries, time - reach, time + reach + SAME_SEC);
  const costs = ({ kind, time: at }: Boundary) => Math.abs(at - time) + (kind === "word" ? reach + SAME_SEC : 0);
  return near.reduce<Boundary | null>((best, one) => (best && costs(best) <= costs(one) ? best : one), null);
}

/** The next boundary behind an instant (`direction` 1) or before it (-1). */
export function nextBoundary(boundaries: readonly Boundary[], time: number, direction: 1 | -1): Boundary | null {
  if (direction === 1) return boundaries[firstFrom(boundaries, time + SAME_SEC)] ?? null;
  return boundaries[firstFrom(boundaries, time - SAME_SEC) - 1] ?? null;
}

/** The boundaries from `start` to `end`. */
export function between(boundaries: readonly Boundary[], start: number, end: number): readonly Boundary[] {
  return boundaries.slice(firstFrom(boundaries, start), firstFrom(boundaries, end));
}
