import { expect, test } from "vitest";
import { germanReasons, germanStages } from "./german-phrases";
import { inPhrases } from "./phrases";
import plan from "../../../../flows/analysis.py?raw";
import pipeline from "../../../../autoclip/selection/pipeline.py?raw";
import reasons from "../../../../autoclip/selection/reasons.py?raw";

const german = (text: string) => inPhrases(text, /^\w+$|^\w+: \S/.test(text) ? germanStages : germanReasons);

test.each([
  [
    "loudest 3 s of the last 10 minutes, with fast motion; starts on a cut, ends once it calms down",
    "lauteste 3 s der letzten 10 Minuten, mit schneller Bewegung; beginnt auf einem Schnitt, endet, sobald es ruhiger wird",
  ],
  [
    "“He ends on a cut” and goes; 4 dB louder than usual and the picture moves 2.0 times as fast as usual",
    "“He ends on a cut” and goes; 4 dB lauter als sonst und das Bild bewegt sich 2,0-mal so schnell wie sonst",
  ],
  ["fastest 3 s for the next minute, replayed", "schnellste 3 s der nächsten Minute, replayed"],
  ["fast action in quick cuts (12 in 20 s)", "schnelle Szene in raschen Schnitten (12 in 20 s)"],
  ["extract: 12.5x real time, 30 s left", "Messen: 12,5× Echtzeit, noch 30 s"],
  ["look: ends on a cut and extract.mp4", "Ansehen: ends on a cut and extract.mp4"],
  ["export: 0 of 1 clips", "Exportieren: 0 von 1 Clips"],
  ["thumbnails: 3 of 9", "Vorschaubilder: 3 von 9"],
])("%s", (english, expected) => {
  expect(german(english)).toBe(expected);
});

test("every edge, kind and stage that the server can tell has its German", () => {
  const words = /"((?:starts|ends|continues|runs|start set|end set|chosen|a loud|fast action|sound after) [^"]+)"/g;
  const told = [...(reasons + pipeline).matchAll(words), ...plan.matchAll(/"(\w+)": [\d.]+/g)].map((found) => found[1]);
  expect(told.length).toBeGreaterThan(30);
  expect(told.filter((phrase = "") => german(phrase) === phrase)).toEqual([]);
});
