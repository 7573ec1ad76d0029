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
