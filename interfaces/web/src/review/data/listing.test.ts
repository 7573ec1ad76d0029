import { expect, test } from "vitest";
import type { ClipView } from "../../api/schema";
import { countsOf, fillTo, listed, NO_FILTERS, undecidedAfter, type Verdict } from "./listing";

function clip(id: string, score: number, duration: number, verdict: Verdict = "undecided"): ClipView {
  const fields = {
    id,
    name: `Clip ${id}`,
    reason: "loud",
    quality_score: score,
    score: 100 * score,
    duration,
    verdict,
    start: Number(id),
  };
  return fields as ClipView;
}

const clips = [clip("1", 0.5, 10), clip("2", 0.9, 30, "kept"), clip("3", 0.7, 20), clip("4", 0.6, 5, "rejected")];
const ids = (some: ClipView[]) => some.map(({ id }) => id).join("");

test("clips are filtered and ordered", () => {
  expect(ids(listed(clips, NO_FILTERS, "score"))).toBe("2341");
  expect(ids(listed(clips, NO_FILTERS, "length"))).toBe("2314");
  expect(ids(listed(clips, { ...NO_FILTERS, verdict: "undecided" }, "time"))).toBe("13");
  expect(ids(listed(clips, { ...NO_FILTERS, text: " CLIP 4" }, "time"))).toBe("4");
  expect(ids(listed(clips, { ...NO_FILTERS, text: "Laut" }, "time", () => "laut"))).toBe("1234");
  expect(ids(listed(clips, { ...NO_FILTERS, minLength: 10, maxLength: 20 }, "time"))).toBe("13");
});

test("deciding goes on behind the current clip and comes back to what was passed over", () => {
  const list = listed(clips, NO_FILTERS, "time");
  expect(ids(undecidedAfter(list, "1"))).toBe("3");
  expect(ids(undecidedAfter(list, "3"))).toBe("1");
  expect(ids(undecidedAfter(list, "4"))).toBe("13");
  expect(ids(undecidedAfter(list, null))).toBe("13");
});

test("filling takes the best that still fit, beside what is kept", () => {
  expect(ids(fillTo(clips, 55))).toBe("3");
  expect(ids(fillTo(clips, 45))).toBe("1");
  expect(ids(fillTo(clips, 20))).toBe("");
  expect(countsOf(clips)).toEqual({ kept: 1, rejected: 1, undecided: 2, keptSec: 30 });
});
