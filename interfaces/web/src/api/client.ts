import createClient from "openapi-fetch";
import { pageFolder } from "./address";
import { connection, isCalledOff, limited } from "./connection.svelte";
import { claimEarly } from "./early";
import { Refusal, Unreachable } from "./failures";
import { t } from "../messages/index.svelte";
import type { paths } from "./schema";
import { session } from "./session.svelte";

/** Typed by the server's OpenAPI document; `answer` turns its results into values or failures. */
export const api = createClient<paths>({ baseUrl: pageFolder.href.replace(/\/$/, ""), fetch: guardedFetch });

/** Fetch all of an answer, in limited time; with the token. A 401 leads to the sign-in page. */
export async function guardedFetch(request: Request | string, init?: RequestInit): Promise<Response> {
  const guarded = withToken(new Request(request, init));
  const answer = claimEarly(guarded) ?? fetch(guarded, { signal: limited(guarded.signal) });
  return passed(answer.then(whole));
}

/** Begin to fetch an answer that has no end, such as a stream of events. */
export async function openStream(address: string, init: RequestInit): Promise<Response> {
  return passed(fetch(withToken(new Request(address, init))));
}

function withToken(request: Request): Request {
  for (const [name, value] of Object.entries(session.headers())) request.headers.set(name, value);
  return request;
}

/** Statuses whose answers have no body (Fetch Standard, "null body status"); Chromium gives them an empty one. */
const WITHOUT_BODY = new Set([204, 205, 304]);

/** An answer whose body is here: a line that breaks off in the middle of it is found out now. */
async function whole(response: Response): Promise<Response> {
  if (WITHOUT_BODY.has(response.status)) return response;
  return response.body ? new Response(await response.arrayBuffer(), response) : response;
}

async function passed(request: Promise<Response>): Promise<Response> {
  try {
    const response = await connection.watch(request);
    if (response.status === 401) session.needsToken = true;
    return response;
  } catch (error) {
    if (isCalledOff(error)) throw error;
    throw new Unreachable(t.shell.unreachable, { cause: error });
  }
}

interface Result<Data> {
  data?: Data;
  error?: unknown;
  response: Response;
}

/** The value of an answer; throws `Refusal` or `Unreachable`. */
export async function answer<Data>(call: Promise<Result<Data>>): Promise<NonNullable<Data>> {
  const { data, error, response } = await call;
  if (!response.ok) throw Refusal.of(response, error as object | undefined, t.refusals);
  return data as NonNullable<Data>;
}
