/**
 * A pooler without a server keeps its clients waiting in silence, but often tells the next client why: PgBouncer refuses
 * new sessions at once after a failed login to its server (`server_login_retry`), and keeps those that were there before.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { ServerError } from './server-error.ts';

/** How long a session may be silent before another one is tried, and how long that one has; ms. */
const SILENCE_MS = 3_000;

/** Limits that the second session itself may have reached. */
const isOwnFault = ({ refusal }: ServerError): boolean =>
  refusal.kind === 'pooler' && (refusal.reason === 'limit' || refusal.reason === 'server-full');

/**
 * Waits for a session; while it is silent, asks again and again what another session would be told.
 * @param isSilent whether the server has responded at all, and now keeps the session waiting
 * @param ask opens another session and closes it; its errors are the server's answer
 * @throws the error of `session`, or a ServerError from `ask`
 */
export async function withSecondOpinion<T>(
  session: Promise<T>,
  isSilent: () => boolean,
  ask: (signal: AbortSignal) => Promise<unknown>,
): Promise<T> {
  const stop = new AbortController();
  const asking = async (): Promise<never> => {
    for (;;) {
      await sleep(SILENCE_MS, undefined, { signal: stop.signal });
      if (!isSilent()) continue;
      const told = await ask(AbortSignal.any([stop.signal, AbortSignal.timeout(SILENCE_MS)])).catch(
        (error: unknown) => error,
      );
      if (told instanceof ServerError && !isOwnFault(told)) throw told;
    }
  };
  const opinion = asking();
  opinion.catch(() => {});
  try {
    return await Promise.race([session, opinion]);
  } finally {
    session.catch(() => {});
    stop.abort();
  }
}
