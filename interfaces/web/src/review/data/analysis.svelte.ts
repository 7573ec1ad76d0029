import { answer, api } from "../../api/client";
import { isTemporary, Refusal } from "../../api/failures";
import type { EventView, Peaks, SelectionView, Signals } from "../../api/schema";
import { type Boundary, boundariesOf } from "./boundaries";

const OVERVIEW_POINTS = 1600;
const MAX_EVENTS = 10_000;
const PEAKS_PER_PART = 1200;
const KEPT_PARTS = 24;

export interface Part {
  readonly start: number;
  readonly end: number;
}

/** What was measured of a video, as its timelines show it; each piece comes when it is there. */
export class Analysis {
  signals = $state.raw<Signals | null>(null);
  events = $state.raw<readonly EventView[]>([]);
  selection = $state.raw<SelectionView | null>(null);
  peaks = $state.raw<ReadonlyMap<string, Peaks>>(new Map());
  readonly boundaries: readonly Boundary[] = $derived(boundariesOf(this.events, this.selection));

  constructor(private readonly project: string) {}

  async load(): Promise<void> {
    await Promise.all([this.loadEvents(), this.loadSignals(), this.loadSelection()]);
  }

  async loadSelection(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { points: OVERVIEW_POINTS } };
    this.selection = await present(answer(api.GET("/api/projects/{project_id}/selection", { params })));
  }

  /** Load the waveform of a part of the video, unless it is there. */
  async loadPeaks(part: Part): Promise<void> {
    const key = keyOf(part);
    if (this.peaks.has(key)) return;
    const params = { path: { project_id: this.project }, query: { ...part, points: PEAKS_PER_PART } };
    const peaks = await present(answer(api.GET("/api/projects/{project_id}/peaks", { params }))).catch(unlessTemporary);
    if (!peaks) return;
    const kept = [...this.peaks].slice(-KEPT_PARTS);
    this.peaks = new Map([...kept, [key, peaks]]);
  }

  peaksOf(part: Part): Peaks | null {
    return this.peaks.get(keyOf(part)) ?? null;
  }

  private async loadEvents(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { limit: MAX_EVENTS } };
    const events = await present(answer(api.GET("/api/projects/{project_id}/events", { params })));
    this.events = events?.events ?? [];
  }

  private async loadSignals(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { points: OVERVIEW_POINTS } };
    this.signals = await present(answer(api.GET("/api/projects/{project_id}/signals", { params })));
  }
}

/** A waveform that does not come is asked for again with the next part that is shown. */
function unlessTemporary(failure: unknown): null {
  if (isTemporary(failure)) return null;
  throw failure;
}

function keyOf(part: Part): string {
  return `${part.start.toFixed(3)}-${part.end.toFixed(3)}`;
}

/** What is there; null for a project that was not analyzed. */
async function present<Value>(value: Promise<Value>): Promise<Value | null> {
  try {
    return await value;
  } catch (error) {
    if (error instanceof Refusal && error.status === 404) return null;
    throw error;
  }
}
