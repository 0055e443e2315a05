/** `cleanup`: every check removes what its earlier runs left behind. */

import type { Deployment } from '../config/deployment.ts';
import type { RunOptions } from '../config/options.ts';
import type { Check, CleanupResult } from '../engine/check.ts';
import { Cleanup } from '../engine/cleanup.ts';
import { makeRun } from '../engine/run.ts';
import { startRunSignal } from '../engine/run-signal.ts';
import { CrashedError, InterruptedError, RunTimeoutError, unlessAborted } from '../engine/timeouts.ts';
import { networkContext } from '../net/ca-store.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail, skip } from '../outcome/outcome.ts';

export interface CleanedCheck {
  readonly id: string;
  readonly places: readonly CleanupResult[];
}

/** @param interrupt ends the cleanup early; the result says what was not reached */
export async function removeAllLeftovers(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  interrupt: AbortSignal,
): Promise<CleanedCheck[]> {
  const runSignal = startRunSignal(options.timeoutMs, interrupt);
  const { signal } = runSignal;
  const cleanup = new Cleanup();
  const run = makeRun(deployment, options, networkContext(deployment, options.authorities), signal, cleanup);
  try {
    return await Promise.all(
      checks
        .filter(({ removeLeftovers }) => removeLeftovers !== undefined)
        .map(async ({ id, removeLeftovers }): Promise<CleanedCheck> => {
          try {
            signal.throwIfAborted();
            return { id, places: await unlessAborted(signal, removeLeftovers?.(run) ?? Promise.resolve([])) };
          } catch (error) {
            return { id, places: [{ place: id, removed: [], issue: issueOf(error) }] };
          }
        }),
    );
  } finally {
    runSignal.settle();
    await cleanup.run();
    await cleanup.end();
    runSignal.close();
  }
}

function issueOf(error: unknown): NonNullable<CleanupResult['issue']> {
  if (error instanceof CheckStopped) return error.outcome;
  if (error instanceof InterruptedError || error instanceof CrashedError) return skip('interrupted');
  if (error instanceof RunTimeoutError) {
    return fail(`did not finish within ${error.seconds} s`, {
      expected: `a result within --timeout ${error.seconds}`,
      fix: advice`find out why the dependency is slow, or increase --timeout`,
    });
  }
  throw error;
}
