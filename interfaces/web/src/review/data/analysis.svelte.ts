import { answer, api } from "../../api/client";
import { Refusal } from "../../api/failures";
import type { EventView, SelectionView, Signals } from "../../api/schema";
import { LANE_SIGNALS } from "../overview/lanes";
import { type Boundary, boundariesOf } from "./boundaries";
import { Waveform } from "./waveform.svelte";

const OVERVIEW_POINTS = 1600;
const MAX_EVENTS = 10_000;

/** What was measured of a video, as its timelines show it; each piece comes when it is there. */
export class Analysis {
  signals = $state.raw<Signals | null>(null);
  events = $state.raw<readonly EventView[]>([]);
  selection = $state.raw<SelectionView | null>(null);
  readonly boundaries: readonly Boundary[] = $derived(boundariesOf(this.events, this.selection));

  readonly waveform: Waveform;

  constructor(private readonly project: string) {
    this.waveform = new Waveform(project);
  }

  async load(): Promise<void> {
    await Promise.all([this.loadEvents(), this.loadSignals(), this.loadSelection(), this.waveform.load()]);
  }

  async loadSelection(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { points: OVERVIEW_POINTS } };
    this.selection = await present(answer(api.GET("/api/projects/{project_id}/selection", { params })));
  }

  private async loadEvents(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { limit: MAX_EVENTS } };
    const events = await present(answer(api.GET("/api/projects/{project_id}/events", { params })));
    this.events = events?.events ?? [];
  }

  private async loadSignals(): Promise<void> {
    const params = { path: { project_id: this.project }, query: { points: OVERVIEW_POINTS, names: [...LANE_SIGNALS] } };
    this.signals = await present(answer(api.GET("/api/projects/{project_id}/signals", { params })));
  }
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
