import createClient from "openapi-fetch";
import { pageFolder } from "./address";
import { claimEarly } from "./early";
import { Refusal, Unreachable } from "./failures";
import { t } from "../messages/index.svelte";
import type { paths } from "./schema";
import { session } from "./session.svelte";

/** Typed by the server's OpenAPI document; `answer` turns its results into values or failures. */
export const api = createClient<paths>({ baseUrl: pageFolder.href.replace(/\/$/, ""), fetch: guardedFetch });

/** `fetch` with the token; a 401 leads to the sign-in page. */
export async function guardedFetch(request: Request | string, init?: RequestInit): Promise<Response> {
  const guarded = new Request(request, init);
  for (const [name, value] of Object.entries(session.headers())) guarded.headers.set(name, value);
  let response: Response;
  try {
    response = await (claimEarly(guarded) ?? fetch(guarded));
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new Unreachable(t.shell.unreachable, { cause: error });
  }
  if (response.status === 401) session.needsToken = true;
  return response;
}

interface Result<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The value of an answer; throws `Refusal` or `Unreachable`. */
export async function answer<Data>(call: Promise<Result<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await call;
  if (!response.ok) throw Refusal.of(response, error as object | undefined);
  return data as NonNullable<Data>;
}
