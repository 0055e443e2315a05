/** `cleanup`: every check removes what earlier runs of it left. */

import type { Deployment } from '../config/deployment.ts';
import type { RunOptions } from '../config/options.ts';
import type { Check, CleanupResult } from '../engine/check.ts';
import { Cleanup } from '../engine/cleanup.ts';
import { makeRun } from '../engine/run.ts';
import { startRunSignal } from '../engine/run-signal.ts';
import { Crashed, Interrupted, RunTimeout, unlessAborted } from '../engine/timeouts.ts';
import { networkContext } from '../net/ca-store.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail, skip } from '../outcome/outcome.ts';

export interface SweptCheck {
  readonly id: string;
  readonly places: readonly CleanupResult[];
}

/** @param interrupt ends it early; what was not reached by then is told */
export async function sweepAll(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  interrupt: AbortSignal,
): Promise<SweptCheck[]> {
  const lifetime = startRunSignal(options.timeoutMs, interrupt);
  const { signal } = lifetime;
  const cleanup = new Cleanup();
  const run = makeRun(deployment, options, networkContext(deployment, options.authorities), signal, cleanup);
  try {
    return await Promise.all(
      checks
        .filter(({ removeLeftovers: sweep }) => sweep !== undefined)
        .map(async ({ id, removeLeftovers: sweep }): Promise<SweptCheck> => {
          try {
            signal.throwIfAborted();
            return { id, places: await unlessAborted(signal, sweep?.(run) ?? Promise.resolve([])) };
          } catch (error) {
            return { id, places: [{ place: id, removed: [], trouble: troubleOf(error) }] };
          }
        }),
    );
  } finally {
    lifetime.settle();
    await cleanup.run();
    lifetime.close();
  }
}

function troubleOf(error: unknown): NonNullable<CleanupResult['trouble']> {
  if (error instanceof CheckStopped) return error.outcome;
  if (error instanceof Interrupted || error instanceof Crashed) return skip('interrupted');
  if (error instanceof RunTimeout) {
    return fail(`did not finish within ${error.seconds} s`, {
      expected: `an answer within --timeout ${error.seconds}`,
      fix: advice`find out why the dependency is slow, or give it more time with --timeout`,
    });
  }
  throw error;
}
