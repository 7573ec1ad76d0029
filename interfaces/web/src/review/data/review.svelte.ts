import { noted } from "../../api/again";
import { answer, api } from "../../api/client";
import { MAX_CLIPS } from "../../api/early";
import { isTemporary, messageOf, Refusal } from "../../api/failures";
import type { ClipView, ProjectDetails, ProjectView } from "../../api/schema";
import { inOwnWords } from "../../messages/index.svelte";
import { Analysis } from "./analysis.svelte";
import { type Boundary, withWords } from "./boundaries";
import { Transcript } from "./transcript.svelte";
import { ClipStore } from "./clip-store.svelte";
import { type Action, type ActionEntry, isAction, isDoneBy, type LogEnds, type Outcome, perform } from "./actions";
import { type Change, type Entry, type Fields, isReplay, Outbox } from "./outbox.svelte";
import {
  countsOf,
  fillTo,
  type Filters,
  listed,
  NO_FILTERS,
  type Sorting,
  undecidedAfter,
  type Verdict,
} from "./listing";

interface ProjectParams {
  readonly path: { project_id: string };
  readonly header: { "if-match": string };
}

const WATCH_MS = 10_000;

/** Everything a person works on while reviewing a project, and every way to change it. */
export class Review {
  project = $state.raw<ProjectDetails | null>(null);
  failure = $state("");
  loaded = $state(false);
  /** Whether what the timelines show is there, as far as there is any. */
  measured = $state(false);
  currentId = $state<string | null>(null);
  filters = $state.raw<Filters>(NO_FILTERS);
  sorting = $state<Sorting>("score");

  readonly store = new ClipStore();
  readonly outbox: Outbox;
  readonly analysis: Analysis;
  readonly transcript: Transcript;
  /** Where edges of clips snap to. */
  readonly snapPoints: readonly Boundary[] = $derived.by(() =>
    withWords(this.analysis.boundaries, this.transcript.words),
  );
  readonly list: readonly ClipView[] = $derived(
    listed(this.store.clips, this.filters, this.sorting, (reason) => inOwnWords(reason, "reasons")),
  );
  readonly current: ClipView | null = $derived(this.store.clips.find((clip) => clip.id === this.currentId) ?? null);
  readonly counts = $derived(countsOf(this.store.clips));
  /** The clips that come next, whose pictures are loaded ahead. */
  readonly upcoming: readonly ClipView[] = $derived(undecidedAfter(this.list, this.currentId).slice(0, 2));

  /** Width over height of the picture, as it is shown. */
  readonly aspect = $derived((this.project?.display_width ?? 16) / (this.project?.display_height ?? 9));

  /** Whether the clip that is shown next begins to play. */
  playNext = true;
  /** Number of answers that confirmed a change. */
  private confirmations = 0;
  /** Where the log stands, and what it can take back and do again. */
  private log = $state.raw({ revision: 0, undo: false, redo: false });
  /** What was taken back, in order: entries that were not sent yet, and null for what the server takes back. */
  private takenBack = $state.raw<readonly (Entry | null)[]>([]);
  /** What was done last, and at which clip. */
  private begun: { readonly entry: string; readonly at: string | null } | null = null;
  /** Who waits for the name of the clip that an undo or a redo was about, by the id of its entry. */
  private readonly replays = new Map<string, (name: string | null) => void>();

  constructor(readonly projectId: string) {
    this.analysis = new Analysis(projectId);
    this.transcript = new Transcript(projectId);
    this.outbox = new Outbox(
      `autoclip.outbox.${projectId}`,
      localStorage,
      {
        send: (entry, again) => noted(this.send(entry, again)),
        position: () => noted(this.readLog().then(() => this.log.revision)),
        read: (clip) => noted(this.read(clip)),
      },
      (clips, entry) => this.confirmed(clips, entry),
      (reason, entry) => this.refused(reason, entry),
    );
  }

  get canUndo(): boolean {
    return this.log.undo || this.outbox.entries.length > 0;
  }

  get canRedo(): boolean {
    const last = this.outbox.entries.at(-1)?.action;
    return this.takenBack.some((entry) => entry !== null) || last?.kind === "undo" || this.log.redo;
  }

  /** Load the project, and keep an eye on what others change until the returned function is called. */
  open(): () => void {
    void this.load();
    const watch = setInterval(() => void this.lookForChanges(), WATCH_MS);
    const online = () => this.outbox.retry();
    addEventListener("online", online);
    return () => {
      clearInterval(watch);
      this.analysis.waveform.close();
      removeEventListener("online", online);
    };
  }

  async load(): Promise<void> {
    try {
      const params = { path: { project_id: this.projectId } };
      const [project] = await Promise.all([answer(api.GET("/api/projects/{project_id}", { params })), this.reload()]);
      this.project = project;
      this.currentId ??= (undecidedAfter(this.list, null)[0] ?? this.list[0])?.id ?? null;
      this.failure = "";
    } catch (error) {
      this.failure = messageOf(error);
    } finally {
      this.loaded = true;
    }
  }

  /** Load all again that could not be loaded, or is not known to be true any more. */
  async loadAgain(): Promise<void> {
    await this.load();
    if (this.measured && !this.failure) await this.loadMeasurements();
  }

  /** Load what the timelines show; the list and the picture come first. */
  async loadMeasurements(): Promise<void> {
    try {
      await Promise.all([this.analysis.load(), this.transcript.load()]);
    } catch (error) {
      this.failure = messageOf(error);
    } finally {
      this.measured = true;
    }
  }

  /** Read all clips again. */
  async reload(): Promise<void> {
    const params = { path: { project_id: this.projectId }, query: { limit: MAX_CLIPS } };
    const before = this.confirmations;
    const [listing] = await Promise.all([
      answer(api.GET("/api/projects/{project_id}/clips", { params })),
      this.readLog(),
    ]);
    if (before !== this.confirmations) return this.reload(); // the list may be older than what was confirmed meanwhile
    this.store.replace(listing.items);
    this.show();
    if (this.outbox.entries.length > 0) this.outbox.start();
  }

  select(id: string | null): void {
    if (id !== null) this.currentId = id;
  }

  /** Go to the clip before or after the current one. */
  step(direction: 1 | -1): void {
    const place = this.list.findIndex((clip) => clip.id === this.currentId);
    const next = this.list[place < 0 ? 0 : place + direction];
    if (next) this.currentId = next.id;
  }

  /** Decide about a clip, and go on to the next one that is undecided; tells whether there was one. */
  decide(verdict: Verdict, advance: boolean, id = this.currentId): boolean {
    const next = undecidedAfter(this.list, id).find((clip) => clip.id !== id);
    if (id !== null) this.change(id, { verdict });
    if (advance && next) this.currentId = next.id;
    return next !== undefined;
  }

  /** Change a clip: shown at once, saved as soon as the server answers. */
  change(id: string, after: Fields): void {
    this.changeAll([{ id, after }]);
  }

  /** Change several clips as one operation, which one undo takes back. */
  changeAll(changes: readonly { id: string; after: Fields }[]): void {
    const known = new Map(this.store.clips.map((clip) => [clip.id, clip]));
    const made = changes.flatMap(({ id, after }) => {
      const clip = known.get(id);
      if (!clip || sameFields(clip, after)) return [];
      const before = Object.fromEntries(Object.keys(after).map((name) => [name, clip[name as keyof Fields]]));
      return [{ clip: id, revision: this.store.revision(id), after, before: before as Fields }];
    });
    if (made.length > 0) this.enqueue(made);
  }

  /** Keep the best undecided clips until so many seconds are kept. */
  fill(seconds: number): number {
    const chosen = fillTo(this.store.clips, seconds);
    this.changeAll(chosen.map(({ id }) => ({ id, after: { verdict: "kept" } })));
    return chosen.length;
  }

  /** Take back what was done last, whoever did it; tells which clip that was about. */
  async undo(): Promise<string | null> {
    const unsent = this.outbox.state === "offline" ? this.outbox.takeBack() : null;
    this.takenBack = [...this.takenBack, unsent];
    if (!unsent) return this.replay("undo");
    this.show();
    return this.reveal(unsent.changes.map((change) => change.clip));
  }

  /** Do again what was taken back last. */
  async redo(): Promise<string | null> {
    const unsent = this.takenBack.at(-1);
    this.takenBack = this.takenBack.slice(0, -1);
    if (!unsent) return this.replay("redo");
    this.outbox.add(unsent.changes, unsent.action);
    this.show();
    return this.reveal(unsent.changes.map((change) => change.clip));
  }

  split(at: number): void {
    this.act({ kind: "split", at });
  }

  /** Take a part out of the current clip; what comes after it becomes a clip of its own. */
  exclude(start: number, end: number): void {
    this.act({ kind: "exclude", start, end });
  }

  /** Join the current clip with the one before or after it. */
  merge(neighbor: "previous" | "next"): void {
    this.act({ kind: "merge", neighbor });
  }

  duplicate(): void {
    this.act({ kind: "duplicate" });
  }

  remove(): void {
    const { list, currentId } = this;
    const place = list.findIndex(({ id }) => id === currentId);
    this.act({ kind: "remove" });
    this.currentId = (list[place + 1] ?? list[place - 1])?.id ?? null;
  }

  /** Make a clip of a part of the video. */
  create(start: number, end: number, name: string): void {
    this.enqueue([], { kind: "create", start, end, name });
  }

  /** Do something to the current clip that makes or removes clips. */
  private act(action: Action): void {
    const id = this.current?.id;
    if (id !== undefined)
      this.enqueue([{ clip: id, revision: this.store.revision(id), after: {}, before: {} }], action);
  }

  private enqueue(changes: readonly Change[], action?: Action): void {
    this.begun = { entry: this.outbox.add(changes, action), at: this.currentId };
    this.takenBack = [];
    this.log = { ...this.log, redo: false };
    this.show();
  }

  private replay(kind: "undo" | "redo"): Promise<string | null> {
    const id = this.outbox.add([], { kind });
    return new Promise((resolve) => this.replays.set(id, resolve));
  }

  /** Go to the first of some clips that is there. */
  private reveal(ids: readonly string[]): string | null {
    const found = this.store.clips.find((clip) => ids.includes(clip.id));
    if (found) this.currentId = found.id;
    else if (!this.current) this.currentId = this.list[0]?.id ?? null;
    return found?.name ?? null;
  }

  /** Change the project itself; where somebody else did so first, it is read again and the change refused. */
  async changeProject(change: (params: ProjectParams) => Promise<ProjectView>): Promise<void> {
    const { project } = this;
    if (!project) return;
    const path = { project_id: project.id };
    try {
      const changed = await change({ path, header: { "if-match": `"${project.revision}"` } });
      this.project = { ...project, ...changed };
    } catch (error) {
      if (error instanceof Refusal && error.status === 412)
        this.project = await answer(api.GET("/api/projects/{project_id}", { params: { path } }));
      throw error;
    }
  }

  /** Find out what can be undone and redone now, after a change that was made past the list of clips. */
  async lookAtLog(): Promise<void> {
    try {
      await this.readLog();
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  private async readLog(): Promise<void> {
    const params = { path: { project_id: this.projectId }, query: { limit: 0 } };
    this.noteLog(await answer(api.GET("/api/projects/{project_id}/operations", { params })));
  }

  private noteLog(log: LogEnds): void {
    this.log = { revision: log.revision, undo: log.undo !== null, redo: log.redo !== null };
  }

  /** Read the clips again if somebody else has changed something. */
  private async lookForChanges(): Promise<void> {
    if (document.hidden || this.outbox.entries.length > 0) return;
    const before = this.log.revision;
    try {
      await this.readLog();
      if (this.log.revision !== before && this.outbox.entries.length === 0) await this.reload();
    } catch (error) {
      if (!isTemporary(error)) this.failure = messageOf(error);
    }
  }

  private async send(entry: Entry, again: boolean): Promise<ClipView[]> {
    if (isAction(entry)) return this.perform(entry, again);
    const [first, ...others] = entry.changes;
    if (first && others.length === 0) {
      const params = { path: { clip_id: first.clip }, header: { "if-match": `"${first.revision}"` } };
      return [await answer(api.PATCH("/api/clips/{clip_id}", { params, body: first.after }))];
    }
    const changes = entry.changes.map(({ clip, revision, after }) => ({ clip_id: clip, revision, ...after }));
    const params = { path: { project_id: this.projectId } };
    return (await answer(api.POST("/api/projects/{project_id}/clips/bulk", { params, body: { changes } }))).clips;
  }

  /** Do what an entry asks for, unless it was done `again` and again only because no answer came. */
  private async perform(entry: ActionEntry, again: boolean): Promise<ClipView[]> {
    const { action } = entry;
    if (isReplay(action) && !again && !this.log[action.kind]) {
      this.tell(entry, null);
      return [];
    }
    const { clips, removed, log } = (again ? await this.done(entry) : null) ?? (await perform(this.projectId, entry));
    const name = (clips[0] ?? this.store.clips.find(({ id }) => removed.includes(id)))?.name ?? "";
    this.store.remove(removed);
    this.store.confirm(clips);
    if (log) this.noteLog(log);
    // Somebody who has gone on meanwhile stays where they are.
    if (isReplay(action) && this.outbox.entries.at(-1)?.id === entry.id) this.reveal(clips.map(({ id }) => id));
    this.tell(entry, name);
    return clips;
  }

  /** What an action that has arrived without an answer has left; null if it has not. */
  private async done(entry: ActionEntry): Promise<Outcome | null> {
    const params = { path: { project_id: this.projectId } };
    const log = await answer(api.GET("/api/projects/{project_id}/operations", { params }));
    const found = log.items.find((one) => one.revision > (entry.since ?? 0) && isDoneBy(one, entry));
    if (!found) return null;
    const ids = found.changes.map(({ id }) => id);
    const clips = (await Promise.all(ids.map((id) => this.read(id)))).filter((clip) => clip !== null);
    return { clips, removed: ids.filter((id) => !clips.some((clip) => clip.id === id)), log };
  }

  private async read(clip: string): Promise<ClipView | null> {
    try {
      return await answer(api.GET("/api/clips/{clip_id}", { params: { path: { clip_id: clip } } }));
    } catch (error) {
      if (error instanceof Refusal && error.status === 404) return null;
      throw error;
    }
  }

  private confirmed(clips: readonly ClipView[], entry?: Entry): void {
    const { kind } = entry?.action ?? {};
    this.confirmations += 1;
    this.store.confirm(clips);
    this.show();
    if (entry && !isReplay(entry.action)) this.log = { revision: this.log.revision + 1, undo: true, redo: false };
    if (kind === "merge" || kind === "duplicate" || kind === "create") this.goTo(clips[0], entry);
    if (kind === "merge") void this.load(); // without the clips that are one now
  }

  /** Go to a clip that was made, unless a person has gone on meanwhile. */
  private goTo(made: ClipView | undefined, entry?: Entry): void {
    const waiting = entry?.id === this.begun?.entry && this.currentId === this.begun?.at;
    if (made && (waiting || !this.current)) this.currentId = made.id;
  }

  private refused(reason: string, entry?: Entry): void {
    this.failure ||= reason;
    this.show();
    if (entry) this.tell(entry, null);
    // What cannot be read again now is read when something changes, or when the person tries again.
    if (entry?.action) void this.reload().catch(() => undefined);
  }

  /** Tell who waits for an undo or a redo which clip it was about; null if it did nothing. */
  private tell({ id }: Entry, name: string | null): void {
    this.replays.get(id)?.(name);
    this.replays.delete(id);
  }

  private show(): void {
    this.store.overlay(this.outbox.entries);
  }
}

function sameFields(clip: ClipView, fields: Fields): boolean {
  return Object.entries(fields).every(([name, value]) => clip[name as keyof Fields] === value);
}
