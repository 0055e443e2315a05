/** One service's task on its way, and what it leaves. */
import type { StopWords } from '../../cluster/ecs/task-state.ts';
import type { RunOutcome } from '../service-run.ts';
import type { PlannedTask } from './plan.ts';

/** Messages about one task that waits. */
const MOST_SAID = 3;

export class Attempt {
  readonly planned: PlannedTask;
  outcome: RunOutcome | undefined;
  /** The ARN of the registered definition; `unsure` if ECS did not respond. */
  definition: string | 'unsure' | undefined;
  /** The ARN of the task; `unsure` if ECS did not respond. */
  task: string | 'unsure' | undefined;
  zone: string | undefined;
  /** The number of answered requests that found no capacity. */
  refusals = 0;
  /** Why the last one found none. */
  refusal: StopWords | undefined;
  /** Whether ECS has described the task. */
  isSeen = false;
  isStopped = false;
  readonly #said = new Set<string>();
  #state: 'new' | 'started' | 'running' | 'stopping' = 'new';
  #since = performance.now();

  constructor(planned: PlannedTask) {
    this.planned = planned;
  }

  get isOpen(): boolean {
    return this.outcome === undefined;
  }

  /** In this state, ms. */
  get elapsed(): number {
    return performance.now() - this.#since;
  }

  started(task: string): void {
    this.task = task;
    this.enter('started');
  }

  /** `elapsed` counts from the first time in a state. */
  enter(state: 'started' | 'running' | 'stopping'): void {
    if (this.#state === state) return;
    this.#state = state;
    this.#since = performance.now();
  }

  /** Whether it is news. */
  told(text: string): boolean {
    if (this.#said.has(text) || this.#said.size >= MOST_SAID) return false;
    this.#said.add(text);
    return true;
  }
}
