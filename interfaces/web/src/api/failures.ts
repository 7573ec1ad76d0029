import type { Problem } from "./schema";

/** The server refused: its problem document says why and what to do. */
export class Refusal extends Error {
  readonly status: number;
  readonly code: string;

  constructor(status: number, code: string, detail: string) {
    super(detail);
    this.status = status;
    this.code = code;
  }

  /** What an answer refuses; `meanings` says in the reader's language what its code means. */
  static of(
    response: Response,
    problem: Partial<Problem> | undefined,
    meanings: Readonly<Record<string, string>>,
  ): Refusal {
    return new Refusal(
      response.status,
      problem?.code ?? "unknown",
      explained(problem ?? {}, meanings) ?? `${response.status} ${response.statusText}`,
    );
  }
}

/** The server's words for a problem, behind what its code means; null if it has none. */
export function explained(
  { code = "", detail }: Partial<Problem>,
  meanings: Readonly<Record<string, string>>,
): string | null {
  return [meanings[code], detail].filter(Boolean).join(": ") || null;
}

/** No answer came: the server is down, or the network is. */
export class Unreachable extends Error {}

/** Refusals that say nothing about what was asked: somebody must sign in again, or wait. */
const LATER = new Set([401, 408, 429]);

/** Whether trying again later can help: nobody answered, the server is busy or in trouble, or the token has changed. */
export function isTemporary(failure: unknown): boolean {
  return (
    failure instanceof Unreachable ||
    (failure instanceof Refusal && (LATER.has(failure.status) || failure.status >= 500))
  );
}

export function messageOf(failure: unknown): string {
  return failure instanceof Error ? failure.message : String(failure);
}
