/** Time limits for operations: no promise outlives its deadline or the run. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { keptWaiting, PATIENCE } from '../util/starvation.ts';

/** The run was ended by SIGINT or SIGTERM. */
export class InterruptedError extends Error {
  override readonly name = 'InterruptedError';
}

/** The run was ended by an error that no check caught, such as one thrown in a library callback. */
export class CrashedError extends Error {
  override readonly name = 'CrashedError';
  readonly error: unknown;
  constructor(error: unknown) {
    super();
    this.error = error;
  }
}

/** The run is over: active operations must stop. */
export class RunEndedError extends Error {
  override readonly name = 'RunEndedError';
}

/** The run was ended by `--timeout`, or its last attempt by `--wait`. */
export class RunTimeoutError extends Error {
  override readonly name = 'RunTimeoutError';
  readonly seconds: number;
  readonly option: '--timeout' | '--wait';
  constructor(ms: number, option: RunTimeoutError['option'] = '--timeout') {
    super();
    this.seconds = ms / 1000;
    this.option = option;
  }
}

/** How far an operation got with its server: what a missed deadline means depends on it. */
export type Stage = 'resolving' | 'connecting' | 'connected' | 'responding';

/** Creates the error of an operation that exceeded its deadline of `ms`, in the stage that it reached last. */
export type Late = (ms: number, stage: Stage | undefined) => Error;

type Report = (stage: Stage) => void;
const reports = new AsyncLocalStorage<Report>();

/** For the code that opens connections: reports the stage of the current operation, and of those that it is part of. */
export const stageReporter = (): Report => reports.getStore() ?? (() => {});

/** In ms: how often a deadline counts the time that has passed. */
const STEP_MS = 100;

/**
 * Calls `over` once this process has had `ms` to work in, and returns how to cancel that. A process that is not given a
 * processor can't read a response that arrived long ago, and its server is not late: a step that took longer than it should
 * counts as one step, and the part of a step in which this process waited for a processor does not count. It is over after
 * six times as many steps in any case.
 * @param starved the total time, in ms, that this process has waited for a processor
 */
export function startDeadline(ms: number, over: () => void, starved = keptWaiting): () => void {
  let left = ms;
  let spare = (PATIENCE - 1) * ms;
  let seen = starved();
  let timer: NodeJS.Timeout;
  const start = () => {
    const length = Math.min(left, STEP_MS);
    timer = setTimeout(() => step(length), length);
  };
  const step = (length: number) => {
    const total = starved();
    const waited = Math.floor(Math.min(length, total - seen, spare));
    seen = total;
    spare -= waited;
    left -= length - waited;
    if (left > 0) start();
    else over();
  };
  start();
  return () => clearTimeout(timer);
}

/**
 * Runs an operation under a deadline in ms and under `signal`, whichever ends first.
 * Settles even when the operation ignores its signal.
 * @param late creates the error that is thrown at the deadline, whose type is not known to the engine
 * @throws the error from `late`; the reason of `signal` if it aborts first
 */
export async function withTimeout<T>(
  signal: AbortSignal,
  ms: number,
  operation: (signal: AbortSignal) => Promise<T>,
  late: Late,
): Promise<T> {
  signal.throwIfAborted();
  const controller = new AbortController();
  const outer = stageReporter();
  let reached: Stage | undefined;
  const report: Report = (stage) => {
    reached = stage;
    outer(stage);
  };
  // The timer keeps the process alive: a library without active handles must not end the run silently.
  const cancel = startDeadline(ms, () => controller.abort(late(ms, reached)));
  const forward = () => controller.abort(signal.reason);
  signal.addEventListener('abort', forward, { once: true });
  try {
    return await unlessAborted(
      controller.signal,
      reports.run(report, () => operation(controller.signal)),
    );
  } finally {
    cancel();
    signal.removeEventListener('abort', forward);
  }
}

/** Waits for work that `signal` may interrupt, which is no error: what is known by then stays. @throws any other error */
export async function untilInterrupted(signal: AbortSignal, work: Promise<void>): Promise<void> {
  try {
    await work;
  } catch (error) {
    if (!signal.aborted || signal.reason instanceof CrashedError) throw error;
  }
}

/** The promise's result, or the signal's reason if it aborts first. */
export async function unlessAborted<T>(signal: AbortSignal, promise: Promise<T>): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  // The loser of the race must not become an unhandled rejection.
  promise.catch(() => {});
  aborted.catch(() => {});
  try {
    return await Promise.race([promise, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}
