import { expect, test } from "vitest";
import { between, boundariesOf, nearest, nextBoundary, withWords } from "./boundaries";

const events = [
  { kind: "cut" as const, start_sec: 10, end_sec: null, score: 1 },
  { kind: "black" as const, start_sec: 20, end_sec: 22, score: 1 },
  { kind: "fade" as const, start_sec: 22.0004, end_sec: 23, score: 1 },
];

test("both ends of a run are boundaries; where two coincide the surer kind names the place", () => {
  const found = boundariesOf(events, null);
  expect(found.map(({ time, kind }) => [time, kind])).toEqual([
    [10, "cut"],
    [20, "black"],
    [22, "black"],
    [23, "fade"],
  ]);
});

test("the nearest boundary is found within reach only, on either side", () => {
  const found = boundariesOf(events, null);
  expect(nearest(found, 9.9, 0.2)?.time).toBe(10);
  expect(nearest(found, 10.1, 0.2)?.time).toBe(10);
  expect(nearest(found, 15, 0.2)).toBeNull();
  expect(nearest(found, 1e9, 1)).toBeNull();
  expect(nearest([], 1, 10)).toBeNull();
});

test("a word is snapped to where no other boundary is within reach", () => {
  const words = [
    { start_sec: 9.9, end_sec: 10.5, text: "What", confidence: 1 },
    { start_sec: 10.5, end_sec: 10.8, text: "a", confidence: 1 },
    { start_sec: 19.9996, end_sec: 25, text: "mess", confidence: 1 },
  ];
  const found = withWords(boundariesOf(events, null), words);
  expect(found.slice(0, 5).map(({ time, kind }) => [time, kind])).toEqual([
    [9.9, "word"],
    [10, "cut"],
    [10.5, "word"],
    [10.8, "word"],
    [20, "black"], // a word ends or begins there, too
  ]);
  expect(nearest(found, 9.91, 0.2)?.kind).toBe("cut");
  expect(nearest(found, 10.4, 0.2)?.time).toBe(10.5);
});

test("stepping from a boundary leads to its neighbor, never to itself", () => {
  const found = boundariesOf(events, null);
  expect(nextBoundary(found, 10, 1)?.time).toBe(20);
  expect(nextBoundary(found, 10, -1)).toBeNull();
  expect(nextBoundary(found, 20, -1)?.time).toBe(10);
  expect(nextBoundary(found, 23, 1)).toBeNull();
  expect(between(found, 10, 22).map(({ time }) => time)).toEqual([10, 20]);
});
