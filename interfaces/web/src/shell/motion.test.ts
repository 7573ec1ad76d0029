import { expect, test } from "vitest";

const sources = import.meta.glob<string>(["../**/*.{ts,svelte}", "!../**/*.test.ts"], {
  query: "?raw",
  import: "default",
  eager: true,
});

test("nothing moves by script: the style sheet alone decides, and stops all motion for those who ask for that", () => {
  const moving = /scrollIntoView|smooth|\.animate\(|svelte\/(transition|animate|motion)/;
  expect(Object.keys(sources).length).toBeGreaterThan(80);
  expect(Object.keys(sources).filter((path) => moving.test(sources[path] ?? ""))).toEqual([]);
});
