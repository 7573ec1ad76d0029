import { answer, api } from "../../api/client";
import type { ClipView, Operation } from "../../api/schema";
import type { Entry } from "./outbox.svelte";

/** What is asked of the server beside changes of fields: it makes clips, or removes them. */
export type Action =
  | { readonly kind: "split"; readonly at: number }
  | { readonly kind: "exclude"; readonly start: number; readonly end: number }
  | { readonly kind: "merge"; readonly neighbor: "previous" | "next" }
  | { readonly kind: "duplicate" }
  | { readonly kind: "remove" }
  | { readonly kind: "create"; readonly start: number; readonly end: number; readonly name: string };

/** An entry that holds an action; all but `create` begin from the clip of its only change. */
export type ActionEntry = Entry & { readonly action: Action };
export const isAction = (entry: Entry): entry is ActionEntry => entry.action !== undefined;

/** Have the server do what an entry asks for; the clips that it has made or changed. */
export async function perform(project: string, { action, changes: [change] }: ActionEntry): Promise<ClipView[]> {
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
