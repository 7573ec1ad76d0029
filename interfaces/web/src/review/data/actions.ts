import { answer, api } from "../../api/client";
import type { ClipView, Operation, OperationLog } from "../../api/schema";
import { type Change, type Entry, isReplay, type Replay } from "./outbox.svelte";

/** What is asked of the server beside changes of fields: it makes clips, or removes them. */
export type Action =
  | { readonly kind: "split"; readonly at: number }
  | { readonly kind: "exclude"; readonly start: number; readonly end: number }
  | { readonly kind: "merge"; readonly neighbor: "previous" | "next" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "remove" }
  | { readonly kind: "create"; readonly start: number; readonly end: number; readonly name: string }
  | Replay;

/** An entry that holds an action; those of one clip begin from that of its only change. */
export type ActionEntry = Entry & { readonly action: Action };
export const isAction = (entry: Entry): entry is ActionEntry => entry.action !== undefined;

/** Where the log stands, and the numbers of the operations that are taken back or done again next. */
export type LogEnds = Pick<OperationLog, "revision" | "undo" | "redo">;

/** What an action has made or changed, the ids of what it has removed, and where the log is then, if that is known. */
export interface Outcome {
  readonly clips: ClipView[];
  readonly removed: readonly string[];
  readonly log?: LogEnds;
}

/** Have the server do what an entry asks for. */
export async function perform(project: string, entry: ActionEntry): Promise<Outcome> {
  const { action, changes } = entry;
  if (isReplay(action)) return replay(project, action, entry.since ?? 0);
  const removed = action.kind === "remove" ? changes.map(({ clip }) => clip) : [];
  return { clips: await made(project, action, changes[0]), removed };
}

async function replay(project: string, { kind }: Replay, since: number): Promise<Outcome> {
  const params = { path: { project_id: project }, header: { "if-match": `"${since}"` } };
  const done = await answer(
    kind === "undo"
      ? api.POST("/api/projects/{project_id}/undo", { params })
      : api.POST("/api/projects/{project_id}/redo", { params }),
  );
  return { ...done, log: done };
}

type ClipAction = Exclude<Action, Replay>;

async function made(project: string, action: ClipAction, change: Change | undefined): Promise<ClipView[]> {
  const path = { clip_id: change?.clip ?? "" };
  const params = { path, header: { "if-match": `"${change?.revision ?? 0}"` } };
  switch (action.kind) {
    case "split":
      return (await answer(api.POST("/api/clips/{clip_id}/split", { params, body: { at: action.at } }))).clips;
    case "exclude": {
      const { start, end } = action;
      return (await answer(api.POST("/api/clips/{clip_id}/exclude", { params, body: { start, end } }))).clips;
    }
    case "merge": {
      const { neighbor } = action;
      return [await answer(api.POST("/api/clips/{clip_id}/merge", { params, body: { neighbor } }))];
    }
    case "duplicate":
      return [await answer(api.POST("/api/clips/{clip_id}/duplicate", { params: { path } }))];
    case "remove":
      await answer(api.DELETE("/api/clips/{clip_id}", { params }));
      return [];
    case "create": {
      const { start, end, name } = action;
      const of = { path: { project_id: project } };
      return [await answer(api.POST("/api/projects/{project_id}/clips", { params: of, body: { start, end, name } }))];
    }
  }
}

/** Whether an operation of the log is what an entry asks for: its answer may have been lost. */
export function isDoneBy({ kind, undone, changes }: Operation, { action, changes: [change] }: ActionEntry): boolean {
  if (isReplay(action)) return undone === (action.kind === "undo");
  if (undone) return false;
  const ofClip = changes.find(({ id }) => id === change?.clip);
  switch (action.kind) {
    case "create":
      return (
        kind === "create" &&
        changes.some(({ after }) => after?.["start"] === action.start && after["end"] === action.end)
      );
    case "duplicate":
      return kind === "duplicate";
    case "exclude":
      return (kind === "split" || kind === "trim") && ofClip !== undefined;
    case "remove":
      return kind === "delete" && ofClip !== undefined;
    default:
      return kind === action.kind && ofClip !== undefined;
  }
}
