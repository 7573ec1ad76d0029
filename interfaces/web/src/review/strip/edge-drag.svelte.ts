import type { ClipView } from "../../api/schema";
import { type Boundary, nearest, nextBoundary } from "../data/boundaries";

export type Edge = "start" | "end";
export const SHORTEST_CLIP_SEC = 0.2;
const REACH_PX = 12;

/** An edge on its way: where it would be let go, and what it has snapped to. */
export interface Draft {
  readonly edge: Edge;
  readonly time: number;
  readonly snapped: Boundary | null;
}

/** An edge dragged to an instant: snapped to a boundary that is near, unless it is to be free. */
export function draftAt(
  clip: Pick<ClipView, "start" | "end">,
  edge: Edge,
  time: number,
  options: { boundaries: readonly Boundary[]; secondsPerPixel: number; free: boolean; duration: number },
): Draft {
  const allowed = (at: number) =>
    edge === "start"
      ? Math.min(Math.max(0, at), clip.end - SHORTEST_CLIP_SEC)
      : Math.max(Math.min(options.duration, at), clip.start + SHORTEST_CLIP_SEC);
  const snapped = options.free ? null : nearest(options.boundaries, time, REACH_PX * options.secondsPerPixel);
  if (snapped && allowed(snapped.time) === snapped.time) return { edge, time: snapped.time, snapped };
  return { edge, time: allowed(time), snapped: null };
}

/** An edge sent to the next boundary, or moved by a step where that is asked for. */
export function movedEdge(
  clip: Pick<ClipView, "start" | "end">,
  edge: Edge,
  move: { to: "boundary"; direction: 1 | -1 } | { to: "step"; seconds: number },
  options: { boundaries: readonly Boundary[]; duration: number },
): Draft {
  const from = clip[edge];
  const target =
    move.to === "step" ? from + move.seconds : (nextBoundary(options.boundaries, from, move.direction)?.time ?? from);
  const draft = draftAt(clip, edge, target, { ...options, secondsPerPixel: 0, free: move.to === "step" });
  return draft;
}
