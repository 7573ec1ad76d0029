import { answer, api } from "../../api/client";
import { messageOf, Refusal } from "../../api/failures";
import type { ClipView, CompoundChange, CompoundView } from "../../api/schema";
import type { Review } from "../data/review.svelte";

/** One item on its way into a compound clip; `start` and `end` are null where they are those of its clip. */
export interface Item {
  readonly key: number;
  readonly clip_id: string;
  readonly start: number | null;
  readonly end: number | null;
}

/** A part of the video to be played. */
export interface Part {
  readonly start: number;
  readonly end: number;
}

/** Compound clips of a project: clips in an order of their own, saved with every change. */
export class Compounds {
  saved = $state.raw<readonly CompoundView[]>([]);
  current = $state.raw<CompoundView | null>(null);
  items = $state.raw<readonly Item[]>([]);
  crossfade = $state(0);
  failure = $state("");
  /** What could not be done, to be tried again. */
  private failed: (() => Promise<void>) | null = null;
  private lastKey = 0;
  /** Ends with the last request: each waits for those before it, or an older answer would replace a newer one. */
  private queue: Promise<void> = Promise.resolve();

  constructor(private readonly review: Review) {}

  /** The parts of the video in order, as the items say. */
  get parts(): Part[] {
    return this.items.flatMap((item) => {
      const clip = this.clipOf(item);
      return clip ? [{ start: item.start ?? clip.start, end: item.end ?? clip.end }] : [];
    });
  }

  get length(): number {
    const sum = this.parts.reduce((total, { start, end }) => total + end - start, 0);
    return Math.max(0, sum - this.crossfade * Math.max(0, this.parts.length - 1));
  }

  clipOf(item: Item): ClipView | null {
    return this.review.store.clips.find(({ id }) => id === item.clip_id) ?? null;
  }

  load(): Promise<void> {
    return this.attempt(() => this.read());
  }

  choose(compound: CompoundView | null): void {
    this.current = compound;
    this.crossfade = compound?.crossfade_sec ?? 0;
    this.items = (compound?.items ?? []).map((item) => this.keyed(item.clip_id, item.start, item.end));
  }

  /** Make one of the clips that are kept, in order of time; a name that is taken gets a number. */
  async create(base: string): Promise<void> {
    const kept = this.review.store.clips.filter(({ verdict }) => verdict === "kept");
    await this.attempt(async () => {
      const taken = new Set(this.saved.map((compound) => compound.name));
      let name = base;
      for (let number = 2; taken.has(name); number += 1) name = `${base} ${number}`;
      await this.review.outbox.drained();
      const items = kept.map(({ id }) => ({ clip_id: id }));
      const params = { path: { project_id: this.review.projectId } };
      const made = await answer(
        api.POST("/api/projects/{project_id}/compound-clips", { params, body: { name, items, crossfade_sec: 0 } }),
      );
      this.saved = [...this.saved, made];
      this.choose(made);
      void this.review.lookAtLog();
    });
  }

  add(clip: ClipView): void {
    this.put([...this.items, this.keyed(clip.id)]);
  }

  drop(key: number): void {
    this.put(this.items.filter((item) => item.key !== key));
  }

  /** Move an item to another place. */
  move(key: number, place: number): void {
    const item = this.items.find((one) => one.key === key);
    if (!item) return;
    const others = this.items.filter((one) => one !== item);
    this.put([...others.slice(0, place), item, ...others.slice(place)]);
  }

  setEdge(key: number, edge: "start" | "end", value: number): void {
    this.put(this.items.map((item) => (item.key === key ? { ...item, [edge]: value } : item)));
  }

  setCrossfade(seconds: number): void {
    this.crossfade = seconds;
    this.save();
  }

  async rename(name: string): Promise<void> {
    const before = this.current;
    if (!before || !name || name === before.name) return;
    await this.attempt(() => this.change(before.id, { name }));
  }

  /** Delete the one that is shown; its clips stay, and undo brings it back. */
  async remove(): Promise<void> {
    const gone = this.current;
    if (!gone) return;
    await this.attempt(async () => {
      const params = { path: { compound_id: gone.id }, header: { "if-match": this.tagOf(gone.id) } };
      await answer(api.DELETE("/api/compound-clips/{compound_id}", { params }));
      this.saved = this.saved.filter(({ id }) => id !== gone.id);
      this.choose(this.saved.at(-1) ?? null);
      void this.review.lookAtLog();
    });
  }

  get canRetry(): boolean {
    return this.failure !== "" && this.failed !== null;
  }

  async retry(): Promise<void> {
    if (this.failed) await this.attempt(this.failed);
  }

  /** Take back what was done last, or do it again, and show what has become of the compound clips. */
  async replay(what: "undo" | "redo"): Promise<void> {
    await this.queue;
    await this.review[what]();
    await this.load();
  }

  private async read(): Promise<void> {
    const params = { path: { project_id: this.review.projectId } };
    this.saved = (await answer(api.GET("/api/projects/{project_id}/compound-clips", { params }))).items;
    this.choose(this.saved.find(({ id }) => id === this.current?.id) ?? this.saved.at(-1) ?? null);
  }

  private put(items: readonly Item[]): void {
    this.items = items;
    if (items.length > 0) this.save();
  }

  private keyed(clip: string, start: number | null = null, end: number | null = null): Item {
    this.lastKey += 1;
    return { key: this.lastKey, clip_id: clip, start, end };
  }

  private save(): void {
    const id = this.current?.id;
    if (id === undefined) return;
    const items = this.items.map(({ clip_id, start, end }) => ({ clip_id, start, end }));
    const body = { items, crossfade_sec: this.crossfade };
    void this.attempt(() => this.change(id, body));
  }

  /** Change one on the server; another may be shown by now. */
  private async change(id: string, body: CompoundChange): Promise<void> {
    const params = { path: { compound_id: id }, header: { "if-match": this.tagOf(id) } };
    const changed = await answer(api.PATCH("/api/compound-clips/{compound_id}", { params, body }));
    this.saved = this.saved.map((one) => (one.id === id ? changed : one));
    if (this.current?.id === id) this.current = changed;
    void this.review.lookAtLog();
  }

  private tagOf(id: string): string {
    return `"${this.saved.find((one) => one.id === id)?.revision}"`;
  }

  private attempt(action: () => Promise<void>): Promise<void> {
    this.queue = this.queue.then(() => this.run(action));
    return this.queue;
  }

  private async run(action: () => Promise<void>): Promise<void> {
    try {
      await action();
      this.failed = null;
      this.failure = "";
    } catch (error) {
      const changedElsewhere = error instanceof Refusal && error.status === 412;
      if (changedElsewhere) await this.run(() => this.read());
      this.failed = changedElsewhere ? null : action;
      this.failure = messageOf(error);
    }
  }
}
