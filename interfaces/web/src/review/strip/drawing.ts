import type { EventView, WordView } from "../../api/schema";
import type { Boundary } from "../data/boundaries";
import type { WavePart } from "../data/waveform.svelte";
import { AXIS_HEIGHT, drawAxis, type Scene } from "../timeline/axis";
import type { Slot } from "../timeline/filmstrip";
import { xOf } from "../timeline/scale";

export const PICTURES_HEIGHT = 54;
const BOUNDARY_HEIGHT = 12;
const WORDS_HEIGHT = 17;
const WORD_GAP_PX = 3;

/** Everything the strip shows of a part of the video. */
export interface StripScene extends Scene {
  readonly wave: readonly WavePart[];
  readonly loudest: number;
  readonly events: readonly EventView[];
  readonly boundaries: readonly Boundary[];
  readonly words: readonly WordView[];
  readonly pictures: readonly { slot: Slot; picture: ImageBitmap | null }[];
  readonly start: number;
  readonly end: number;
}

export function drawStrip(context: CanvasRenderingContext2D, scene: StripScene): void {
  drawPictures(context, scene);
  drawRuns(context, scene);
  for (const part of scene.wave) drawWave(context, scene, part);
  drawWords(context, scene);
  drawBoundaries(context, scene);
  drawOutside(context, scene);
  drawAxis(context, scene);
}

/** Each picture fills its slot from the left; where the slot is wider, its edges are cut off above and below. */
function drawPictures(context: CanvasRenderingContext2D, scene: StripScene): void {
  context.fillStyle = scene.colors.sunken;
  context.fillRect(0, 0, scene.width, PICTURES_HEIGHT);
  for (const { slot, picture } of scene.pictures) {
    if (!picture) continue;
    const left = xOf(slot.time, scene.view, scene.width);
    const across = (slot.length / scene.view.length) * scene.width;
    const scale = Math.max(across / picture.width, PICTURES_HEIGHT / picture.height);
    const [width, height] = [across / scale, PICTURES_HEIGHT / scale];
    const [x, y] = [(picture.width - width) / 2, (picture.height - height) / 2];
    context.drawImage(picture, x, y, width, height, left, 0, across, PICTURES_HEIGHT);
  }
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
  return scene.height - PICTURES_HEIGHT - AXIS_HEIGHT - BOUNDARY_HEIGHT - wordsHeight(scene);
}

function wordsHeight(scene: StripScene): number {
  return scene.words.length > 0 ? WORDS_HEIGHT : 0;
}

function drawWave(context: CanvasRenderingContext2D, scene: StripScene, { peaks, start, end }: WavePart): void {
  const { view, width } = scene;
  const height = waveHeight(scene);
  const middle = PICTURES_HEIGHT + height / 2;
  const step = Math.max(1, (peaks.step_sec / view.length) * width);
  const first = Math.max(0, Math.floor((Math.max(start, view.start) - peaks.start) / peaks.step_sec));
  const last = Math.ceil((Math.min(end, view.start + view.length) - peaks.start) / peaks.step_sec);
  context.fillStyle = scene.colors.loudness;
  for (let index = first; index < Math.min(last, peaks.peaks.length); index += 1) {
    const x = xOf(peaks.start + index * peaks.step_sec, view, width);
    const half = Math.max(0.5, ((peaks.peaks[index] ?? 0) / scene.loudest) ** 0.7 * (height / 2 - 2));
    context.fillRect(x, middle - half, step > 2 ? step - 1 : step, 2 * half);
  }
}

/** What is said: words where there is room for them, else bars. */
function drawWords(context: CanvasRenderingContext2D, scene: StripScene): void {
  const top = PICTURES_HEIGHT + waveHeight(scene);
  context.font = "11.5px system-ui, sans-serif";
  context.textBaseline = "middle";
  for (const { start_sec, end_sec, text } of scene.words) {
    const left = xOf(start_sec, scene.view, scene.width);
    const across = Math.max(1, xOf(end_sec, scene.view, scene.width) - left);
    context.fillStyle = scene.colors.speech;
    context.globalAlpha = 0.28;
    context.fillRect(left, top + 1, Math.max(1, across - 1), WORDS_HEIGHT - 2);
    context.globalAlpha = 1;
    if (context.measureText(text).width > across - WORD_GAP_PX) continue;
    context.fillStyle = scene.colors.ink;
    context.fillText(text, left + WORD_GAP_PX, top + WORDS_HEIGHT / 2);
  }
}

/** Marks below the waveform, one kind of place each: where edges snap to. */
function drawBoundaries(context: CanvasRenderingContext2D, scene: StripScene): void {
  const { view, width, colors } = scene;
  const top = PICTURES_HEIGHT + waveHeight(scene) + wordsHeight(scene);
  for (const { time, kind } of scene.boundaries) {
    const x = Math.round(xOf(time, view, width));
    if (kind === "cut") {
      context.fillStyle = colors.ink;
      context.fillRect(x, PICTURES_HEIGHT, 1, top - PICTURES_HEIGHT + BOUNDARY_HEIGHT);
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
