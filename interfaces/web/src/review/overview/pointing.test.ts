import { expect, test } from "vitest";
import type { DroppedView } from "../../api/schema";
import { droppedBeside } from "./pointing";

const at = (start: number, reason: string) => ({ start, end: start + 5, reason }) as DroppedView;
const dropped = [at(30, "short"), at(10, "low"), at(30.02, "overlaps"), at(50, "late")];
const reasons = (time: number, direction: 1 | -1) => droppedBeside(dropped, time, direction).map((one) => one.reason);

test("the next dropped candidates are those that begin soonest, whatever their order", () => {
  expect(reasons(0, 1)).toEqual(["low"]);
  expect(reasons(10.001, 1)).toEqual(["short", "overlaps"]);
  expect(reasons(30.001, 1)).toEqual(["late"]);
  expect(reasons(50.001, 1)).toEqual([]);
});

test("backward it is the ones that begin last before the instant", () => {
  expect(reasons(60, -1)).toEqual(["late"]);
  expect(reasons(50.001, -1)).toEqual(["short", "overlaps"]);
  expect(reasons(10.001, -1)).toEqual([]);
});
