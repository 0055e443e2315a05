/** What `run ecs` registers and starts. */

import { clusterName } from '../../cluster/ecs/names.ts';
import type { TaskSettings } from '../../cluster/ecs/settings.ts';
import { type BuiltTask, taskOf } from '../../cluster/ecs/task.ts';
import type { EcsWorkload } from '../../cluster/ecs/workloads.ts';
import { newRunId } from '../../cluster/names.ts';

/** `args` do not contain the service and the format. */
export interface EcsSettings extends Pick<TaskSettings, 'image' | 'args' | 'authorities' | 'logGroup' | 'region'> {
  /** How long a task may take to start its container, ms. */
  readonly startTimeoutMs: number;
  /** Of each run, ms. */
  readonly timeoutMs: number;
  readonly keep: boolean;
}

/** A service's task, before its definition is registered. */
export interface PlannedTask extends BuiltTask {
  readonly workload: EcsWorkload;
}

export interface EcsPlan {
  readonly run: string;
  readonly tasks: readonly PlannedTask[];
  /** For each task, ms. */
  readonly startTimeoutMs: number;
  /** From the start of a container, ms. */
  readonly runTimeoutMs: number;
  /** Leave the tasks and their definitions there. */
  readonly keep: boolean;
  /** Between two looks at the tasks, ms. */
  readonly pollMs: number;
  /** How long ECS, which responded before, may not respond, ms. */
  readonly silenceMs: number;
  /** Where a task is not like the service's own, for people. */
  readonly notes: readonly string[];
}

/** For starting the program and its cleanup, beside the time limit for reading the config and the one for the run. */
const MARGIN_MS = 30_000;
export const POLL_MS = 1_000;
const SILENCE_MS = 60_000;

/** @throws InputError for a task definition that a run can't be made from */
export function planEcs(workloads: readonly EcsWorkload[], cluster: string, settings: EcsSettings): EcsPlan {
  const run = newRunId();
  const { startTimeoutMs, timeoutMs, keep, image, authorities, logGroup, region } = settings;
  const runTimeoutMs = 2 * timeoutMs + MARGIN_MS;
  const endsBy = new Date(Date.now() + startTimeoutMs + runTimeoutMs);
  const common = { run, cluster: clusterName(cluster), endsBy, image, authorities, logGroup, region };
  const tasks = workloads.map((workload): PlannedTask => {
    const args = ['--service', workload.service, '--format', 'frame', ...settings.args];
    return { workload, ...taskOf(workload, { ...common, args }) };
  });
  return {
    run,
    tasks,
    startTimeoutMs,
    runTimeoutMs,
    keep,
    pollMs: POLL_MS,
    silenceMs: SILENCE_MS,
    notes: tasks.flatMap(({ notes }) => notes),
  };
}
