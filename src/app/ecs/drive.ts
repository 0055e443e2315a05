/** Runs the tasks of a plan, all at once, and reads their reports. */
import { setTimeout as wait } from 'node:timers/promises';
import { AwsError } from '../../clouds/aws/call.ts';
import type { Ecs } from '../../cluster/ecs/client.ts';
import {
  canPass,
  failedWith,
  GONE,
  logUnread,
  neverStarted,
  noLogStream,
  refusedWith,
  unreachable,
} from '../../cluster/ecs/lost.ts';
import { startedBy } from '../../cluster/ecs/names.ts';
import { EcsError, isUnsure, refusalIn } from '../../cluster/ecs/requests.ts';
import { stateOf } from '../../cluster/ecs/task-state.ts';
import type { EcsWorkload } from '../../cluster/ecs/workloads.ts';
import { neverEnded, noReport, STOPPED } from '../../cluster/lost.ts';
import { type JsonMap, textIn } from '../../util/json.ts';
import { reportIn } from '../log-report.ts';
import type { RunOutcome } from '../service-run.ts';
import { Attempt } from './attempt.ts';
import { wordsOf } from './errors.ts';
import type { EcsPlan } from './plan.ts';

/** The result of one service's run. */
export interface EcsDriven {
  readonly workload: EcsWorkload;
  readonly outcome: RunOutcome;
  /** The availability zone of the task. */
  readonly zone: string | undefined;
}

export interface EcsObserver {
  started(service: string): void;
  finished(service: string): void;
  /** Something that people should know at once, on one line. */
  said(text: string): void;
}

/** CloudWatch Logs shows events some seconds after they were written. */
const LOG_ATTEMPTS = 15;
const ITS_LOG = 'the log stream of the task in CloudWatch Logs';

/** The tasks on their way. `results` has what is known at any time, also after an interruption. */
export class EcsDrive {
  readonly #ecs: Ecs;
  readonly #plan: EcsPlan;
  readonly #observer: EcsObserver;
  /** With what has to be removed. */
  readonly attempts: readonly Attempt[];
  /** Since when ECS has not responded. */
  #silentSince: number | undefined;

  constructor(plan: EcsPlan, ecs: Ecs, observer: EcsObserver) {
    this.#ecs = ecs;
    this.#plan = plan;
    this.#observer = observer;
    this.attempts = plan.tasks.map((planned) => new Attempt(planned));
  }

  /** A service without a result was interrupted. */
  get results(): EcsDriven[] {
    return this.attempts.map(({ planned: { workload }, outcome, zone }) => ({
      workload,
      outcome: outcome ?? { lost: STOPPED },
      zone,
    }));
  }

  /** @throws the reason of `signal`; EcsError if a permission is missing, or if ECS fails for good */
  async run(signal: AbortSignal): Promise<void> {
    for (const { planned } of this.attempts) this.#observer.started(planned.workload.service);
    for (;;) {
      signal.throwIfAborted();
      // Nothing that creates something is still on its way when this throws.
      const started = await Promise.allSettled(
        this.attempts.filter(({ isOpen, task }) => isOpen && task === undefined).map((one) => this.#start(one, signal)),
      );
      for (const result of started) if (result.status === 'rejected') throw result.reason;
      await this.#follow(signal);
      if (this.attempts.every(({ isOpen }) => !isOpen)) return;
      await wait(this.#plan.pollMs, undefined, { signal }).catch(() => {});
    }
  }

  async #start(attempt: Attempt, signal: AbortSignal): Promise<void> {
    const { planned } = attempt;
    const { run, startTimeoutMs } = this.#plan;
    try {
      attempt.definition ??= await this.#register(attempt);
      if (signal.aborted) return;
      const { service, placement } = planned.workload;
      const answer = await this.#ecs.run({
        definition: attempt.definition,
        startedBy: startedBy(run),
        token: `${run}-${service}-${attempt.refusals}`,
        tags: planned.tags,
        placement,
      });
      if ('task' in answer) {
        attempt.started(answer.task);
        return;
      }
      attempt.refusals++;
      attempt.refusal = answer.failure;
    } catch (error) {
      const refusal = error instanceof EcsError ? refusalIn(error) : undefined;
      if (refusal === undefined) {
        if (error instanceof EcsError && isUnsure(error) && attempt.definition !== undefined) attempt.task ??= 'unsure';
        throw error;
      }
      attempt.refusals++;
      attempt.refusal = refusal;
    }
    const words = attempt.refusal;
    if (!canPass(words)) this.#finish(attempt, { lost: refusedWith(words) });
    else if (attempt.elapsed > startTimeoutMs)
      this.#finish(attempt, { lost: neverStarted(words, startTimeoutMs / 1000) });
    else this.#tell(attempt, `waiting for capacity: ${[words.code, words.message].filter(Boolean).join(': ')}`);
  }

  async #register(attempt: Attempt): Promise<string> {
    attempt.definition = 'unsure';
    try {
      return await this.#ecs.register(attempt.planned.definition);
    } catch (error) {
      if (!(error instanceof EcsError) || !isUnsure(error)) attempt.definition = undefined;
      throw error;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const open = this.attempts.filter(({ isOpen, task }) => isOpen && task !== undefined);
    if (open.length === 0) return;
    const tasks = await this.#describe(open, signal);
    if (tasks === undefined) return;
    await Promise.all(open.map((attempt) => this.#look(attempt, tasks, signal)));
  }

  /** None while ECS does not respond, which it may do again. */
  async #describe(open: readonly Attempt[], signal: AbortSignal): Promise<readonly JsonMap[] | undefined> {
    try {
      const tasks = await unless(signal, this.#ecs.tasks(open.flatMap(({ task }) => task ?? [])));
      this.#silentSince = undefined;
      return tasks;
    } catch (error) {
      if (!isPassing(error)) throw error;
      this.#silentSince ??= performance.now();
      if (performance.now() - this.#silentSince > this.#plan.silenceMs)
        for (const attempt of open) this.#finish(attempt, { lost: unreachable(saidBy(error)) });
      return undefined;
    }
  }

  async #look(attempt: Attempt, tasks: readonly JsonMap[], signal: AbortSignal): Promise<void> {
    const { startTimeoutMs, runTimeoutMs } = this.#plan;
    const task = tasks.find(({ taskArn }) => taskArn === attempt.task);
    if (task === undefined) {
      // A task that was just started can be unknown for some seconds.
      if (attempt.isSeen || attempt.elapsed > startTimeoutMs) this.#finish(attempt, { lost: GONE });
      return;
    }
    attempt.isSeen = true;
    attempt.zone = textIn(task, 'availabilityZone');
    attempt.isStopped = task.lastStatus === 'STOPPED';
    const state = stateOf(task, attempt.planned.container);
    switch (state.kind) {
      case 'waiting':
        if (attempt.elapsed > startTimeoutMs)
          this.#finish(attempt, { lost: neverStarted(state, startTimeoutMs / 1000) });
        return;
      case 'running':
        attempt.enter('running');
        if (attempt.elapsed > runTimeoutMs) this.#finish(attempt, { lost: neverEnded(runTimeoutMs / 1000) });
        return;
      case 'stopping':
        attempt.enter('stopping');
        if (attempt.elapsed > startTimeoutMs) this.#finish(attempt, { lost: failedWith(state) });
        return;
      case 'failed':
        return this.#finish(attempt, { lost: failedWith(state) });
      case 'ended':
        return this.#finish(attempt, await this.#read(attempt, state.exitCode, signal));
    }
  }

  async #read(attempt: Attempt, exitCode: number, signal: AbortSignal): Promise<RunOutcome> {
    const { workload, log } = attempt.planned;
    const stream = `${log.prefix}${(attempt.task ?? '').replace(/^.*\//, '')}`;
    for (let left = LOG_ATTEMPTS; ; left--) {
      const isLast = left <= 1;
      try {
        const text = await unless(signal, this.#ecs.log({ group: log.group, region: log.region, stream }));
        const found = text === undefined ? undefined : reportIn(text, workload.service);
        if (found !== undefined && 'report' in found) return found;
        // A run that could not start says why, and has no report.
        if (isLast || (exitCode === 2 && text))
          return {
            lost: found === undefined ? noLogStream(stream, exitCode) : noReport(found.lost, exitCode, ITS_LOG),
          };
      } catch (error) {
        if (!isPassing(error)) throw error;
        if (isLast) return { lost: logUnread(saidBy(error)) };
      }
      await wait(this.#plan.pollMs, undefined, { signal }).catch(() => {});
      signal.throwIfAborted();
    }
  }

  #finish(attempt: Attempt, outcome: RunOutcome): void {
    attempt.outcome = outcome;
    this.#observer.finished(attempt.planned.workload.service);
  }

  #tell(attempt: Attempt, text: string): void {
    if (attempt.told(text)) this.#observer.said(`${attempt.planned.workload.service}: ${text}`);
  }
}

/** Errors after which the same request can succeed; a missing permission or login stays. */
const isPassing = (error: unknown): error is EcsError =>
  error instanceof EcsError &&
  (isUnsure(error) || (error.reason instanceof AwsError && error.reason.kind !== 'denied'));

const saidBy = ({ reason }: EcsError): string => (reason instanceof AwsError ? wordsOf(reason) : reason.message);

/** A response that nobody waits for anymore does no harm. @throws the reason of `signal` */
async function unless<T>(signal: AbortSignal, response: Promise<T>): Promise<T> {
  signal.throwIfAborted();
  let stop = () => {};
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(signal.reason);
    signal.addEventListener('abort', stop, { once: true });
  });
  try {
    return await Promise.race([response, aborted]);
  } finally {
    signal.removeEventListener('abort', stop);
    response.catch(() => {});
    aborted.catch(() => {});
  }
}
