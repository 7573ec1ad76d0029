import { addressOf } from "./address";
import { guardedFetch } from "./client";

const LONGEST_PAUSE_MS = 15_000;

/** Follow a stream of server-sent events until `stop` is called; it is opened again whenever it breaks off. */
export function followEvents(path: string, onEvent: (name: string, data: unknown) => void): () => void {
  const stopping = new AbortController();
  void follow(path, onEvent, stopping.signal);
  return () => stopping.abort();
}

async function follow(path: string, onEvent: (name: string, data: unknown) => void, signal: AbortSignal) {
  let pause = 500;
  while (!signal.aborted) {
    try {
      const response = await guardedFetch(addressOf(path), { signal, headers: { Accept: "text/event-stream" } });
      if (response.ok && response.body) {
        pause = 500;
        await readEvents(response.body, onEvent);
      }
    } catch {
      // Broken off: it is opened again below.
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
    pause = Math.min(2 * pause, LONGEST_PAUSE_MS);
  }
}

async function readEvents(body: ReadableStream<Uint8Array>, onEvent: (name: string, data: unknown) => void) {
  const reader = body.pipeThrough(new TextDecoderStream() as ReadableWritablePair<string, Uint8Array>).getReader();
  let rest = "";
  for (;;) {
    const { done, value } = await reader.read();
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
  if (data.length > 0) onEvent(field("event")[0] ?? "message", JSON.parse(data.join("\n")));
}
