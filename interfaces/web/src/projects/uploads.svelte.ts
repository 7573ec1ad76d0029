import { addressOf, pageFolder } from "../api/address";
import { answer, api } from "../api/client";
import { explained, messageOf } from "../api/failures";
import { type KeyHeaders, Once } from "../api/once.svelte";
import type { Problem } from "../api/schema";
import { session } from "../api/session.svelte";
import { t } from "../messages/index.svelte";

const RETRY_MS = [0, 1000, 3000, 5000, 10_000, 30_000, 60_000];

/** A file on its way to the server. */
export class UploadingFile {
  sent = $state(0);
  state = $state<"waiting" | "sending" | "failed" | "done">("waiting");
  failure = $state("");
  /** Id of the project that it became; null before all of it is there. */
  project: string | null = null;
  cancel: () => void = () => {};
  readonly starting = new Once();

  constructor(readonly file: File) {}

  get share(): number {
    return this.file.size > 0 ? this.sent / this.file.size : 0;
  }
}

/** Files that are sent one after the other, each going on where it broke off, and analyzed once they are there. */
export class Uploads {
  files = $state<UploadingFile[]>([]);
  private sending: Promise<void> = Promise.resolve();

  constructor(private readonly onAdded: () => void) {}

  add(files: Iterable<File>): void {
    for (const file of files) {
      const uploading = new UploadingFile(file);
      this.files.push(uploading);
      const added = this.files.at(-1) ?? uploading;
      this.sending = this.sending.then(() => this.send(added));
    }
  }

  drop(file: UploadingFile): void {
    file.cancel();
    this.files = this.files.filter((other) => other !== file);
  }

  /** Try a file again; what the server has already is not sent again. */
  retry(file: UploadingFile): void {
    this.sending = this.sending.then(() => this.send(file));
  }

  private async send(uploading: UploadingFile): Promise<void> {
    if (!this.files.includes(uploading)) return;
    uploading.state = "sending";
    uploading.failure = "";
    try {
      const project = (uploading.project ??= await transfer(uploading));
      if (project) await uploading.starting.run((headers) => analyze(project, headers));
      uploading.state = "done";
      this.files = this.files.filter((other) => other !== uploading);
    } catch (error) {
      uploading.state = "failed";
      uploading.failure = messageOf(error);
    }
    this.onAdded();
  }
}

/** Begin to analyze a project that was added. */
export async function analyze(project: string, headers: KeyHeaders): Promise<void> {
  const params = { path: { project_id: project }, header: headers(project) };
  await answer(api.POST("/api/projects/{project_id}/analyze", { params, body: null }));
}

/** Send a file with the tus protocol; returns the id of the project it became. */
async function transfer(uploading: UploadingFile): Promise<string | null> {
  const tus = await import("tus-js-client");
  let project: string | null = null;
  return new Promise((resolve, reject) => {
    const upload = new tus.Upload(uploading.file, {
      endpoint: addressOf("/api/uploads"),
      httpStack: new BelowThePage(new tus.DefaultHttpStack({})),
      headers: session.headers(),
      metadata: { filename: uploading.file.name },
      retryDelays: RETRY_MS,
      removeFingerprintOnSuccess: true,
      onProgress: (sent) => (uploading.sent = sent),
      onAfterResponse: (_request, response) => {
        project = response.getHeader("Autoclip-Project") ?? project;
      },
      onSuccess: () => resolve(project),
      onError: (error) => reject(new Error(reasonOf(error))),
    });
    uploading.cancel = () => {
      void upload.abort(true);
      resolve(null);
    };
    const begin = (previous?: import("tus-js-client").PreviousUpload) => {
      if (previous) upload.resumeFromPreviousUpload(previous);
      upload.start();
    };
    // A browser that keeps no list of earlier uploads begins anew.
    upload.findPreviousUploads().then(
      ([previous]) => begin(previous),
      () => begin(),
    );
  });
}

/** What the server said of an upload it refused, or what the browser said of the line. */
function reasonOf(error: Error & { originalResponse?: { getBody: () => string } | null }): string {
  try {
    const said = explained(JSON.parse(error.originalResponse?.getBody() ?? "") as Partial<Problem>, t.refusals);
    if (said) return said;
  } catch {
    // No problem document: the message says what is known.
  }
  return error.message;
}

type HttpStack = import("tus-js-client").HttpStack;

/** The server names uploads by their path on it; behind a proxy that path lies below the page's own. */
class BelowThePage implements HttpStack {
  constructor(private readonly stack: HttpStack) {}

  createRequest(method: string, url: string) {
    const { pathname } = new URL(url, pageFolder);
    const own = pathname.startsWith(pageFolder.pathname) || !pathname.startsWith("/api/");
    return this.stack.createRequest(method, own ? url : addressOf(pathname));
  }

  getName(): string {
    return this.stack.getName();
  }
}
