import { addressOf } from "./address";
import { openStream } from "./client";
import { connection } from "./connection.svelte";
import { Refusal } from "./failures";
import { t } from "../messages/index.svelte";
import type { Problem } from "./schema";

const LONGEST_PAUSE_MS = 15_000;
/** The server sends something every 15 s; a stream that is silent for longer has broken off without a word. */
const SILENCE_MS = 60_000;

/**
 * Follow a stream of server-sent events until `stop` is called; it is opened again whenever it breaks off. What keeps
 * events from coming is shown by every page and dialog, unless `onTrouble` takes it.
 */
export function followEvents(
  path: string,
  onEvent: (name: string, data: unknown) => void,
  onTrouble: (reason: string) => void = (reason) => connection.note(reason),
): () => void {
  const stopping = new AbortController();
  const receive = (name: string, data: unknown) => {
    if (name === "trouble") onTrouble((data as { detail: string }).detail);
    else onEvent(name, data);
  };
  void follow(path, receive, stopping.signal);
  return () => stopping.abort();
}

async function follow(path: string, onEvent: (name: string, data: unknown) => void, signal: AbortSignal) {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const response = await openStream(addressOf(path), { signal, headers: { Accept: "text/event-stream" } });
      if (response.ok && response.body) {
        pause = 500;
        await readEvents(response.body, onEvent);
      } else {
        const problem = (await response.json().catch(() => undefined)) as Problem | undefined;
        connection.note(Refusal.of(response, problem, t.refusals).message);
      }
    } catch {
      // Broken off: it is opened again below, and that nobody answers is shown already.
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (name: string, data: unknown) => void) {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const silence = setTimeout(() => void reader.cancel(), SILENCE_MS);
    const { done, value } = await reader.read().finally(() => clearTimeout(silence));
    if (done) return;
    const blocks = (rest + value).split(/\r?\n\r?\n/);
    rest = blocks.pop() ?? "";
    for (const block of blocks) passOn(block, onEvent);
  }
}

/** Read one event (HTML Living Standard, section 9.2.6); comments that keep the line alive have no data. */
function passOn(block: string, onEvent: (name: string, data: unknown) => void): void {
  const lines = block.split(/\r?\n/);
  const field = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /, ""));
  const data = field("data");
  if (data.length === 0) return;
  const [name, content] = [field("event")[0] ?? "message", JSON.parse(data.join("\n")) as unknown];
  onEvent(name, content);
}
