import { expect, test } from "vitest";
import type { ClipView } from "../../api/schema";
import { previewName } from "./file-name";

const clip = { id: "a1", name: "Goal: 1/2", start: 61.4, end: 70, duration: 8.6, quality_score: 0.5 } as ClipView;

test("a template is filled, padded and cleaned; what it does not know stays", () => {
  expect(previewName("{project}-{index:03}-{name}", clip, 7, "Final")).toBe("Final-007-Goal_ 1_2.mp4");
  expect(previewName("{start}_{duration}_{quality}", clip, 1, "Final")).toBe("61_9_0.50.mp4");
  expect(previewName("{nonsense}", clip, 1, "Final")).toBe("{nonsense}.mp4");
});
