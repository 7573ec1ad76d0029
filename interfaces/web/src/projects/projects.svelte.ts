import { untilAnswered } from "../api/again";
import { answer, api } from "../api/client";
import { followEvents } from "../api/events";
import { messageOf } from "../api/failures";
import type { Job, ProjectView } from "../api/schema";
import { Trouble } from "../api/trouble.svelte";
import { t } from "../messages/index.svelte";
import { notices } from "../shell/notices.svelte";

const PAGE = 24;
/** The stream repeats every second what keeps jobs from being watched; so much later it is over. */
const TROUBLE_MS = 4_000;
const ENDED = new Set(["completed", "failed", "cancelled", "crashed"]);
export const hasEnded = (job: Job): boolean => ENDED.has(job.state);

/** The list of projects, kept fresh by the jobs that work on them. */
export class Projects {
  items = $state<ProjectView[]>([]);
  total = $state(0);
  search = $state("");
  failure = $state("");
  loaded = $state(false);
  /** The latest job of each project, by the project's id. */
  jobs = $state<Record<string, Job>>({});
  /** Jobs that no project belongs to yet, by their id. */
  loose = $state<Record<string, Job>>({});
  /** What the projects that are shown take of the disk, by their id; what is free. */
  disk = $state.raw<{ readonly bytes: ReadonlyMap<string, number>; readonly free: number } | null>(null);
  /** Why no job can be started or watched at present. */
  readonly trouble = new Trouble(TROUBLE_MS);
  private limit = PAGE;
  private asked = 0;

  follow(): () => void {
    const onEvent = (name: string, data: unknown) => {
      if (name === "job") this.note(data as Job);
    };
    const stop = followEvents("/api/jobs/events", onEvent, (reason) => this.trouble.note(reason));
    return () => {
      this.asked = Infinity;
      stop();
    };
  }

  async load(): Promise<void> {
    const number = (this.asked += 1);
    try {
      const search = this.search.trim();
      const query = { limit: this.limit, ...(search ? { search } : {}) };
      const listing = await answer(api.GET("/api/projects", { params: { query } }));
      if (number !== this.asked) return; // Another search has begun meanwhile.
      this.items = listing.items;
      this.total = listing.total;
      this.failure = "";
      void this.measureDisk(number);
    } catch (error) {
      if (number === this.asked) this.failure = messageOf(error);
    } finally {
      this.loaded = true;
    }
  }

  /** Sizes come after the list. */
  private async measureDisk(number: number): Promise<void> {
    const ids = this.items.map(({ id }) => id);
    if (ids.length === 0) return;
    const params = { query: { project_id: ids } };
    try {
      const use = await untilAnswered(
        () => answer(api.GET("/api/disk-use", { params })),
        () => number === this.asked,
      );
      if (!use) return;
      this.disk = { bytes: new Map(use.projects.map((one) => [one.project_id, one.bytes])), free: use.free_bytes };
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  async more(): Promise<void> {
    this.limit = Math.min(1000, this.limit + 4 * PAGE);
    await this.load();
  }

  /** Delete a project; it can be brought back. */
  async remove(project: ProjectView): Promise<void> {
    const params = { path: { project_id: project.id } };
    try {
      const header = { "if-match": `"${project.revision}"` };
      await answer(api.DELETE("/api/projects/{project_id}", { params: { ...params, header } }));
      const restore = async () => {
        try {
          await answer(api.POST("/api/projects/{project_id}/restore", { params }));
        } catch (error) {
          notices.say(messageOf(error));
        }
        await this.load();
      };
      notices.say(t.projects.removed(project.name), { label: t.shell.undo, run: () => void restore() }, 12_000);
    } catch (error) {
      notices.say(messageOf(error));
    }
    await this.load();
  }

  private noteLoose(job: Job): void {
    if (hasEnded(job) && !(job.id in this.loose)) return;
    if (job.state === "completed") delete this.loose[job.id];
    else this.loose[job.id] = job;
  }

  private note(job: Job): void {
    if (!job.project_id || job.type === "process-folder") {
      if (job.type !== "maintenance") this.noteLoose(job);
      return;
    }
    delete this.loose[job.id];
    const before = this.jobs[job.project_id];
    if (before && before.id !== job.id && (before.created_at ?? "") > (job.created_at ?? "")) return;
    this.jobs[job.project_id] = job;
    const known = this.items.some((project) => project.id === job.project_id);
    if (!known || (hasEnded(job) && before && !hasEnded(before))) void this.load();
  }
}
