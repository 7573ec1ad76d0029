import { answer, api } from "../../api/client";
import { followEvents } from "../../api/events";
import { messageOf } from "../../api/failures";
import { mediaLink, renewLink } from "../../api/links";
import { Once } from "../../api/once.svelte";
import type { Job, Playback } from "../../api/schema";
import { t } from "../../messages/index.svelte";

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
  /** Grows whenever the file is to be loaded anew, also from the same address. */
  version = $state(0);
  private renewedAt = -Infinity;
  private renewing = false;
  private readonly copying = new Once();

  constructor(private readonly project: string) {}

  /** The media time of the video's first frame, from which all times count. */
  get firstFrameSec(): number {
    return this.playback?.first_frame_sec ?? 0;
  }

  async load(link: (path: string) => Promise<string> = mediaLink): Promise<void> {
    const params = { path: { project_id: this.project } };
    try {
      this.playback = await answer(api.GET("/api/projects/{project_id}/playback", { params }));
      if (this.playback.url) this.url = await link(this.playback.url);
      this.failure = "";
      this.version += 1;
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** The file could not be loaded: its link may have expired, or nobody answered. Each of the players may say so. */
  async renew(): Promise<void> {
    if (this.renewing || this.failure) return;
    if (performance.now() - this.renewedAt < SHORTEST_RENEWAL_MS) {
      this.failure = t.player.broken;
      return;
    }
    this.renewing = true;
    await this.load(renewLink);
    this.renewing = false;
    this.renewedAt = performance.now();
  }

  /** Have a copy made that browsers play, and play it when it is there. */
  async makeCopy(): Promise<void> {
    const path = { project_id: this.project };
    try {
      const job = await this.copying.run((headers) =>
        answer(api.POST("/api/projects/{project_id}/proxy", { params: { path, header: headers("proxy") } })),
      );
      if (job) this.follow(job);
      this.failure = "";
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** Show how far the job is that makes the copy, and play it when it is there. */
  follow(job: Job): void {
    this.job = job;
    this.stop?.();
    this.stop = followEvents(`/api/jobs/${job.id}/events`, (name, data) => {
      if (name === "job") void this.note(data as Job);
    });
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
