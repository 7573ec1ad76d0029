/** A part of the picture, in pixels of the video as it is shown. */
export interface Rectangle {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

export interface Size {
  readonly width: number;
  readonly height: number;
}

/** Which side moves with the pointer, on each axis: -1 is left or top, 1 is right or bottom. */
export interface Corner {
  readonly x: -1 | 1;
  readonly y: -1 | 1;
}

/** Smallest side of a rectangle, in pixels. */
const SMALLEST = 16;

/** Read the setting `facecam`: left,top,width,height; null where it is empty or none. */
export function readRectangle(text: string): Rectangle | null {
  const numbers = text.split(",").map(Number);
  const [left, top, width, height] = numbers;
  if (numbers.length !== 4 || left === undefined || top === undefined || !width || !height) return null;
  return numbers.every(Number.isFinite) ? { left, top, width, height } : null;
}

export function writeRectangle({ left, top, width, height }: Rectangle): string {
  return [left, top, width, height].map(Math.round).join(",");
}

/** The same rectangle elsewhere, as far as the picture goes. */
export function moved(from: Rectangle, x: number, y: number, within: Size): Rectangle {
  const left = clamp(Math.round(from.left + x), 0, within.width - from.width);
  const top = clamp(Math.round(from.top + y), 0, within.height - from.height);
  return { ...from, left, top };
}

/** The rectangle with one of its corners elsewhere; the opposite one stays. */
export function resized(from: Rectangle, corner: Corner, x: number, y: number, within: Size): Rectangle {
  const [left, width] = side(from.left, from.width, corner.x, x, within.width);
  const [top, height] = side(from.top, from.height, corner.y, y, within.height);
  return { left, top, width, height };
}

function side(start: number, length: number, direction: -1 | 1, distance: number, limit: number): [number, number] {
  const end = start + length;
  if (direction > 0) return [start, clamp(Math.round(end + distance), start + SMALLEST, limit) - start];
  const first = clamp(Math.round(start + distance), 0, end - SMALLEST);
  return [first, end - first];
}

const clamp = (value: number, low: number, high: number) => Math.min(Math.max(value, low), Math.max(low, high));
