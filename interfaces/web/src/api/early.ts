import { addressOf } from "./address";
import { authorization, storedToken } from "./token";

/** An answer that was asked for early is of use for so long. */
const FRESH_MS = 5_000;
export const MAX_CLIPS = 1000;

let video: HTMLVideoElement | null = null;
const asked = new Map<string, { readonly answer: Promise<Response>; readonly at: number }>();

/** Ask for what a review begins with while the rest of the page is still being read: a third of the wait is over then. */
export function askEarly(hash: string): void {
  const project = /^#\/projects\/(\w+)/.exec(hash)?.[1];
  if (!project) return;
  const base = `/api/projects/${project}`;
  // The video takes longest.
  for (const path of ["/playback", "", `/clips?limit=${MAX_CLIPS}`, "/operations?limit=0"]) {
    const answer = fetch(addressOf(base + path), { headers: authorization(storedToken()) });
    answer.catch(() => undefined); // Whoever claims it is told.
    asked.set(addressOf(base + path), { answer, at: performance.now() });
    if (path === "/playback" && storedToken() === null) openEarly(answer);
  }
}

/** Have the index of the video read, 10 MB in 4 h, as soon as its address is known. */
function openEarly(answer: Promise<Response>): void {
  const opened = document.createElement("video");
  video = opened;
  const load = async (response: Response) => {
    const playback = (await response.clone().json()) as { url?: string | null };
    if (response.ok && playback.url && !opened.src) opened.src = addressOf(playback.url);
  };
  answer.then(load).catch(() => undefined); // Whoever claims the answer is told.
}

/** The element that loads the video already, once. */
export function claimVideo(): HTMLVideoElement {
  const claimed = video ?? document.createElement("video");
  video = null;
  return claimed;
}

/** The answer to a request that was asked early, once; undefined if it was not, or too long ago. */
export function claimEarly(request: Request): Promise<Response> | undefined {
  if (request.method !== "GET") return undefined;
  const found = asked.get(request.url);
  asked.delete(request.url);
  return found && performance.now() - found.at < FRESH_MS ? found.answer : undefined;
}
