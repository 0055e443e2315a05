/** Runs that wait under fake time, on checks that find something else at each attempt. */
import { setImmediate } from 'node:timers/promises';
import { afterEach, beforeEach, vi } from 'vitest';
import { runUntilWell, type WaitObserver } from '../../../src/app/wait.ts';
import type { RunOptions } from '../../../src/config/options.ts';
import type { Check, Context } from '../../../src/engine/check.ts';
import type { CheckResult } from '../../../src/engine/finding.ts';
import { foldByCause } from '../../../src/engine/fold.ts';
import type { RunResult } from '../../../src/engine/run.ts';
import { networkContext } from '../../../src/net/ca-store.ts';
import type { Outcome } from '../../../src/outcome/outcome.ts';
import { fakeCheck, fakeDeployment, never, options } from '../../fakes.ts';

/** How often each rule was tried. */
export const tried: Record<string, number> = {};

/** For the tests of the file that asks. */
export function useFakeTime(): void {
  beforeEach(() => {
    vi.useFakeTimers();
    for (const id of Object.keys(tried)) delete tried[id];
  });
  afterEach(() => void vi.useRealTimers());
}

export const count = (id: string): number => {
  const times = (tried[id] ?? 0) + 1;
  tried[id] = times;
  return times;
};

/** A check of these rules with a server behind it, each with what it finds at each attempt. */
export const remote = (
  id: string,
  rules: readonly string[],
  run: (context: Context<string>) => Promise<void>,
  more: Partial<Check> = {},
): Check => fakeCheck(id, rules, run, { plan: () => [{ rules, does: 'asks', at: [`${id}.internal`] }], ...more });

/** A rule of its own that finds this at its nth attempt. */
export const single = (
  id: string,
  found: (attempt: number) => Outcome | Promise<Outcome>,
  more: Partial<Check> = {},
): Check => remote(id, ['x'], async ({ check }) => void (await check('x', () => found(count(`${id}/x`)))), more);

interface More extends Partial<RunOptions> {
  readonly interrupt?: AbortSignal;
  readonly observer?: WaitObserver;
}

export async function waiting(checks: readonly Check[], waitMs: number, more: More = {}): Promise<RunResult> {
  const { interrupt = never(), observer, ...rest } = more;
  const deployment = fakeDeployment();
  const network = networkContext(deployment, undefined);
  const given = options({ phase: 'pre-install', ...rest });
  const ended = runUntilWell(checks, deployment, given, waitMs, network, interrupt, observer);
  let result: RunResult | undefined;
  ended.then((phased) => {
    result = phased.result;
  });
  for (let step = 0; result === undefined && step < 10_000; step++) {
    // No time passes while the checks start, one in each turn of the event loop.
    for (const _ of checks) await setImmediate();
    await vi.advanceTimersByTimeAsync(50);
    await setImmediate();
  }
  return (await ended).result;
}

const findings = (checks: readonly CheckResult[]) => foldByCause(checks).flatMap((check) => check.findings);

export const statuses = ({ checks }: RunResult) => findings(checks).map(({ id, status }) => `${id} ${status}`);

export const find = ({ checks }: RunResult, id: string) => findings(checks).find((finding) => finding.id === id);
