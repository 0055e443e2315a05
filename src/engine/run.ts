/** Runs checks: deadlines, concurrency, cancellation, cleanup. Independent of specific dependencies. */
import { randomUUID } from 'node:crypto';
import { setImmediate } from 'node:timers/promises';
import { isChosen, type VariableName } from '../config/contract.ts';
import type { Deployment } from '../config/deployment.ts';
import { DEFAULTS, type RunOptions } from '../config/options.ts';
import { CheckStopped, skip } from '../outcome/outcome.ts';
import { type Check, idsOf, type NetworkContext, perVariable, type Run } from './check.ts';
import { Cleanup } from './cleanup.ts';
import type { CheckResult, RawFinding } from './finding.ts';
import type { Leftover } from './leftover.ts';
import { CheckRecorder } from './recorder.ts';
import { startRunSignal } from './run-signal.ts';
import { selector } from './select.ts';
import { InterruptedError, RunEndedError, withTimeout } from './timeouts.ts';

/** Receives events during the run. */
export interface Observer {
  /** The checks of the run, in report order, before the first one starts. */
  expected?(checks: readonly Check[]): void;
  started?(check: Check): void;
  found?(finding: RawFinding): void;
  finished?(check: Check, result: CheckResult): void;
}

export interface RunResult {
  /** The shared state of the checks; it can't start new operations. */
  readonly run: Run;
  readonly checks: readonly CheckResult[];
  readonly leftovers: readonly Leftover[];
  readonly interrupted: boolean;
  readonly startedAt: Date;
  readonly durationMs: number;
}

/**
 * @param interrupt ends the run early; unchecked rules become skips, or failures if the reason is `CrashedError` or
 * `RunTimeoutError`; cleanup still runs
 */
export async function runChecks(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  network: NetworkContext,
  interrupt: AbortSignal,
  observer: Observer = {},
): Promise<RunResult> {
  const startedAt = new Date();
  const started = performance.now();
  const runSignal = startRunSignal(options.timeoutMs, interrupt);
  const cleanup = new Cleanup();
  const run = makeRun(deployment, options, network, runSignal.signal, cleanup);
  const selected = selector(options.only, options.skip, perVariable(checks));
  const entries = checks
    .map((check) => expectationsOf(check, run))
    .filter(({ expected }) => expected.length > 0)
    .map(({ check, expected }) => ({
      check,
      recorder: new CheckRecorder(check, expected, selected, (finding) => observer.found?.(finding)),
    }));
  const findingOf = async (id: string) => {
    const named = checks.find((check) => id.startsWith(`${check.id}/`));
    if (named !== undefined && !idsOf(named).includes(id)) throw new Error(`${id} is not a rule`);
    return entries.find(({ check }) => check.id === named?.id)?.recorder.find(id);
  };

  let leftovers: readonly Leftover[] = [];
  let interrupted = false;
  try {
    observer.expected?.(entries.map(({ check }) => check));
    await inOrder(entries, options.concurrency, async ({ check, recorder }) => {
      observer.started?.(check);
      await recorder.run(run, findingOf, started);
      observer.finished?.(check, recorder.result());
    });
  } finally {
    runSignal.settle();
    leftovers = await cleanup.run();
    interrupted = runSignal.signal.reason instanceof InterruptedError;
    await cleanup.end();
    runSignal.close();
  }
  return {
    run,
    checks: entries.map(({ recorder }) => recorder.result()),
    leftovers,
    interrupted,
    startedAt,
    durationMs: performance.now() - started,
  };
}

/** A check whose `expects` throws is reported under all of its rules. */
function expectationsOf(check: Check, run: Run): { check: Check; expected: readonly string[] } {
  try {
    return { check, expected: check.expects(run) };
  } catch (error) {
    return {
      check: { ...check, run: () => Promise.reject(error) },
      expected: idsOf(check).map((id) => id.slice(check.id.length + 1)),
    };
  }
}

/**
 * Starts the tasks in order, at most `limit` at the same time: a task may wait for an earlier one. The first request of each is on
 * its way before the next one starts: those of object storage take a while to make, and the database has the longest chain.
 */
async function inOrder<T>(items: readonly T[], limit: number, task: (item: T) => Promise<void>): Promise<void> {
  const queue = [...items];
  let turn = Promise.resolve();
  const worker = async () => {
    const mine = turn;
    turn = mine.then(() => setImmediate());
    await mine;
    for (let item = queue.shift(); item !== undefined; item = queue.shift()) await task(item);
  };
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, worker));
}

/** Creates the shared state of all checks; the caller must run `cleanup`. */
export function makeRun(
  deployment: Deployment,
  options: RunOptions,
  { authorities, proxies, own, timedOut }: NetworkContext,
  signal: AbortSignal,
  cleanup: Cleanup,
): Run {
  const get = (name: VariableName): string | undefined => {
    const found = deployment.lookup(name);
    switch (found.state) {
      case 'set':
      case 'default':
        return found.value;
      case 'unset':
        return undefined;
      case 'unknown':
        throw new CheckStopped(
          skip(`${name} is set, but its value is not known here`, {
            detail: `Its source is ${found.origin}.`,
            fix: found.fix,
            evidence: { variable: name, known: false },
            unknownVariable: name,
          }),
        );
      case 'unusable':
        throw new CheckStopped(found.outcome);
    }
  };
  const unset = (name: VariableName): never => {
    throw new CheckStopped(skip(`${name} is not set`, { evidence: { variable: name } }));
  };
  const closing = new AbortController();
  cleanup.onEnd(() => closing.abort(new RunEndedError()));
  // Whoever waits longer for the whole run also waits longer for each server.
  const waitFor = (ms: number) => Math.ceil(ms * Math.max(1, options.timeoutMs / DEFAULTS.timeoutMs));
  const run: Run = {
    deployment,
    options,
    id: randomUUID(),
    signal,
    authorities,
    proxies,
    own,
    conceal: deployment.conceal,
    get,
    require: (name) => get(name) ?? unset(name),
    choice: (name) => {
      const value = get(name);
      return isChosen(name, value) ? value : unset(name);
    },
    asked: {
      get run() {
        return run;
      },
      answers: new Map(),
    },
    cleanup: (what, command, remove, how) => cleanup.register(what, command, remove, how),
    onEnd: (dispose) => cleanup.onEnd(dispose),
    waitFor,
    withTimeout: (ms, operation) => withTimeout(signal, waitFor(ms), operation, timedOut),
    withTimeoutUntilClosed: (ms, operation) => withTimeout(closing.signal, waitFor(ms), operation, timedOut),
  };
  return run;
}
