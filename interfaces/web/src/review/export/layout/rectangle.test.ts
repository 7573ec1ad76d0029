import { expect, test } from "vitest";
import { moved, readRectangle, resized, writeRectangle } from "./rectangle";

const picture = { width: 1280, height: 720 };
const camera = { left: 960, top: 540, width: 320, height: 180 };

test("a rectangle is written as it is read", () => {
  expect(readRectangle("960,540,320,180")).toEqual(camera);
  expect(writeRectangle(camera)).toBe("960,540,320,180");
  for (const text of ["", "1,2,3", "a,b,c,d", "0,0,0,9"]) expect(readRectangle(text)).toBeNull();
});

test("it never leaves the picture, and never vanishes", () => {
  expect(moved(camera, 50, -10, picture)).toEqual({ ...camera, top: 530 });
  expect(moved(camera, -5000, 0, picture).left).toBe(0);
  expect(resized(camera, { x: -1, y: -1 }, -40, -20, picture)).toEqual({
    left: 920,
    top: 520,
    width: 360,
    height: 200,
  });
  expect(resized(camera, { x: 1, y: 1 }, 40, -20, picture)).toEqual({ ...camera, height: 160 });
  expect(resized(camera, { x: -1, y: 1 }, 5000, -5000, picture)).toEqual({
    left: 1264,
    top: 540,
    width: 16,
    height: 16,
  });
});
