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

  static of(response: Response, problem: Partial<Problem> | undefined): Refusal {
    const detail = problem?.detail || `${response.status} ${response.statusText}`;
    return new Refusal(response.status, problem?.code ?? "unknown", detail);
  }
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
