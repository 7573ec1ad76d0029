import { addressOf } from "./address";
import { authorization, storedToken } from "./token";

/** An answer that was asked for early is of use for so long. */
const FRESH_MS = 5_000;
export const MAX_CLIPS = 1000;

const asked = new Map<string, { readonly answer: Promise<Response>; readonly at: number }>();

/** Ask for what a review begins with while the rest of the page is still being read: a third of the wait is over then. */
export function askEarly(hash: string): void {
  const project = /^#\/projects\/(\w+)/.exec(hash)?.[1];
  if (!project) return;
  const base = `/api/projects/${project}`;
  for (const path of ["", `/clips?limit=${MAX_CLIPS}`, "/operations?limit=0", "/playback"]) {
    const answer = fetch(addressOf(base + path), { headers: authorization(storedToken()) });
    answer.catch(() => undefined); // Whoever claims it is told.
    asked.set(addressOf(base + path), { answer, at: performance.now() });
  }
}

/** The answer to a request that was asked early, once; undefined if it was not, or too long ago. */
export function claimEarly(request: Request): Promise<Response> | undefined {
  if (request.method !== "GET") return undefined;
  const found = asked.get(request.url);
  asked.delete(request.url);
  return found && performance.now() - found.at < FRESH_MS ? found.answer : undefined;
}
