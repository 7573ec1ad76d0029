import type { View } from "./scale";

/** The place of a picture in a filmstrip: it shows the frame at `time`, and reaches to `time + length`. */
export interface Slot {
  readonly time: number;
  readonly length: number;
}

/**
 * The slots that a view shows. Their length is a power of two of seconds, so that the pictures of a view are found again
 * when it is scrolled or zoomed.
 */
export function slotsOf(view: View, width: number, across: number): Slot[] {
  const length = slotLength(view, width, across);
  const first = Math.floor(Math.max(0, view.start) / length);
  const last = Math.ceil((view.start + view.length) / length);
  return Array.from({ length: Math.max(1, last - first) }, (_, index) => ({ time: (first + index) * length, length }));
}

/** The length of a slot that is at least as wide as a picture, in seconds. */
export function slotLength(view: View, width: number, across: number): number {
  return 2 ** Math.ceil(Math.log2((view.length * across) / width));
}

/** The instants whose pictures may stand in for that of a slot: those of longer slots it lies in. */
export function standIns(slot: Slot, count: number): number[] {
  return Array.from({ length: count }, (_, level) => {
    const length = slot.length * 2 ** (level + 1);
    return Math.floor(slot.time / length) * length;
  });
}
