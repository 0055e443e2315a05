/** `cleanup`: every check removes what earlier runs of it left. */
import { setMaxListeners } from 'node:events';
import { type Check, fail, Stop, type Swept, skip } from './check.ts';
import { Cleanup } from './cleanup.ts';
import type { Deployment } from './config/deployment.ts';
import { Interrupted, Over, RunTimeout, unlessAborted } from './deadline.ts';
import type { RunOptions } from './options.ts';
import { makeRun } from './run.ts';

export interface SweptCheck {
  readonly id: string;
  readonly places: readonly Swept[];
}

/** @param interrupt ends it early; what was not reached by then is told */
export async function sweepAll(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  interrupt: AbortSignal,
): Promise<SweptCheck[]> {
  const end = new AbortController();
  setMaxListeners(0, end.signal);
  const timer = setTimeout(() => end.abort(new RunTimeout(options.timeoutMs)), options.timeoutMs);
  const onInterrupt = () => end.abort(new Interrupted());
  interrupt.addEventListener('abort', onInterrupt, { once: true });
  if (interrupt.aborted) onInterrupt();
  const cleanup = new Cleanup();
  const run = makeRun(deployment, options, end.signal, cleanup);
  try {
    return await Promise.all(
      checks
        .filter(({ sweep }) => sweep !== undefined)
        .map(async ({ id, sweep }): Promise<SweptCheck> => {
          try {
            end.signal.throwIfAborted();
            return { id, places: await unlessAborted(end.signal, sweep?.(run) ?? Promise.resolve([])) };
          } catch (error) {
            return { id, places: [{ place: id, removed: [], trouble: troubleOf(error) }] };
          }
        }),
    );
  } finally {
    clearTimeout(timer);
    interrupt.removeEventListener('abort', onInterrupt);
    await cleanup.run();
    end.abort(new Over());
  }
}

function troubleOf(error: unknown): NonNullable<Swept['trouble']> {
  if (error instanceof Stop) return error.outcome;
  if (error instanceof Interrupted) return skip('interrupted');
  if (error instanceof RunTimeout) {
    return fail(`did not finish within ${error.seconds} s`, {
      expected: `an answer within --timeout ${error.seconds}`,
      fix: 'find out why the dependency is slow, or give it more time with --timeout',
    });
  }
  throw error;
}
