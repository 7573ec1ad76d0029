import type { ClipView } from "../../api/schema";

export type Verdict = ClipView["verdict"];
export type Sorting = "score" | "time" | "length" | "name";

export interface Filters {
  readonly verdict: Verdict | "all";
  readonly text: string;
  readonly minScore: number;
  readonly minLength: number;
  readonly maxLength: number;
}

export const NO_FILTERS: Filters = { verdict: "all", text: "", minScore: 0, minLength: 0, maxLength: Infinity };

const ORDER: Record<Sorting, (one: ClipView, other: ClipView) => number> = {
  score: (one, other) => other.quality_score - one.quality_score || one.start - other.start,
  time: (one, other) => one.start - other.start,
  length: (one, other) => other.duration - one.duration || one.start - other.start,
  name: (one, other) => one.name.localeCompare(other.name, undefined, { numeric: true }),
};

/** The clips that pass the filters, in order; reasons are searched as they are shown. */
export function listed(
  clips: readonly ClipView[],
  filters: Filters,
  sorting: Sorting,
  shown: (reason: string) => string = (reason) => reason,
): ClipView[] {
  const text = filters.text.trim().toLocaleLowerCase();
  const passes = (clip: ClipView) =>
    (filters.verdict === "all" || clip.verdict === filters.verdict) &&
    clip.score >= filters.minScore &&
    clip.duration >= filters.minLength &&
    clip.duration <= filters.maxLength &&
    (!text || `${clip.name} ${shown(clip.reason)}`.toLocaleLowerCase().includes(text));
  return clips.filter(passes).sort(ORDER[sorting]);
}

/** The undecided clips that come after one in a list, then those before it: the order in which they are decided. */
export function undecidedAfter(list: readonly ClipView[], current: string | null): ClipView[] {
  const place = list.findIndex((clip) => clip.id === current);
  return [...list.slice(place + 1), ...list.slice(0, Math.max(0, place))].filter(
    (clip) => clip.verdict === "undecided",
  );
}

export interface Counts {
  readonly kept: number;
  readonly rejected: number;
  readonly undecided: number;
  readonly keptSec: number;
}

export function countsOf(clips: readonly ClipView[]): Counts {
  const of = (verdict: Verdict) => clips.filter((clip) => clip.verdict === verdict);
  return {
    kept: of("kept").length,
    rejected: of("rejected").length,
    undecided: of("undecided").length,
    keptSec: of("kept").reduce((sum, clip) => sum + clip.duration, 0),
  };
}

/** The best undecided clips that fill what is kept up to a length; one that is too long is passed over. */
export function fillTo(clips: readonly ClipView[], seconds: number): ClipView[] {
  let room = seconds - countsOf(clips).keptSec;
  return listed(clips, { ...NO_FILTERS, verdict: "undecided" }, "score").filter((clip) => {
    if (clip.duration > room) return false;
    room -= clip.duration;
    return true;
  });
}
