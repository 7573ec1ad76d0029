import { expect, test } from "vitest";
import type { Boundary } from "../data/boundaries";
import { draftAt, movedEdge } from "./edge-drag.svelte";

const boundaries: Boundary[] = [
  { time: 8, kind: "cut" },
  { time: 12.04, kind: "cut" },
  { time: 19.9, kind: "pause" },
];
const clip = { start: 10, end: 20 };
const options = { boundaries, secondsPerPixel: 0.02, free: false, duration: 60 };

test("an edge let go near a cut lies exactly on it, and says so", () => {
  expect(draftAt(clip, "start", 12.2, options)).toEqual({ edge: "start", time: 12.04, snapped: boundaries[1] });
  expect(draftAt(clip, "start", 12.4, options)).toEqual({ edge: "start", time: 12.4, snapped: null });
});

test("a free edge lies where it was let go", () => {
  expect(draftAt(clip, "start", 12.05, { ...options, free: true })).toEqual({
    edge: "start",
    time: 12.05,
    snapped: null,
  });
});

test("edges may leave the candidate, but neither pass each other nor the video", () => {
  expect(draftAt(clip, "start", 2, options).time).toBe(2);
  expect(draftAt(clip, "start", 25, options).time).toBeCloseTo(19.8);
  expect(draftAt(clip, "end", 99, options).time).toBe(60);
  expect(draftAt(clip, "end", 1, options).time).toBeCloseTo(10.2);
  expect(draftAt(clip, "start", 19.9, options).snapped).toBeNull();
});

test("keys send an edge to the next boundary on either side", () => {
  expect(movedEdge(clip, "start", { to: "boundary", direction: 1 }, options).time).toBe(12.04);
  expect(movedEdge(clip, "start", { to: "boundary", direction: -1 }, options).time).toBe(8);
  expect(movedEdge(clip, "end", { to: "boundary", direction: 1 }, options).time).toBe(20);
  expect(movedEdge(clip, "end", { to: "step", seconds: 0.04 }, options).time).toBeCloseTo(20.04);
});
