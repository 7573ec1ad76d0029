import { expect, test } from "vitest";
import { including, marks, timeAt, within, xOf, zoomed } from "./scale";

const hour = { start: 0, length: 3600 };

test("times and places are each other's inverse", () => {
  const view = { start: 12.5, length: 30 };
  for (const time of [12.5, 20, 42.5]) expect(timeAt(xOf(time, view, 937), view, 937)).toBeCloseTo(time, 9);
});

test("zooming keeps the instant under the pointer where it is", () => {
  const closer = zoomed(hour, 0.5, 900, 3600);
  expect(xOf(900, closer, 1000)).toBeCloseTo(xOf(900, hour, 1000), 9);
  expect(closer.length).toBe(1800);
});

test("a view never leaves the video, however it is zoomed or moved", () => {
  for (const view of [
    { start: -5, length: 10 },
    { start: 3599, length: 10 },
    { start: 5, length: 1e6 },
  ]) {
    const inside = within(view, 3600);
    expect(inside.start).toBeGreaterThanOrEqual(0);
    expect(inside.start + inside.length).toBeLessThanOrEqual(3600);
  }
  expect(zoomed(hour, 4, 100, 3600)).toEqual(hour);
  expect(zoomed(hour, 1e-9, 100, 3600).length).toBe(0.5);
});

test("a view follows an instant that leaves it and stays otherwise", () => {
  const view = { start: 100, length: 50 };
  expect(including(view, 120, 3600)).toBe(view);
  const moved = including(view, 200, 3600);
  expect(moved.start).toBeLessThan(200);
  expect(moved.start + moved.length).toBeGreaterThan(200);
});

test("marks are round and far enough apart", () => {
  const { step, times } = marks({ start: 7, length: 600 }, 800);
  expect((step / 600) * 800).toBeGreaterThanOrEqual(84);
  for (const time of times) expect(time % step).toBeCloseTo(0, 9);
});
