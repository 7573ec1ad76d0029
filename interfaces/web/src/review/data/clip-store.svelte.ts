import type { ClipView } from "../../api/schema";
import type { Entry } from "./outbox.svelte";

/** The clips as the server knows them, and as they are shown: with the changes on top that it has not confirmed yet. */
export class ClipStore {
  clips = $state.raw<readonly ClipView[]>([]);
  private confirmed = new Map<string, ClipView>();
  private entries: readonly Entry[] = [];

  /** Take over the whole list. */
  replace(clips: readonly ClipView[]): void {
    this.confirmed = new Map(clips.map((clip) => [clip.id, clip]));
    this.show();
  }

  /** Take over some clips; older revisions than the known ones are late answers. */
  confirm(clips: readonly ClipView[]): void {
    for (const clip of clips) {
      if ((this.confirmed.get(clip.id)?.revision ?? 0) <= clip.revision) this.confirmed.set(clip.id, clip);
    }
    this.show();
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) this.confirmed.delete(id);
    this.show();
  }

  /** Show these unconfirmed changes on top. */
  overlay(entries: readonly Entry[]): void {
    this.entries = entries;
    this.show();
  }

  /** The revision a change of a clip starts from. */
  revision(id: string): number {
    const pending = this.entries.flatMap((entry) => entry.changes).findLast((change) => change.clip === id);
    return pending?.revision ?? this.confirmed.get(id)?.revision ?? 1;
  }

  private show(): void {
    const shown = new Map(this.confirmed);
    for (const { changes, action } of this.entries) {
      for (const { clip, after } of changes) {
        if (action?.kind === "remove") shown.delete(clip);
        const known = shown.get(clip);
        if (known) shown.set(clip, changed(known, after));
      }
    }
    this.clips = [...shown.values()].sort((one, other) => one.start - other.start || one.end - other.end);
  }
}

function changed(clip: ClipView, fields: Entry["changes"][number]["after"]): ClipView {
  const next = { ...clip, ...fields };
  return { ...next, duration: next.end - next.start };
}
