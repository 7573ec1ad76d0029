import type { SelectionView, Signals } from "../../api/schema";

const LANE_NAMES = ["excitement", "loudness", "motion", "replayed", "chat", "speech"] as const;
export type LaneName = (typeof LANE_NAMES)[number];

/** A signal over the whole video, scaled to 0..1. */
export interface Lane {
  readonly name: LaneName;
  readonly step: number;
  readonly values: Float32Array;
}

const SIGNALS: Partial<Record<LaneName, readonly string[]>> = {
  loudness: ["loudness_lufs", "audio_dbfs", "audio_rms"],
  motion: ["motion_score", "picture_change"],
  replayed: ["most_replayed"],
  chat: ["chat_messages"],
  speech: ["speech_activity"],
};

/** Names of the signals that lanes are made of. */
export const LANE_SIGNALS: readonly string[] = Object.values(SIGNALS).flat();

/** The lanes there is something to draw in; `transcribed`: words tell where somebody speaks, better than the sound. */
export function lanesOf(signals: Signals | null, selection: SelectionView | null, transcribed: boolean): Lane[] {
  const lanes: Lane[] = [];
  const curve = selection?.excitement;
  if (curve && curve.values.length > 0) lanes.push(laneOf("excitement", curve.step_sec, curve.values));
  for (const name of LANE_NAMES) {
    if (name === "speech" && transcribed) continue;
    const found = SIGNALS[name]?.map((key) => signals?.signals[key]).find((signal) => signal !== undefined);
    if (found && signals) lanes.push(laneOf(name, signals.step_sec, found.max));
  }
  return lanes;
}

/** Scale to the 2nd and the 99.5th percentile: a single bang must not flatten the rest. */
function laneOf(name: LaneName, step: number, values: readonly (number | null)[]): Lane {
  const sorted = Float32Array.from(values.filter((value): value is number => value !== null)).sort();
  const at = (share: number) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  const [low, high] = [at(0.02), at(0.995)];
  const scaled = values.map((value) => Math.min(1, Math.max(0, ((value ?? low) - low) / (high - low || 1))));
  return { name, step, values: Float32Array.from(scaled) };
}
