/** Asking a busy server again, as the clients do that Spacelift is built with. */
import { setTimeout } from 'node:timers/promises';

/** Statuses of servers that may answer otherwise in a moment. */
const BUSY: readonly (number | undefined)[] = [429, 500, 502, 503, 504];
/** Before each further attempt, ms. */
const PAUSES_MS = [200, 800] as const;
/** Who asks for more patience than this gets none, ms. */
const LONGEST_MS = 2000;

/** How a server says no. */
export interface BusyHint {
  /** HTTP. */
  readonly status: number | undefined;
  /** Whether it is busy, where the service says so in other ways than by the status. */
  readonly busy?: boolean;
  /** How long it asks to wait, ms. */
  readonly retryAfterMs: number | undefined;
}

/** The header of this name (RFC 9110, section 10.2.3): seconds, or a date; in ms. */
export function retryAfterIn(header: string | undefined): number | undefined {
  if (header === undefined) return undefined;
  if (/^\d{1,9}$/.test(header)) return Number(header) * 1000;
  // An HTTP date begins with the day of the week; Date.parse makes dates of other things too.
  const date = /^[A-Z][a-z]+, /.test(header) ? Date.parse(header) : Number.NaN;
  return Number.isNaN(date) ? undefined : Math.max(0, date - Date.now());
}

/** How an answer of HTTP says no; `undefined` for what is none. */
export function busyHintIn(outcome: unknown): BusyHint | undefined {
  const { status, headers } = (outcome ?? {}) as { status?: number; headers?: Readonly<Record<string, unknown>> };
  if (headers === undefined) return undefined;
  const header = headers['retry-after'];
  return { status, retryAfterMs: retryAfterIn(typeof header === 'string' ? header : undefined) };
}

/**
 * Asks up to three times, as long as the server is busy.
 * @param noOf how the server says no by a result, or by what `ask` throws; `undefined` when that is no answer of a server
 * @param signal ends the waiting
 * @returns the last result @throws what `ask` threw last
 */
export async function withRetry<T>(
  ask: () => Promise<T>,
  noOf: (outcome: unknown) => BusyHint | undefined,
  signal?: AbortSignal,
): Promise<T> {
  for (let attempt = 0; ; attempt++) {
    const [asked] = await Promise.allSettled([ask()]);
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
