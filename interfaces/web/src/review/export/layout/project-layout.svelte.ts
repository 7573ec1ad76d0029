import { answer, api } from "../../../api/client";
import { messageOf } from "../../../api/failures";
import type { ExportLayout } from "../../../api/schema";
import type { Review } from "../../data/review.svelte";

const NONE: ExportLayout = { framing: "center", facecam: "" };

/** How the exports of a project fill their shape: chosen once for all clips, and saved at once. */
export class ProjectLayout {
  failure = $state("");
  /** The camera that was found in the picture: null if there is none, undefined before anybody has looked. */
  found = $state<string | null | undefined>(undefined);
  searching = $state(false);
  private saving: Promise<void> = Promise.resolve();
  private wanted = $state.raw<ExportLayout | null>(null);

  constructor(private readonly review: Review) {}

  get value(): ExportLayout {
    return this.wanted ?? this.review.project?.layout ?? NONE;
  }

  /** The camera's rectangle: the one that a person drew, or else the one that was found; empty if there is none. */
  get camera(): string {
    return this.value.facecam || (this.found ?? "");
  }

  set(change: Partial<ExportLayout>): void {
    const layout = { ...this.value, ...change };
    this.wanted = layout;
    this.saving = this.saving.then(() => this.save(layout));
  }

  /** Resolves when all that was chosen is saved. */
  saved(): Promise<void> {
    return this.saving;
  }

  async find(): Promise<void> {
    if (this.searching || this.found !== undefined) return;
    this.searching = true;
    this.failure = "";
    try {
      const params = { path: { project_id: this.review.projectId } };
      this.found = (await answer(api.GET("/api/projects/{project_id}/facecam", { params }))).facecam;
    } catch (error) {
      this.failure = messageOf(error);
    } finally {
      this.searching = false;
    }
  }

  private async save(layout: ExportLayout): Promise<void> {
    try {
      await this.review.changeProject((params) =>
        answer(api.PATCH("/api/projects/{project_id}", { params, body: { layout } })),
      );
      this.failure = "";
    } catch (error) {
      this.failure = messageOf(error);
    }
    if (this.wanted === layout) this.wanted = null;
  }
}
