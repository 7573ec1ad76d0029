import type { EventView, SelectionView } from "../../api/schema";

export type BoundaryKind =
  "cut" | "fade" | "dissolve" | "black" | "freeze" | "pause" | "valley" | "chapter" | "sentence" | "credits";

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
  found.sort((one, other) => one.time - other.time || RANK.indexOf(one.kind) - RANK.indexOf(other.kind));
  return found.filter((one, index) => index === 0 || one.time - (found[index - 1]?.time ?? -1) > SAME_SEC);
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

/** The boundary nearest to an instant, if one is within `reach` seconds. */
export function nearest(boundaries: readonly Boundary[], time: number, reach: number): Boundary | null {
  const index = firstFrom(boundaries, time);
  const near = [boundaries[index - 1], boundaries[index]].filter((one): one is Boundary => one !== undefined);
  near.sort((one, other) => Math.abs(one.time - time) - Math.abs(other.time - time));
  return near[0] && Math.abs(near[0].time - time) <= reach ? near[0] : null;
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
