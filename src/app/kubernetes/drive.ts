/** Runs the Pods of a plan, all at once, and reads their reports. Polls: following a log breaks behind load balancers. */
import { setTimeout as wait } from 'node:timers/promises';
import { type Kubectl, KubectlError } from '../../cluster/kubectl.ts';
import {
  failedWith,
  GONE,
  logUnread,
  neverEnded,
  neverStarted,
  noReport,
  STOPPED,
  unreachable,
} from '../../cluster/lost.ts';
import { RUN_LABEL } from '../../cluster/names.ts';
import { mapIn, nameOf, textIn } from '../../cluster/objects.ts';
import { type BuiltPod, ownedBy, withPriority } from '../../cluster/pod.ts';
import { isTrouble, type PodState, stateOf, warningsIn } from '../../cluster/pod-state.ts';
import { forbiddenIn, isAboutQuota, isQuotaFull, refusalOf } from '../../cluster/refusal.ts';
import type { Workload } from '../../cluster/workloads.ts';
import type { JsonMap } from '../../util/json.ts';
import { reportIn } from '../log-report.ts';
import type { RunOutcome } from '../service-run.ts';
import { objectsIn } from './source.ts';

/** A service's Pod, before it is created. */
export interface PlannedPod extends BuiltPod {
  readonly workload: Workload;
}

export interface DriveSettings {
  readonly run: string;
  /** The Job that owns the Pods. */
  readonly job: JsonMap;
  /** For each Pod, ms. */
  readonly startTimeoutMs: number;
  /** From the start of a container, ms. */
  readonly runTimeoutMs: number;
  /** Leave the Pods there. */
  readonly keep: boolean;
  /** Between two looks at the Pods, ms. */
  readonly pollMs: number;
  /** How long a server that was reached before may not respond, ms. */
  readonly silenceMs: number;
}

/** The result of one service's run. */
export interface Driven {
  readonly workload: Workload;
  readonly outcome: RunOutcome;
  /** On which the Pod ran. */
  readonly node: string | undefined;
}

export interface DriveObserver {
  started(service: string): void;
  finished(service: string): void;
  /** Something that people should know at once, on one line. */
  said(text: string): void;
}

const LOG_ATTEMPTS = 3;
const ITS_LOG = 'the log of the container on its node';
/** Messages about one Pod that waits: the kubelet words a problem in several ways. */
const MOST_SAID = 3;
/** Of a container that has ended, or of its sidecars: they have nothing to clean up. */
const GRACE = '--grace-period=1';

/** The Pods on their way. `results` has what is known at any time, also after an interruption. */
export class Drive {
  readonly #kubectl: Kubectl;
  readonly #settings: DriveSettings;
  readonly #observer: DriveObserver;
  readonly #attempts: readonly Attempt[];
  readonly #removals: Promise<unknown>[] = [];
  /** Since when the server has not responded. */
  #silentSince: number | undefined;

  constructor(pods: readonly PlannedPod[], kubectl: Kubectl, settings: DriveSettings, observer: DriveObserver) {
    this.#kubectl = kubectl;
    this.#settings = settings;
    this.#observer = observer;
    this.#attempts = pods.map((pod) => new Attempt(pod));
  }

  /** A service without a result was interrupted. */
  get results(): Driven[] {
    return this.#attempts.map(({ planned: { workload }, outcome, node }) => ({
      workload,
      outcome: outcome ?? { lost: STOPPED },
      node,
    }));
  }

  /** @throws the reason of `signal`; KubectlError if RBAC forbids a step, or if kubectl fails for good */
  async run(signal: AbortSignal): Promise<void> {
    for (const { planned } of this.#attempts) this.#observer.started(planned.workload.service);
    try {
      for (;;) {
        signal.throwIfAborted();
        await Promise.all(
          this.#attempts.filter(({ isOpen, pod }) => isOpen && pod === undefined).map((one) => this.#create(one)),
        );
        signal.throwIfAborted();
        await this.#follow(signal);
        if (this.#attempts.every(({ isOpen }) => !isOpen)) return;
        await wait(this.#settings.pollMs, undefined, { signal }).catch(() => {});
      }
    } finally {
      await Promise.all(this.#removals);
    }
  }

  async #create(attempt: Attempt): Promise<void> {
    const { planned } = attempt;
    const pod = ownedBy(planned.pod, this.#settings.job);
    let refused = await this.#tryToCreate(attempt, pod);
    const prior = withPriority(pod, planned.workload);
    if (refused !== undefined && prior !== undefined && isAboutQuota(refused))
      refused = await this.#tryToCreate(attempt, prior);
    if (refused === undefined) return;
    if (!isQuotaFull(refused)) this.#finish(attempt, { lost: refusalOf(refused) });
    else if (this.#attempts.some((other) => other.isOpen && other.pod !== undefined)) attempt.restart();
    else if (attempt.elapsed > this.#settings.startTimeoutMs) this.#finish(attempt, { lost: refusalOf(refused) });
    else this.#tell(attempt, `waiting for the quota: ${refused}`);
  }

  /** The words of a refusal; nothing if the Pod was created. */
  async #tryToCreate(attempt: Attempt, pod: JsonMap): Promise<string | undefined> {
    try {
      const [created] = objectsIn(
        await this.#kubectl(['create', '--filename=-', '--validate=false', '--output=json'], {
          input: JSON.stringify(pod),
        }),
      );
      attempt.created(created ?? pod);
      return undefined;
    } catch (error) {
      if (!(error instanceof KubectlError) || error.kind !== 'failed' || forbiddenIn(error.words) !== undefined)
        throw error;
      return error.words;
    }
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const open = this.#attempts.filter(({ isOpen, pod }) => isOpen && pod !== undefined);
    if (open.length === 0) return;
    const pods = await this.#list(signal);
    if (pods === undefined) return;
    await Promise.all(open.map((attempt) => this.#look(attempt, pods, signal)));
  }

  /** None while the server does not respond, which it may do again. */
  async #list(signal: AbortSignal): Promise<readonly JsonMap[] | undefined> {
    try {
      const text = await this.#kubectl(
        ['get', 'pods', `--selector=${RUN_LABEL}=${this.#settings.run}`, '--output=json'],
        { signal },
      );
      const pods = objectsIn(text);
      this.#silentSince = undefined;
      return pods;
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof KubectlError) || forbiddenIn(error.words) !== undefined) throw error;
      this.#silentSince ??= performance.now();
      if (performance.now() - this.#silentSince > this.#settings.silenceMs)
        for (const attempt of this.#attempts)
          if (attempt.isOpen) this.#finish(attempt, { lost: unreachable(error.words) });
      return undefined;
    }
  }

  async #look(attempt: Attempt, pods: readonly JsonMap[], signal: AbortSignal): Promise<void> {
    const pod = pods.find((one) => nameOf(one) === nameOf(attempt.planned.pod));
    if (pod === undefined) return this.#finish(attempt, { lost: GONE });
    attempt.node = textIn(mapIn(pod, 'spec'), 'nodeName');
    const state = stateOf(pod, attempt.planned.container);
    switch (state.kind) {
      case 'waiting':
        return this.#whileWaiting(attempt, state, signal);
      case 'running': {
        attempt.running();
        const { runTimeoutMs } = this.#settings;
        if (attempt.elapsed > runTimeoutMs) this.#finish(attempt, { lost: neverEnded(runTimeoutMs / 1000) });
        return;
      }
      case 'failed':
        return this.#finish(attempt, { lost: failedWith(state) });
      case 'ended':
        return this.#finish(attempt, await this.#read(attempt, state.exitCode, signal));
    }
  }

  async #whileWaiting(
    attempt: Attempt,
    state: PodState & { readonly kind: 'waiting' },
    signal: AbortSignal,
  ): Promise<void> {
    const { startTimeoutMs } = this.#settings;
    if (isTrouble(state))
      this.#tell(attempt, `waiting: ${state.reason}${state.message === '' ? '' : `: ${state.message}`}`);
    if (attempt.elapsed <= startTimeoutMs) return;
    const warnings = await this.#warnings(attempt, signal);
    this.#finish(attempt, { lost: neverStarted(state, warnings, startTimeoutMs / 1000) });
  }

  /** They say more than the status, but nothing depends on them. */
  async #warnings(attempt: Attempt, signal: AbortSignal): Promise<readonly string[]> {
    const name = nameOf(attempt.planned.pod);
    try {
      const selector = `--field-selector=involvedObject.kind=Pod,involvedObject.name=${name}`;
      return warningsIn(objectsIn(await this.#kubectl(['get', 'events', selector, '--output=json'], { signal })), name);
    } catch (error) {
      if (error instanceof KubectlError) return [];
      throw error;
    }
  }

  async #read(attempt: Attempt, exitCode: number, signal: AbortSignal): Promise<RunOutcome> {
    const { workload, container, pod } = attempt.planned;
    for (let left = LOG_ATTEMPTS; ; left--) {
      try {
        const log = await this.#kubectl(['logs', nameOf(pod), `--container=${container}`], { signal });
        const found = reportIn(log, workload.service);
        return 'report' in found ? found : { lost: noReport(found.lost, exitCode, ITS_LOG) };
      } catch (error) {
        signal.throwIfAborted();
        if (!(error instanceof KubectlError) || forbiddenIn(error.words) !== undefined) throw error;
        if (left <= 1) return { lost: logUnread(error.words) };
        await wait(this.#settings.pollMs, undefined, { signal }).catch(() => {});
      }
    }
  }

  /** Its Pod is removed at once, which gives the quota back. */
  #finish(attempt: Attempt, outcome: RunOutcome): void {
    attempt.outcome = outcome;
    const { workload, pod } = attempt.planned;
    this.#observer.finished(workload.service);
    if (attempt.pod === undefined || this.#settings.keep) return;
    this.#removals.push(
      this.#kubectl(['delete', 'pod', nameOf(pod), '--ignore-not-found', '--wait=false', GRACE]).catch(() => {}),
    );
  }

  #tell(attempt: Attempt, text: string): void {
    if (attempt.told(text)) this.#observer.said(`${attempt.planned.workload.service}: ${text}`);
  }
}

/** One service's Pod on its way. */
class Attempt {
  readonly planned: PlannedPod;
  outcome: RunOutcome | undefined;
  node: string | undefined;
  /** Once it is created. */
  pod: JsonMap | undefined;
  readonly #said = new Set<string>();
  #isRunning = false;
  #since = performance.now();

  constructor(planned: PlannedPod) {
    this.planned = planned;
  }

  get isOpen(): boolean {
    return this.outcome === undefined;
  }

  /** In this state, ms. */
  get elapsed(): number {
    return performance.now() - this.#since;
  }

  restart(): void {
    this.#since = performance.now();
  }

  created(pod: JsonMap): void {
    this.pod = pod;
    this.restart();
  }

  running(): void {
    if (this.#isRunning) return;
    this.#isRunning = true;
    this.restart();
  }

  /** Whether it is news: messages that differ in numbers alone, such as times and counts, are not. */
  told(text: string): boolean {
    const kind = text.replace(/\d+/g, '0');
    if (this.#said.has(kind) || this.#said.size >= MOST_SAID) return false;
    this.#said.add(kind);
    return true;
  }
}
