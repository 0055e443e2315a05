/** Retries requests to a busy server, like Spacelift's own clients. */
import { setTimeout } from 'node:timers/promises';
import { asAttempt } from '../util/trace.ts';

/** Statuses that may go away in a moment. */
const BUSY: readonly (number | undefined)[] = [429, 500, 502, 503, 504];
/** The pause before each retry, ms. */
const PAUSES_MS = [200, 800] as const;
/** If a server asks for a longer wait, there is no retry; ms. */
const LONGEST_MS = 2000;

/** A server's refusal. */
export interface BusyHint {
  /** HTTP. */
  readonly status: number | undefined;
  /** Whether it is busy, if the service reports that other than by the status. */
  readonly busy?: boolean;
  /** How long it asks clients to wait, ms. */
  readonly retryAfterMs: number | undefined;
}

/** The Retry-After header (RFC 9110, section 10.2.3), seconds or a date; in ms. */
export function retryAfterIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  // An HTTP date starts with the day of the week; Date.parse accepts other texts too.
  const date = /^[A-Z][a-z]+, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** The hint in an HTTP response; `undefined` if it is not a response. */
export function busyHintIn(outcome: unknown): BusyHint | undefined {
  const { status, headers } = (outcome ?? {}) as { status?: number; headers?: Readonly<Record<string, unknown>> };
  if (headers === undefined) return undefined;
  const header = headers['retry-after'];
  return { status, retryAfterMs: retryAfterIn(typeof header === 'string' ? header : undefined) };
}

/**
 * Tries up to three times, as long as the server is busy.
 * @param noOf the server's refusal in a result of `ask` or in its error; `undefined` if neither comes from a server
 * @param signal ends the waiting
 * @returns the last result @throws the last error of `ask`
 */
export async function withRetry<T>(
  ask: () => Promise<T>,
  noOf: (outcome: unknown) => BusyHint | undefined,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const [asked] = await Promise.allSettled([asAttempt(attempt + 1, ask)]);
    const pause = pauseAfter(attempt, noOf(asked.status === 'fulfilled' ? asked.value : asked.reason));
    if (pause !== undefined) await setTimeout(pause, undefined, signal && { signal });
    else if (asked.status === 'fulfilled') return asked.value;
    else throw asked.reason;
  }
}

function pauseAfter(attempt: number, no: BusyHint | undefined): number | undefined {
  const usual = PAUSES_MS[attempt];
  if (usual === undefined || !(no?.busy ?? BUSY.includes(no?.status))) return undefined;
  const pause = Math.max(usual, no?.retryAfterMs ?? 0);
  return pause > LONGEST_MS ? undefined : pause;
}
