import { untilAnswered } from "../../api/again";
import { answer, api } from "../../api/client";
import { followEvents } from "../../api/events";
import { messageOf } from "../../api/failures";
import { Once } from "../../api/once.svelte";
import type {
  ClipView,
  CompoundView,
  ExportView,
  FolderVerdict,
  Job,
  ParameterView,
  PlatformView,
} from "../../api/schema";
import { hasEnded } from "../../projects/projects.svelte";
import type { Review } from "../data/review.svelte";
import { ProjectLayout } from "./layout/project-layout.svelte";

export type Value = string | number | boolean;
export type Choice = "kept" | "current" | "all" | "compound";

const OF_LAYOUT = ["framing", "facecam"] as const;
const isOfLayout = (name: string): name is (typeof OF_LAYOUT)[number] => OF_LAYOUT.some((one) => one === name);

/** An export from its settings to its files. */
export class Exporting {
  parameters = $state.raw<readonly ParameterView[]>([]);
  /** What differs from the defaults, by name. */
  changed = $state.raw<Readonly<Record<string, Value>>>({});
  choice = $state<Choice>("kept");
  job = $state.raw<Job | null>(null);
  files = $state.raw<readonly ExportView[]>([]);
  failure = $state("");
  /** Why no job can be started or watched at present; empty while they can. */
  trouble = $state("");
  private stop: (() => void) | null = null;
  private closed = false;

  compounds = $state.raw<readonly CompoundView[]>([]);
  platforms = $state.raw<readonly PlatformView[]>([]);
  /** Folder on the server that files go to; empty: the project's own. */
  destination = $state("");
  verdict = $state.raw<FolderVerdict | null>(null);

  readonly layout: ProjectLayout;
  readonly starting = new Once();

  constructor(private readonly review: Review) {
    this.layout = new ProjectLayout(review);
    this.destination = review.project?.output_folder ?? "";
    if (review.counts.kept === 0) this.choice = review.current ? "current" : "all";
  }

  /** The clips that would be exported, in order of time. */
  get clips() {
    const { clips } = this.review.store;
    if (this.choice === "kept") return clips.filter(({ verdict }) => verdict === "kept");
    if (this.choice === "all") return clips.filter(({ verdict }) => verdict !== "rejected");
    if (this.choice === "compound") return [];
    return clips.filter(({ id }) => id === this.review.currentId);
  }

  /** How many files that makes. */
  get fileCount(): number {
    return this.choice === "compound" ? this.compounds.length : this.clips.length;
  }

  /** The platform the files are for, if one is chosen. */
  get platform(): PlatformView | null {
    return this.platforms.find(({ name }) => name === this.valueOf("platform")) ?? null;
  }

  /** The clips that the platform does not take: they are too short, or too long and not to be fitted. */
  get unfit(): readonly ClipView[] {
    const { platform } = this;
    if (!platform) return [];
    return this.clips.filter((clip) => clip.duration < platform.shortest_sec || (!this.fits && this.isTooLong(clip)));
  }

  /** Whether clips beyond the platform's limits end earlier and files are made smaller. */
  get fits(): boolean {
    return this.valueOf("over_limit") === "fit";
  }

  isTooLong({ duration }: ClipView): boolean {
    return this.platform !== null && duration > this.platform.longest_sec;
  }

  fit(): void {
    this.changed = { ...this.changed, over_limit: "fit" };
  }

  async load(): Promise<void> {
    this.failure = "";
    try {
      const params = { path: { project_id: this.review.projectId } };
      const [schema, compounds] = await Promise.all([
        answer(api.GET("/api/settings")),
        answer(api.GET("/api/projects/{project_id}/compound-clips", { params })),
      ]);
      this.parameters = schema.export;
      this.platforms = schema.platforms;
      this.compounds = compounds.items;
      await this.resume();
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  /** Show the latest export again: it goes on, and its files are there, while the dialog is closed. */
  private async resume(): Promise<void> {
    const params = { path: { project_id: this.review.projectId } };
    const jobs = await untilAnswered(
      () => answer(api.GET("/api/projects/{project_id}/jobs", { params })),
      () => !this.job && !this.closed,
      (reason) => (this.trouble = reason),
    );
    if (jobs) this.trouble = "";
    const last = jobs?.items.find(({ type }) => type === "export-batch");
    if (!last) return;
    if (!hasEnded(last)) this.follow(last);
    else if (last.state === "completed") await this.note(last);
  }

  valueOf(name: string): Value {
    if (isOfLayout(name)) return this.layout.value[name] ?? "";
    return this.changed[name] ?? this.parameters.find((parameter) => parameter.name === name)?.value ?? "";
  }

  /** Whether a setting is not what it is by default. */
  isChanged({ name, value }: ParameterView): boolean {
    return isOfLayout(name) ? this.valueOf(name) !== value : name in this.changed;
  }

  set(parameter: ParameterView, value: Value): void {
    if (isOfLayout(parameter.name)) {
      this.layout.set({ [parameter.name]: value });
      return;
    }
    const { [parameter.name]: _before, ...others } = this.changed;
    this.changed = value === parameter.value ? others : { ...others, [parameter.name]: value };
  }

  /** Ask whether files can be written to the folder that is named. */
  async checkDestination(): Promise<void> {
    this.verdict = null;
    const path = this.destination.trim();
    if (!path) return;
    const named = () => path === this.destination.trim();
    try {
      const verdict = await answer(api.POST("/api/folders/validate", { body: { path, purpose: "output" } }));
      if (!named()) return;
      this.verdict = verdict;
      this.failure = "";
    } catch (error) {
      if (named()) this.failure = messageOf(error);
    }
  }

  private async setDestination(): Promise<void> {
    const { project } = this.review;
    const folder = this.destination.trim() || null;
    if (!project || folder === (project.output_folder ?? null)) return;
    await this.review.changeProject((params) =>
      answer(api.POST("/api/projects/{project_id}/output-folder", { params, body: { folder } })),
    );
  }

  async start(): Promise<void> {
    this.failure = "";
    this.files = [];
    try {
      const job = await this.starting.run(async (headers) => {
        await this.review.outbox.drained();
        await this.layout.saved();
        await this.setDestination();
        const chosen =
          this.choice === "compound"
            ? { compound_ids: this.compounds.map(({ id }) => id) }
            : { clip_ids: this.clips.map(({ id }) => id) };
        const body = { ...chosen, settings: { ...this.changed }, kept: false, all: false };
        const params = { path: { project_id: this.review.projectId }, header: headers(body) };
        return answer(api.POST("/api/projects/{project_id}/exports/batch", { params, body }));
      });
      if (job) this.follow(job);
    } catch (error) {
      this.failure = messageOf(error);
    }
  }

  close(): void {
    this.closed = true;
    this.stop?.();
  }

  /** Show how far an export is, and its files when it has ended. */
  follow(job: Job): void {
    this.job = job;
    this.files = [];
    this.stop?.();
    this.stop = followEvents(`/api/jobs/${job.id}/events`, (name, data) => {
      if (name === "job") void this.note(data as Job).catch((error: unknown) => (this.failure = messageOf(error)));
    });
  }

  private async note(job: Job): Promise<void> {
    this.job = job;
    if (!hasEnded(job)) return;
    this.stop?.();
    const params = {
      path: { project_id: this.review.projectId },
      query: { job_id: job.id, limit: 1000, sort: "name" as const },
    };
    const exports = await untilAnswered(
      () => answer(api.GET("/api/projects/{project_id}/exports", { params })),
      () => this.job === job && !this.closed,
    );
    if (exports) this.files = exports.items;
  }
}
