import type { ClipView, DroppedView, SelectionView } from "../../api/schema";
import type { Speech } from "../data/transcript.svelte";
import { AXIS_HEIGHT, drawAxis, type Scene } from "../timeline/axis";
import { xOf } from "../timeline/scale";
import type { Lane } from "./lanes";

export const BARS_HEIGHT = 24;
const SPEECH_HEIGHT = 7;

export interface OverviewScene extends Scene {
  readonly lanes: readonly Lane[];
  readonly speech: readonly Speech[];
  readonly clips: readonly ClipView[];
  readonly dropped: readonly DroppedView[];
  readonly anchors: SelectionView["anchors"];
  readonly cuts: readonly number[];
  readonly currentId: string | null;
}

export const LETTERS: Record<ClipView["verdict"], string> = { kept: "K", rejected: "X", undecided: "U" };
/** Bars that are narrower have no room for a letter. */
const LETTER_PX = 13;
/** Height of such a bar as a share: verdicts are told apart without colors, too. */
const SHARES: Readonly<Record<ClipView["verdict"], number>> = { kept: 1, undecided: 0.65, rejected: 0.3 };

export function drawOverview(context: CanvasRenderingContext2D, scene: OverviewScene): void {
  const room = scene.height - BARS_HEIGHT - AXIS_HEIGHT;
  const spoken = scene.speech.length > 0 ? SPEECH_HEIGHT : 0;
  const lane = (room - spoken) / Math.max(1, scene.lanes.length);
  drawCuts(context, scene, room);
  scene.lanes.forEach((one, index) => drawLane(context, scene, one, BARS_HEIGHT + index * lane, lane));
  drawSpeech(context, scene, BARS_HEIGHT + room - spoken);
  drawAnchors(context, scene, lane);
  drawDropped(context, scene);
  for (const clip of scene.clips) if (clip.id !== scene.currentId) drawClip(context, scene, clip, room);
  const current = scene.clips.find((clip) => clip.id === scene.currentId);
  if (current) drawClip(context, scene, current, room);
  drawAxis(context, scene);
}

/** Where somebody speaks; stretches that are closer than a pixel become one. */
function drawSpeech(context: CanvasRenderingContext2D, scene: OverviewScene, top: number): void {
  context.fillStyle = scene.colors.speech;
  let drawnTo = -1;
  for (const { start, end } of scene.speech) {
    const left = Math.max(drawnTo, Math.floor(xOf(start, scene.view, scene.width)));
    const right = Math.ceil(xOf(end, scene.view, scene.width));
    if (right <= left || right < 0) continue;
    if (left > scene.width) return;
    context.fillRect(left, top + 1, right - left, SPEECH_HEIGHT - 3);
    drawnTo = right;
  }
}

function drawLane(
  context: CanvasRenderingContext2D,
  scene: OverviewScene,
  lane: Lane,
  top: number,
  height: number,
): void {
  const { view, width } = scene;
  const first = Math.max(0, Math.floor(view.start / lane.step) - 1);
  const last = Math.min(lane.values.length - 1, Math.ceil((view.start + view.length) / lane.step) + 1);
  const base = top + height - 1;
  const room = height - 4;
  context.beginPath();
  context.moveTo(xOf(first * lane.step, view, width), base);
  for (let index = first; index <= last; index += 1) {
    context.lineTo(xOf((index + 0.5) * lane.step, view, width), base - (lane.values[index] ?? 0) * room);
  }
  context.lineTo(xOf((last + 1) * lane.step, view, width), base);
  context.closePath();
  context.fillStyle = scene.colors[lane.name];
  context.globalAlpha = lane.name === "excitement" ? 0.75 : 0.45;
  context.fill();
  context.globalAlpha = 1;
}

function drawCuts(context: CanvasRenderingContext2D, scene: OverviewScene, room: number): void {
  const { view, width } = scene;
  const places = new Set<number>();
  let count = 0;
  for (const time of scene.cuts) {
    if (time < view.start || time > view.start + view.length) continue;
    places.add(Math.round(xOf(time, view, width)));
    count += 1;
  }
  // Thousands of lines would be a gray wall: they fade as they get denser.
  context.globalAlpha = Math.min(0.35, (0.06 * width) / Math.max(1, count));
  context.fillStyle = scene.colors.ink;
  for (const x of places) context.fillRect(x, BARS_HEIGHT, 1, room);
  context.globalAlpha = 1;
}

function drawAnchors(context: CanvasRenderingContext2D, scene: OverviewScene, lane: number): void {
  context.fillStyle = scene.colors.ink;
  for (const { time_sec } of scene.anchors) {
    const x = xOf(time_sec, scene.view, scene.width);
    if (x < -3 || x > scene.width + 3) continue;
    context.beginPath();
    context.arc(x, BARS_HEIGHT + Math.min(6, lane / 2), 2, 0, 2 * Math.PI);
    context.fill();
  }
}

/** Candidates that became no clip: a thin line each, at the lower edge of the bars. */
function drawDropped(context: CanvasRenderingContext2D, scene: OverviewScene): void {
  context.fillStyle = scene.colors.muted;
  context.globalAlpha = 0.55;
  for (const { start, end } of scene.dropped) {
    const left = xOf(start, scene.view, scene.width);
    context.fillRect(left, BARS_HEIGHT - 3, Math.max(1, xOf(end, scene.view, scene.width) - left), 2);
  }
  context.globalAlpha = 1;
}

function drawClip(context: CanvasRenderingContext2D, scene: OverviewScene, clip: ClipView, room: number): void {
  const { view, width, colors } = scene;
  const left = xOf(clip.start, view, width);
  const right = xOf(clip.end, view, width);
  if (right < 0 || left > width) return;
  const across = Math.max(3, right - left);
  const current = clip.id === scene.currentId;
  const hue = { kept: colors.keep, rejected: colors.reject, undecided: colors.accent }[clip.verdict];
  context.fillStyle = hue;
  if (current) {
    context.globalAlpha = 0.16;
    context.fillRect(left, BARS_HEIGHT, across, room);
    context.globalAlpha = 1;
  }
  context.globalAlpha = clip.verdict === "rejected" && !current ? 0.45 : 1;
  const lettered = across >= LETTER_PX;
  const tall = (BARS_HEIGHT - (current ? 5 : 9)) * (lettered ? 1 : SHARES[clip.verdict]);
  context.beginPath();
  context.roundRect(left, BARS_HEIGHT - (current ? 4 : 5) - tall, across, tall, 3);
  context.fill();
  context.globalAlpha = 1;
  // Clips that touch or overlap are told apart.
  context.strokeStyle = current ? colors.ink : colors.surface;
  context.lineWidth = current ? 1.5 : 1;
  context.stroke();
  if (!lettered) return;
  context.fillStyle = clip.verdict === "kept" ? colors["on-keep"] : colors["on-accent"];
  context.font = "600 11px system-ui, sans-serif";
  context.textBaseline = "middle";
  context.textAlign = "center";
  context.fillText(LETTERS[clip.verdict], left + across / 2, BARS_HEIGHT / 2);
  context.textAlign = "start";
}
