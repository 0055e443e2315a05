/** `--wait`: tries again what failed, until all is well or the time is over. */
import type { KnownPhase } from '../../checks/phase.ts';
import type { Deployment } from '../config/deployment.ts';
import type { RunOptions } from '../config/options.ts';
import type { Check, NetworkContext } from '../engine/check.ts';
import type { RawFinding } from '../engine/finding.ts';
import { type Observer, type RunResult, runChecks } from '../engine/run.ts';
import { CrashedError, RunTimeoutError } from '../engine/timeouts.ts';
import { idleRun } from '../plan/plan.ts';
import { trace } from '../util/trace.ts';
import { afterAttempt } from './attempts.ts';
import { doubtfulIn, missingIn, namesOf, remoteRules, skippedWith } from './missing.ts';
import { isKnown, phaseIn } from './phase.ts';

export interface WaitObserver extends Observer {
  /** After an attempt that was not enough: the IDs of the findings that are waited for. */
  missing?(ids: readonly string[]): void;
}

export interface PhasedResult {
  readonly result: RunResult;
  readonly phase: KnownPhase;
}

/** The pause between two attempts, ms: it doubles. */
const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 2_000;
/** A run that can't remove what it wrote does not go on writing. */
const MOST_LEFTOVERS = 20;

/**
 * Runs the checks, and then those of their rules that failed, or depend on a failure, again and again. What can't change by
 * waiting, such as an invalid value in the config, is not repeated. The first attempt is always completed.
 * @param options their timeout is that of each attempt
 * @param waitMs for all attempts together
 */
export async function runUntilWell(
  checks: readonly Check[],
  deployment: Deployment,
  options: RunOptions,
  waitMs: number,
  network: NetworkContext,
  interrupt: AbortSignal,
  observer: WaitObserver = {},
): Promise<PhasedResult> {
  const started = performance.now();
  const over = new AbortController();
  const timer = setTimeout(() => over.abort(new RunTimeoutError(waitMs, '--wait')), waitMs);
  const end = AbortSignal.any([interrupt, over.signal]);
  try {
    let result = await runChecks(checks, deployment, options, network, interrupt, observer);
    let phase = await phaseIn(result.run);
    const isRemote = await remoteRules(checks, idleRun(deployment, options));
    let doubtful: readonly RawFinding[] = [];
    for (let pause = FIRST_PAUSE_MS, attempt = 2; ; pause = Math.min(LONGEST_PAUSE_MS, pause * 2), attempt++) {
      const missing = missingIn(result.checks, isRemote);
      if (missing.length + doubtful.length === 0 || end.aborted || result.leftovers.length >= MOST_LEFTOVERS) break;
      if (missing.length > 0) observer.missing?.(namesOf(missing));
      if (doubtful.length === 0) await sleep(pause, end);
      // An error outside any check ends the next attempt, which reports it.
      if (end.aborted && !(end.reason instanceof CrashedError)) break;
      const repeated = new Set([...missing, ...skippedWith(missing, result.checks), ...doubtful].map(({ id }) => id));
      const startMs = performance.now() - started;
      trace('run', `attempt ${attempt} of --wait`);
      const next = await runChecks(
        result.checks.flatMap(({ id, findings }) =>
          findings.some((finding) => repeated.has(finding.id)) ? checks.filter((check) => check.id === id) : [],
        ),
        deployment,
        { ...options, ...fixedPhase(deployment, options, phase), only: [...repeated] },
        network,
        end,
        observer,
      );
      const before = result.checks;
      result = afterAttempt(result, { result: next, startMs, repeated, isCut: end.aborted });
      doubtful = [];
      if (isKnown(phase)) continue;
      phase = await phaseIn(next.run);
      if (phase.phase === 'post-install') doubtful = doubtfulIn(before).filter(({ id }) => !repeated.has(id));
    }
    const interrupted = result.interrupted || isInterrupted(interrupt);
    return { result: { ...result, interrupted, durationMs: performance.now() - started }, phase };
  } finally {
    clearTimeout(timer);
  }
}

/** Once it is known, so that no later attempt asks the database for it. */
const fixedPhase = ({ service }: Deployment, { phase }: RunOptions, known: KnownPhase): Partial<RunOptions> =>
  phase === 'auto' && service !== 'worker' && isKnown(known) ? { phase: known.phase } : {};

const isInterrupted = ({ aborted, reason }: AbortSignal): boolean => aborted && !(reason instanceof CrashedError);

/** Resolves after `ms`, or as soon as the signal is aborted. */
function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal.addEventListener('abort', done);
  });
}
