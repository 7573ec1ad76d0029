import type { ClipView } from "../../api/schema";
import { isTemporary, messageOf, Refusal } from "../../api/failures";
import { newId } from "../../api/once.svelte";
import type { Action } from "./actions";

export type Fields = Partial<Pick<ClipView, "start" | "end" | "name" | "verdict">>;

/** A change of one clip: what it becomes, what it was, and the revision that was seen. */
export interface Change {
  readonly clip: string;
  readonly revision: number;
  readonly after: Fields;
  readonly before: Fields;
}

/** What a person did at once: one change, many that belong together, or an action, whose clip has an empty change. */
export interface Entry {
  readonly id: string;
  readonly changes: readonly Change[];
  readonly action?: Action;
  /** Where the log stood before the action was sent for the first time: it may have arrived without an answer. */
  readonly since?: number;
}

/** What was done last is taken back, or done again; whatever it was. */
export interface Replay {
  readonly kind: "undo" | "redo";
}
export const isReplay = (action?: Action): action is Replay => action?.kind === "undo" || action?.kind === "redo";

/** Two versions of a clip: ours was made from a revision that somebody else has changed since. */
export interface Conflict {
  readonly entry: Entry;
  readonly change: Change;
  readonly theirs: ClipView | null;
}

/** Sends entries to the server. */
export interface Sender {
  /** Make the changes; throws `Refusal` 412 where a revision is not the present one. An action may be sent `again`. */
  send(entry: Entry, again: boolean): Promise<ClipView[]>;
  /** Where the log stands. */
  position(): Promise<number>;
  /** The clip as it is now; null if it is gone. */
  read(clip: string): Promise<ClipView | null>;
}

export type Resolution = "mine" | "theirs";
type Keeper = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const FIRST_PAUSE_MS = 500;
const LONGEST_PAUSE_MS = 8_000;

/**
 * The changes that the server has not confirmed yet, in order. They survive a reload and a server that is away: each is
 * kept in the browser until its answer has come. Tabs of one browser share what they keep.
 */
export class Outbox {
  entries = $state.raw<readonly Entry[]>([]);
  state = $state<"saved" | "saving" | "offline">("saved");
  conflict = $state.raw<Conflict | null>(null);

  /** Entries that this tab has had; what else is kept belongs to other tabs. */
  private readonly known = new Set<string>();
  /** Entries of an earlier visit, or of another tab that may send them first. */
  private readonly adopted: ReadonlySet<string>;
  private working = false;
  private wake: (() => void) | null = null;
  private resolve: ((choice: Resolution) => void) | null = null;
  private idle: (() => void)[] = [];

  constructor(
    private readonly key: string,
    private readonly keeper: Keeper,
    private readonly sender: Sender,
    private readonly onConfirmed: (clips: readonly ClipView[], entry?: Entry) => void,
    private readonly onRefused: (reason: string, entry?: Entry) => void = () => {},
  ) {
    this.entries = this.kept();
    this.adopted = new Set(this.entries.map(({ id }) => id));
    for (const id of this.adopted) this.known.add(id);
  }

  /** Queue changes, or an action, and send them as soon as possible; tells the id of the entry. */
  add(changes: readonly Change[], action?: Action): string {
    const id = newId();
    this.keep([...this.entries, { id, changes, ...(action && { action }) }]);
    this.start();
    return id;
  }

  /** Send what is queued, such as entries of an earlier visit. */
  start(): void {
    if (this.working) return;
    this.working = true;
    void this.work();
  }

  /** Take the last entry back that is not under way; null if there is none, or it is an undo or redo itself. */
  takeBack(): Entry | null {
    const last = this.entries.at(-1);
    if (!last || isReplay(last.action) || (this.entries.length === 1 && this.state === "saving")) return null;
    this.keep(this.entries.slice(0, -1));
    return last;
  }

  /** Try again now instead of after the pause. */
  retry(): void {
    this.wake?.();
  }

  /** Settle the conflict that is shown. */
  settle(choice: Resolution): void {
    this.resolve?.(choice);
  }

  /** Resolves once nothing is queued. */
  async drained(): Promise<void> {
    if (this.entries.length > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private async work(): Promise<void> {
    let pause = FIRST_PAUSE_MS;
    for (let entry = this.entries[0]; entry; entry = this.entries[0]) {
      if (this.sentElsewhere(entry)) {
        this.drop(entry);
        this.onRefused("");
        continue;
      }
      if (this.state !== "offline") this.state = "saving";
      try {
        this.confirm(entry, await this.send(entry));
        pause = FIRST_PAUSE_MS;
      } catch (error) {
        if (isTemporary(error)) {
          this.state = "offline";
          await this.rest(pause);
          pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
        } else {
          await this.refused(entry, error);
        }
      }
    }
    this.state = "saved";
    this.working = false;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Before an action is sent for the first time, note where the log stands. */
  private async send(entry: Entry): Promise<ClipView[]> {
    if (!entry.action || entry.since !== undefined) return this.sender.send(entry, entry.action !== undefined);
    const noted = { ...entry, since: await this.sender.position() };
    this.keep(this.entries.map((one) => (one.id === entry.id ? noted : one)));
    return this.sender.send(noted, false);
  }

  private confirm(entry: Entry, clips: readonly ClipView[]): void {
    this.state = "saving";
    this.drop(entry);
    this.rebase(clips, entry);
    this.onConfirmed(clips, entry);
  }

  /** Later changes of the same clips were made from what this entry has just made. */
  private rebase(clips: readonly ClipView[], done: Entry): void {
    const from = isReplay(done.action) ? clips.map(({ id, revision }) => ({ clip: id, revision: revision - 1 })) : null;
    const seen = new Map((from ?? done.changes).map((change) => [change.clip, change.revision]));
    const now = new Map(clips.map((clip) => [clip.id, clip]));
    const merged = done.action?.kind === "merge" ? clips[0] : undefined;
    const follow = (change: Change): Change => {
      if (seen.get(change.clip) !== change.revision) return change;
      const { id, revision } = merged ?? now.get(change.clip) ?? { id: change.clip, revision: change.revision };
      return { ...change, clip: id, revision };
    };
    this.keep(this.entries.map((entry) => ({ ...entry, changes: entry.changes.map(follow) })));
  }

  private async refused(entry: Entry, error: unknown): Promise<void> {
    if (!entry.action && error instanceof Refusal && (error.status === 412 || error.status === 404)) {
      try {
        await this.reconcile(entry);
        return;
      } catch (other) {
        if (isTemporary(other)) {
          this.state = "offline";
          await this.rest(FIRST_PAUSE_MS);
          return;
        }
        error = other;
      }
    }
    this.forget(entry, messageOf(error));
  }

  /** Take out an entry that came to nothing, and every undo and redo that was meant for it. */
  private forget(entry: Entry, reason: string): void {
    const meant = replaysOf(entry, this.entries);
    for (const one of [entry, ...meant]) this.drop(one);
    this.onRefused(reason, entry);
    for (const one of meant) this.onRefused("", one);
  }

  /** Compare with what is there now; where it is what we wanted, all is well, else a person chooses. */
  private async reconcile(entry: Entry): Promise<void> {
    const kept: Change[] = [];
    const followed: ClipView[] = [];
    let given = 0;
    for (const change of entry.changes) {
      const theirs = await this.sender.read(change.clip);
      if (theirs) this.onConfirmed([theirs]);
      if (theirs && (theirs.revision === change.revision || holds(theirs, change.after))) {
        if (theirs.revision === change.revision) kept.push(change);
        else followed.push(theirs);
        continue;
      }
      const choice = await this.ask({ entry, change, theirs });
      if (choice === "mine" && theirs) {
        kept.push({ ...change, revision: theirs.revision, before: fieldsOf(theirs) });
        followed.push(theirs);
      } else given += 1;
    }
    if (given === entry.changes.length) return this.forget(entry, "");
    const rest = this.entries.filter(({ id }) => id !== entry.id);
    this.keep(kept.length > 0 ? [{ ...entry, changes: kept }, ...rest] : rest);
    this.rebase(followed, entry);
    this.onRefused("");
  }

  private async ask(conflict: Conflict): Promise<Resolution> {
    this.conflict = conflict;
    const choice = await new Promise<Resolution>((resolve) => (this.resolve = resolve));
    this.conflict = null;
    this.resolve = null;
    return choice;
  }

  private rest(milliseconds: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, milliseconds);
      this.wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }

  private drop(entry: Entry): void {
    this.keep(this.entries.filter(({ id }) => id !== entry.id));
  }

  private keep(entries: readonly Entry[]): void {
    this.entries = entries;
    for (const { id } of entries) this.known.add(id);
    const all = [...this.kept().filter(({ id }) => !this.known.has(id)), ...entries];
    if (all.length > 0) this.keeper.setItem(this.key, JSON.stringify(all));
    else this.keeper.removeItem(this.key);
  }

  private kept(): Entry[] {
    return JSON.parse(this.keeper.getItem(this.key) ?? "[]") as Entry[];
  }

  private sentElsewhere({ id }: Entry): boolean {
    return this.adopted.has(id) && !this.kept().some((kept) => kept.id === id);
  }
}

/** Those undos and redos among queued entries that are about a refused one; about what came before a refused replay. */
function replaysOf(refused: Entry, entries: readonly Entry[]): Entry[] {
  const target = isReplay(refused.action) ? undefined : refused;
  const done: (Entry | undefined)[] = [target];
  const undone: (Entry | undefined)[] = [];
  return entries.filter((entry) => {
    if (entry.id === refused.id) return false;
    const replay = isReplay(entry.action) ? entry.action.kind : null;
    if (replay === null) undone.length = 0;
    const about = replay === null ? entry : (replay === "undo" ? done : undone).pop();
    (replay === "undo" ? undone : done).push(about);
    return about === target;
  });
}

function fieldsOf(clip: ClipView): Fields {
  return { start: clip.start, end: clip.end, name: clip.name, verdict: clip.verdict };
}

/** Whether a clip has these values already. */
function holds(clip: ClipView, fields: Fields): boolean {
  return Object.entries(fields).every(([name, value]) => clip[name as keyof Fields] === value);
}
