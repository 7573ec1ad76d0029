import { answer, api } from "../api/client";
import { followEvents } from "../api/events";
import { messageOf } from "../api/failures";
import type { Job, ProjectView } from "../api/schema";

const PAGE = 24;
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
  private limit = PAGE;

  follow(): () => void {
    return followEvents("/api/jobs/events", (name, data) => {
      if (name === "job") this.note(data as Job);
    });
  }

  async load(): Promise<void> {
    try {
      const search = this.search.trim();
      const query = { limit: this.limit, ...(search ? { search } : {}) };
      const listing = await answer(api.GET("/api/projects", { params: { query } }));
      this.items = listing.items;
      this.total = listing.total;
      this.failure = "";
    } catch (error) {
      this.failure = messageOf(error);
    } finally {
      this.loaded = true;
    }
  }

  async more(): Promise<void> {
    this.limit = Math.min(1000, this.limit + 4 * PAGE);
    await this.load();
  }

  private note(job: Job): void {
    if (!job.project_id) return;
    const before = this.jobs[job.project_id];
    if (before && before.id !== job.id && (before.created_at ?? "") > (job.created_at ?? "")) return;
    this.jobs[job.project_id] = job;
    const known = this.items.some((project) => project.id === job.project_id);
    if (!known || (hasEnded(job) && before && !hasEnded(before))) void this.load();
  }
}
