import type { EventView, Peaks } from "../../api/schema";
import { clock } from "../../shell/format";
import type { Colors } from "../../shell/colors";
import type { Boundary } from "../data/boundaries";
import { marks, type View, xOf } from "../data/scale";

export const PICTURES_HEIGHT = 54;
const AXIS_HEIGHT = 18;
const BOUNDARY_HEIGHT = 12;

/** Everything the strip shows of a part of the video. */
export interface StripScene {
  readonly view: View;
  readonly width: number;
  readonly height: number;
  readonly colors: Colors;
  readonly peaks: Peaks | null;
  readonly events: readonly EventView[];
  readonly boundaries: readonly Boundary[];
  readonly pictures: readonly { time: number; picture: ImageBitmap | null }[];
  readonly start: number;
  readonly end: number;
}

export function drawStrip(context: CanvasRenderingContext2D, scene: StripScene): void {
  drawPictures(context, scene);
  drawRuns(context, scene);
  drawWave(context, scene);
  drawBoundaries(context, scene);
  drawOutside(context, scene);
  drawAxis(context, scene);
}

/** The instants whose pictures a strip shows, one for each picture that finds room. */
export function pictureTimes(view: View, width: number, aspect: number): number[] {
  const across = Math.max(40, PICTURES_HEIGHT * aspect);
  const count = Math.max(1, Math.ceil(width / across));
  const step = (view.length * across) / width;
  return Array.from({ length: count }, (_, index) => Math.max(0, view.start + (index + 0.5) * step));
}

function drawPictures(context: CanvasRenderingContext2D, scene: StripScene): void {
  const across = scene.pictures.length > 0 ? scene.width / Math.max(1, scene.pictures.length) : scene.width;
  context.fillStyle = scene.colors.sunken;
  context.fillRect(0, 0, scene.width, PICTURES_HEIGHT);
  scene.pictures.forEach(({ picture }, index) => {
    if (!picture) return;
    const scale = Math.max(across / picture.width, PICTURES_HEIGHT / picture.height);
    const [width, height] = [across / scale, PICTURES_HEIGHT / scale];
    const [left, top] = [(picture.width - width) / 2, (picture.height - height) / 2];
    context.drawImage(picture, left, top, width, height, index * across, 0, across, PICTURES_HEIGHT);
  });
}

/** Black and frozen runs, fades and dissolves, behind the waveform. */
function drawRuns(context: CanvasRenderingContext2D, scene: StripScene): void {
  const { view, width, colors } = scene;
  const hues: Partial<Record<EventView["kind"], string>> = {
    black: colors.black,
    freeze: colors.freeze,
    fade: colors.fade,
    dissolve: colors.dissolve,
  };
  context.globalAlpha = 0.3;
  for (const { kind, start_sec, end_sec } of scene.events) {
    const hue = hues[kind];
    if (!hue || end_sec === null || end_sec < view.start || start_sec > view.start + view.length) continue;
    const left = xOf(start_sec, view, width);
    context.fillStyle = hue;
    context.fillRect(left, PICTURES_HEIGHT, Math.max(1, xOf(end_sec, view, width) - left), waveHeight(scene));
  }
  context.globalAlpha = 1;
}

function waveHeight(scene: StripScene): number {
  return scene.height - PICTURES_HEIGHT - AXIS_HEIGHT - BOUNDARY_HEIGHT;
}

function drawWave(context: CanvasRenderingContext2D, scene: StripScene): void {
  const { peaks, view, width } = scene;
  if (!peaks?.audible) return;
  const height = waveHeight(scene);
  const middle = PICTURES_HEIGHT + height / 2;
  const loudest = Math.max(0.05, ...peaks.peaks.map((peak) => peak ?? 0));
  context.fillStyle = scene.colors.loudness;
  context.beginPath();
  const step = Math.max(1, (peaks.step_sec / view.length) * width);
  peaks.peaks.forEach((peak, index) => {
    const x = xOf(peaks.start + index * peaks.step_sec, view, width);
    if (x < -step || x > width) return;
    const half = Math.max(0.5, ((peak ?? 0) / loudest) ** 0.7 * (height / 2 - 2));
    context.rect(x, middle - half, step > 2 ? step - 1 : step, 2 * half);
  });
  context.fill();
}

/** Marks below the waveform, one kind of place each: where edges snap to. */
function drawBoundaries(context: CanvasRenderingContext2D, scene: StripScene): void {
  const { view, width, colors } = scene;
  const top = PICTURES_HEIGHT + waveHeight(scene);
  for (const { time, kind } of scene.boundaries) {
    const x = Math.round(xOf(time, view, width));
    if (kind === "cut") {
      context.fillStyle = colors.ink;
      context.fillRect(x, PICTURES_HEIGHT, 1, waveHeight(scene) + BOUNDARY_HEIGHT);
    } else {
      context.fillStyle =
        kind === "pause" || kind === "sentence" ? colors.loudness : kind === "valley" ? colors.motion : colors.fade;
      context.fillRect(x - 1, top + 3, 2, BOUNDARY_HEIGHT - 4);
    }
  }
}

/** What is not in the clip is dimmed. */
function drawOutside(context: CanvasRenderingContext2D, scene: StripScene): void {
  const left = Math.min(Math.max(0, xOf(scene.start, scene.view, scene.width)), scene.width);
  const right = Math.min(Math.max(0, xOf(scene.end, scene.view, scene.width)), scene.width);
  context.fillStyle = scene.colors.surface;
  context.globalAlpha = 0.62;
  context.fillRect(0, 0, left, scene.height - AXIS_HEIGHT);
  context.fillRect(right, 0, scene.width - right, scene.height - AXIS_HEIGHT);
  context.globalAlpha = 1;
  context.fillStyle = scene.colors.accent;
  context.fillRect(left, 0, right - left, 2);
  context.fillRect(left, scene.height - AXIS_HEIGHT - 2, right - left, 2);
}

export function drawAxis(
  context: CanvasRenderingContext2D,
  { view, width, height, colors }: Pick<StripScene, "view" | "width" | "height" | "colors">,
): void {
  const { step, times } = marks(view, width);
  context.fillStyle = colors.muted;
  context.font = "11.5px system-ui, sans-serif";
  context.textBaseline = "bottom";
  for (const time of times) {
    const x = xOf(time, view, width);
    if (x > width - 30) continue;
    context.fillRect(Math.round(x), height - AXIS_HEIGHT, 1, 5);
    context.fillText(clock(time, step < 1 ? 1 : 0), x + 4, height - 1);
  }
}
