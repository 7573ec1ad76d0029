import { expect, test } from "vitest";
import { slotsOf, standIns } from "./filmstrip";

test("slots cover the view without gaps, and none is narrower than a picture", () => {
  for (const view of [
    { start: 0, length: 0.5 },
    { start: 17.3, length: 30 },
    { start: 3000, length: 14_400 },
  ]) {
    const slots = slotsOf(view, 900, 96);
    expect(slots[0]!.time).toBeLessThanOrEqual(view.start);
    expect(slots.at(-1)!.time + slots.at(-1)!.length).toBeGreaterThanOrEqual(view.start + view.length);
    slots.slice(1).forEach((slot, index) => expect(slot.time).toBeCloseTo(slots[index]!.time + slot.length, 9));
    expect((slots[0]!.length / view.length) * 900).toBeGreaterThanOrEqual(96);
  }
});

test("scrolling and zooming keep the instants of the pictures", () => {
  const times = (start: number, length: number) => slotsOf({ start, length }, 900, 96).map(({ time }) => time);
  expect(times(10.5, 30)).toEqual(expect.arrayContaining(times(12, 30).slice(0, -1)));
  const closer = new Set(times(10, 15));
  const wider = times(0, 60).filter((time) => time >= 10 && time < 25);
  expect(wider.every((time) => closer.has(time))).toBe(true);
});

test("a picture that has not come is stood in for by that of a longer slot", () => {
  expect(standIns({ time: 22, length: 2 }, 3)).toEqual([20, 16, 16]);
});
