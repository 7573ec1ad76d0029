import { answer, api } from "../../api/client";
import { followEvents } from "../../api/events";
import { messageOf } from "../../api/failures";
import { mediaLink, renewLink } from "../../api/links";
import type { Job, Playback } from "../../api/schema";

const SHORTEST_RENEWAL_MS = 5_000;

/** What the player plays: the video itself, or a copy that browsers can play and that is made on request. */
export class Source {
  playback = $state.raw<Playback | null>(null);
  url = $state("");
  job = $state.raw<Job | null>(null);
  failure = $state("");
  private stop: (() => void) | null = null;
  /** Whether it is known what can be played, or why nothing can. */
  readonly answered: boolean = $derived(this.url !== "" || this.failure !== "" || this.playback?.url === null);
  private renewedAt = 0;

  constructor(private readonly project: string) {}

  /** The media time of the video's first frame, from which all times count. */
  get firstFrameSec(): number {
    return this.playback?.first_frame_sec ?? 0;
  }

  async load(): Promise<void> {
    const params = { path: { project_id: this.project } };
    try {
      this.playback = await answer(api.GET("/api/projects/{project_id}/playback", { params }));
      this.failure = "";
      if (this.playback.url) this.url = await mediaLink(this.playback.url);
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** The file could not be loaded: its link may have expired. */
  async renew(): Promise<void> {
    const path = this.playback?.url;
    if (!path || performance.now() - this.renewedAt < SHORTEST_RENEWAL_MS) return;
    this.renewedAt = performance.now();
    try {
      this.url = await renewLink(path);
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** Have a copy made that browsers play, and play it when it is there. */
  async makeCopy(): Promise<void> {
    const params = { path: { project_id: this.project } };
    try {
      this.job = await answer(api.POST("/api/projects/{project_id}/proxy", { params }));
      this.failure = "";
      this.stop = followEvents(`/api/jobs/${this.job.id}/events`, (name, data) => {
        if (name === "job") void this.note(data as Job);
      });
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  close(): void {
    this.stop?.();
  }

  private async note(job: Job): Promise<void> {
    this.job = job;
    if (!["completed", "failed", "crashed", "cancelled"].includes(job.state)) return;
    this.stop?.();
    if (job.state === "completed") {
      this.job = null;
      await this.load();
    }
  }
}
