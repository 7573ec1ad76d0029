import type { ClipView, DroppedView } from "../../api/schema";
import type { Review } from "../data/review.svelte";

const MOST_DROPPED = 3;

/** What lies under the pointer; in the bars a little beside a clip counts, too. */
export function whatIsAt(
  time: number,
  inBars: boolean,
  reach: number,
  review: Review,
): { clip: ClipView | null; dropped: readonly DroppedView[] } {
  const around = inBars ? reach : 0;
  const holds = ({ start, end }: { start: number; end: number }) => start - around <= time && time < end + around;
  const clips = review.store.clips.filter(holds);
  const clip = clips.find(({ id }) => id !== review.currentId) ?? clips[0] ?? null;
  const dropped = review.analysis.selection?.dropped.filter(holds) ?? [];
  return { clip, dropped: clip ? [] : dropped.slice(0, MOST_DROPPED) };
}

/** An instant that lies closer to another counts as the same: seeks go a little into a frame. */
const SAME_SEC = 0.05;

/** The dropped candidates that begin next after an instant, or before it: several may begin at once. */
export function droppedBeside(
  dropped: readonly DroppedView[],
  time: number,
  direction: 1 | -1,
): readonly DroppedView[] {
  const beside = dropped.filter(({ start }) => direction * (start - time) > SAME_SEC);
  const nearest = direction * Math.min(...beside.map(({ start }) => direction * start));
  return beside.filter(({ start }) => Math.abs(start - nearest) <= SAME_SEC).slice(0, MOST_DROPPED);
}
