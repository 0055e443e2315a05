/** Clusters, services, task definitions and tasks of ECS, and the log groups of CloudWatch Logs. */
import { randomUUID } from 'node:crypto';
import type { JsonMap } from '../../../../src/util/json.ts';
import type { Place } from '../place.ts';

export interface EcsService {
  readonly name: string;
  readonly cluster: string;
  /** As DescribeServices shows it, beside its name and ARN. */
  readonly more: JsonMap;
}

export interface TaskDefinition {
  readonly arn: string;
  readonly family: string;
  readonly revision: number;
  readonly input: JsonMap;
  readonly tags: readonly JsonMap[];
  status: 'ACTIVE' | 'INACTIVE' | 'DELETE_IN_PROGRESS';
}

export interface TaskContainer {
  readonly name: string;
  readonly essential: boolean;
  lastStatus: 'PENDING' | 'RUNNING' | 'STOPPED';
  exitCode?: number;
  reason?: string;
}

export interface Task {
  readonly arn: string;
  readonly cluster: string;
  readonly definition: TaskDefinition;
  readonly startedBy: string;
  readonly input: JsonMap;
  readonly tags: readonly JsonMap[];
  readonly containers: TaskContainer[];
  lastStatus: 'PROVISIONING' | 'RUNNING' | 'DEPROVISIONING' | 'STOPPED';
  desiredStatus: 'RUNNING' | 'STOPPED';
  stopCode?: string;
  stoppedReason?: string;
  /** Aborted by StopTask. */
  readonly stop: AbortController;
}

/** A log stream's events, oldest first. */
export type LogEvents = string[];

/** What a container does. */
export interface Execution {
  readonly exitCode: number;
  readonly output: string;
  /** Killed for its memory. */
  readonly isOutOfMemory?: boolean;
}

/** A container that is about to start. */
export interface Start {
  readonly service: string;
  readonly definition: JsonMap;
  readonly container: JsonMap;
  /** With the values of its secrets. */
  readonly environment: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/** What goes wrong, on purpose; by the service of Spacelift, which is the end of the family. */
export interface EcsFaults {
  /** Instead of starting: the reason in `failures` of RunTask, by the number of the attempt from 0. */
  failure?(service: string, attempt: number): string | undefined;
  /** Instead of starting the containers. */
  stopped?(service: string): { stopCode: string; stoppedReason: string } | undefined;
  /** A task that stops stays in the state before. */
  deprovisioning?(service: string): boolean;
  /** The task stays in this state. */
  pending?(service: string): boolean;
  /** What reaches the log of a container; `undefined`: no stream. */
  logged?(service: string, output: string): string | undefined;
  /** How often the log is read before its events are there. */
  lateness?: number;
}

export class EcsStore {
  readonly #place: Place;
  readonly clusters = new Set<string>();
  readonly services: EcsService[] = [];
  readonly definitions: TaskDefinition[] = [];
  readonly tasks: Task[] = [];
  /** By group, then by stream. */
  readonly logs = new Map<string, Map<string, LogEvents>>();
  readonly reads = new Map<string, number>();
  faults: EcsFaults = {};
  /** The names of images that can be pulled; any if `undefined`. */
  images: ReadonlySet<string> | undefined;
  execute: (start: Start) => Promise<Execution> = async () => ({ exitCode: 0, output: '' });
  /** Is told of each start of a container. */
  readonly starts: Start[] = [];
  readonly tokens = new Map<string, Task>();

  constructor(place: Place) {
    this.#place = place;
  }

  arn(resource: string): string {
    const { partition, region, account } = this.#place;
    return `arn:${partition}:ecs:${region}:${account}:${resource}`;
  }

  createCluster(name: string): void {
    this.clusters.add(name);
  }

  createGroup(name: string): void {
    this.logs.set(name, new Map());
  }

  register(input: JsonMap, tags: readonly JsonMap[] = []): TaskDefinition {
    const family = String(input.family);
    const revision = this.definitions.filter((one) => one.family === family).length + 1;
    const arn = this.arn(`task-definition/${family}:${revision}`);
    const definition: TaskDefinition = { arn, family, revision, input, tags, status: 'ACTIVE' };
    this.definitions.push(definition);
    return definition;
  }

  /** Registers the definition, too. */
  createService(cluster: string, name: string, definition: JsonMap, more: JsonMap = {}): void {
    const { arn } = this.register(definition);
    this.services.push({
      name,
      cluster,
      more: { taskDefinition: arn, status: 'ACTIVE', launchType: 'FARGATE', ...more },
    });
  }

  find(definition: string): TaskDefinition | undefined {
    const [family, revision] = definition.replace(/^arn:.*:task-definition\//, '').split(':');
    return this.definitions.findLast(
      (one) =>
        one.family === family && (revision === undefined ? one.status === 'ACTIVE' : `${one.revision}` === revision),
    );
  }

  newTask(cluster: string): string {
    return this.arn(`task/${cluster}/${randomUUID().replaceAll('-', '')}`);
  }

  /** What a run made and did not remove: running tasks and active definitions with its prefix. */
  get leftovers(): string[] {
    const tasks = this.tasks.filter(({ desiredStatus }) => desiredStatus === 'RUNNING').map(({ arn }) => arn);
    const own = this.definitions.filter(
      ({ family, status }) => family.startsWith('spacelift-preflight-') && status === 'ACTIVE',
    );
    return [...tasks, ...own.map(({ arn }) => arn)];
  }

  /** The definitions that runs registered. */
  get registered(): TaskDefinition[] {
    return this.definitions.filter(({ family }) => family.startsWith('spacelift-preflight-'));
  }

  /** Ends everything that runs. */
  close(): void {
    for (const { stop } of this.tasks) stop.abort();
  }
}
