import { expect, test, vi } from "vitest";
import { bytes, clock, duration } from "./format";

test("a clock carries over where it rounds up", () => {
  expect(clock(59.996, 2)).toBe("1:00.00");
  expect(clock(3599.6)).toBe("1:00:00");
  expect(clock(0)).toBe("0:00");
  expect(clock(3725.25, 2)).toBe("1:02:05.25");
});

test("decimals are written as the language of the page does", () => {
  vi.stubGlobal("document", { documentElement: { lang: "de" } });
  expect([clock(1369.46, 2), clock(59.996, 2), duration(8.42)]).toEqual(["22:49,46", "1:00,00", "8,4 s"]);
  vi.unstubAllGlobals();
});

test("short lengths are seconds, longer ones a clock", () => {
  expect(duration(8.42)).toBe("8.4 s");
  expect(duration(59.96)).toBe("1:00");
  expect(duration(61)).toBe("1:01");
});

test("sizes are written in the largest unit that is at least one", () => {
  expect(bytes(0)).toBe("0 B");
  expect(bytes(999)).toBe("999 B");
  expect(bytes(1_500)).toBe("2 kB");
  expect(bytes(2_340_000_000)).toBe("2.3 GB");
});
