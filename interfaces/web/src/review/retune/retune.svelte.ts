import { answer, api } from "../../api/client";
import { messageOf } from "../../api/failures";
import type { ParameterView, PresetView, RetuneResult } from "../../api/schema";
import type { Review } from "../data/review.svelte";

export type Value = string | number | boolean;
const PAUSE_MS = 350;

/** Other settings for the choice of clips: what they would change, and the change itself. */
export class Retune {
  parameters = $state.raw<readonly ParameterView[]>([]);
  presets = $state.raw<readonly PresetView[]>([]);
  /** What differs from the last analysis, by name. */
  changed = $state.raw<Readonly<Record<string, Value>>>({});
  preview = $state.raw<RetuneResult | null>(null);
  busy = $state(false);
  failure = $state("");
  private last: Readonly<Record<string, Value>> = {};
  private timer = 0;
  private asked = 0;

  constructor(private readonly review: Review) {}

  /** Ask again for what could not be had. */
  async retry(): Promise<void> {
    await (this.parameters.length === 0 ? this.load() : this.look());
  }

  async load(): Promise<void> {
    this.failure = "";
    try {
      const [schema, presets] = await Promise.all([answer(api.GET("/api/settings")), answer(api.GET("/api/presets"))]);
      this.last = (this.review.project?.analyses[0]?.settings ?? {}) as Record<string, Value>;
      // What decides about the measurement can't be changed without decoding again.
      this.parameters = schema.analysis.filter(({ group }) => group !== "extraction");
      this.presets = presets;
      await this.look();
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  valueOf(parameter: ParameterView): Value {
    return this.changed[parameter.name] ?? this.last[parameter.name] ?? parameter.value;
  }

  set(parameter: ParameterView, value: Value): void {
    const { [parameter.name]: _before, ...others } = this.changed;
    const same = value === (this.last[parameter.name] ?? parameter.value);
    this.changed = same ? others : { ...others, [parameter.name]: value };
    this.lookSoon();
  }

  choose(preset: PresetView): void {
    this.changed = preset.settings;
    this.lookSoon();
  }

  reset(): void {
    this.changed = {};
    this.lookSoon();
  }

  /** Choose the clips by these settings; what a person changed or decided about stays. */
  async apply(): Promise<RetuneResult | null> {
    this.busy = true;
    this.failure = "";
    try {
      await this.review.outbox.drained();
      const result = await this.ask(false);
      await this.review.load();
      await this.review.analysis.loadSelection();
      return result;
    } catch (error) {
      this.failure = messageOf(error);
      return null;
    } finally {
      this.busy = false;
    }
  }

  private lookSoon(): void {
    clearTimeout(this.timer);
    this.timer = window.setTimeout(() => void this.look(), PAUSE_MS);
  }

  private async look(): Promise<void> {
    const number = (this.asked += 1);
    this.busy = true;
    try {
      const result = await this.ask(true);
      if (number !== this.asked) return;
      this.preview = result;
      this.failure = "";
    } catch (error) {
      if (number === this.asked) this.failure = messageOf(error);
    } finally {
      if (number === this.asked) this.busy = false;
    }
  }

  private ask(preview: boolean): Promise<RetuneResult> {
    const params = { path: { project_id: this.review.projectId } };
    const body = { preview, preset: "none" as const, settings: { ...this.changed } };
    return answer(api.POST("/api/projects/{project_id}/retune", { params, body }));
  }
}
