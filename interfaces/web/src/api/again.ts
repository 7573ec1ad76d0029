import { connection } from "./connection.svelte";
import { isTemporary, messageOf, Refusal } from "./failures";

const FIRST_PAUSE_MS = 1_000;
const LONGEST_PAUSE_MS = 15_000;

/**
 * Ask again, at growing intervals, until an answer comes that is still wanted; null once it is not. The page says
 * meanwhile why none comes, unless `onTrouble` takes it. Throws what trying again can't help.
 */
export async function untilAnswered<Value>(
  ask: () => Promise<Value>,
  wanted: () => boolean,
  onTrouble?: (reason: string) => void,
): Promise<Value | null> {
  for (let pause = FIRST_PAUSE_MS; wanted(); pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    try {
      const answer = await noted(ask(), onTrouble);
      return wanted() ? answer : null;
    } catch (error) {
      if (!wanted()) return null;
      if (!isTemporary(error)) throw error;
    }
    await new Promise((resolve) => setTimeout(resolve, pause));
  }
  return null;
}

/** The answer to a request that will be asked again: the page says what the server can't do at present. */
export async function noted<Value>(
  request: Promise<Value>,
  onTrouble: (reason: string) => void = (reason) => connection.note(reason),
): Promise<Value> {
  try {
    return await request;
  } catch (error) {
    if (error instanceof Refusal && isTemporary(error)) onTrouble(messageOf(error));
    throw error;
  }
}
