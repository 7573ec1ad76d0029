import { addressOf } from "./address";
import { answer, api } from "./client";
import { session } from "./session.svelte";

const LIFETIME_SEC = 3600;
const MARGIN_SEC = 300;

interface KnownLink {
  url: string;
  expiresAt: number | null;
}

const known = new Map<string, KnownLink>();

/** Address of a file that an element may load by itself: signed where the server asks for a token, renewed in time. */
export async function mediaLink(path: string): Promise<string> {
  if (session.token === null) return addressOf(path);
  const link = known.get(path);
  if (link && (link.expiresAt === null || link.expiresAt - Date.now() / 1000 > MARGIN_SEC)) return link.url;
  const [bare, query] = path.split("?");
  const signed = await answer(api.POST("/api/links", { body: { path: bare ?? path, lifetime_sec: LIFETIME_SEC } }));
  const url = addressOf(signed.url + (query ? `${signed.url.includes("?") ? "&" : "?"}${query}` : ""));
  known.set(path, { url, expiresAt: signed.expires_at });
  return url;
}

/** Sign a link anew: the one there was has expired, or the token has changed. */
export async function renewLink(path: string): Promise<string> {
  known.delete(path);
  return mediaLink(path);
}
