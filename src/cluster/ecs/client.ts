/** The requests to ECS, with the caller's credentials. The SDK is loaded with the first one. */
import type { RegisterTaskDefinitionCommandInput, RunTaskCommandInput } from '@aws-sdk/client-ecs';
import type { Run } from '../../engine/check.ts';
import { type JsonMap, listIn, mapIn } from '../../util/json.ts';
import { logsOf, type ReadLog } from './log-events.ts';
import type { Tag } from './names.ts';
import { jsonOf, opened, present } from './requests.ts';
import type { StopWords } from './task-state.ts';

/** The input of RunTask, without the cluster. */
export interface RunInput {
  readonly definition: string;
  readonly startedBy: string;
  /** The same request with the same token starts no second task. */
  readonly token: string;
  readonly tags: readonly Tag[];
  readonly placement: JsonMap;
}

/** All methods throw EcsError. */
export interface Ecs {
  /** The descriptions of all services of the cluster; `undefined` if there are more than any installation has. */
  services(): Promise<readonly JsonMap[] | undefined>;
  describe(definition: string): Promise<{ readonly definition: JsonMap; readonly tags: readonly JsonMap[] }>;
  /** @returns the ARN */
  register(definition: JsonMap): Promise<string>;
  /** The task, or why there is none. */
  run(input: RunInput): Promise<{ readonly task: string } | { readonly failure: StopWords }>;
  /** Those that ECS knows. */
  tasks(arns: readonly string[]): Promise<readonly JsonMap[]>;
  /** The ARNs of the tasks that run. */
  running(startedBy: string): Promise<readonly string[]>;
  stop(task: string): Promise<void>;
  /** Names of families with active task definitions. */
  families(prefix: string): Promise<readonly string[]>;
  /** The ARNs of the active task definitions in a family. */
  definitions(family: string): Promise<readonly string[]>;
  deregister(definition: string): Promise<void>;
  /** A task definition that is not active anymore. */
  remove(definition: string): Promise<void>;
  readonly log: ReadLog;
}

/** In the responses of lists: far more than any installation has. */
const MOST_PAGES = 20;
/** DescribeServices. */
const MOST_SERVICES = 10;
const STOP_REASON = 'spacelift-preflight has its result, or was interrupted';

/** @param cluster its name or ARN */
export async function ecsOf(run: Run, cluster: string): Promise<Ecs> {
  const sdk = await import('@aws-sdk/client-ecs');
  const client = await opened(run, 'ECS', 'ECS', (config) => new sdk.ECSClient(config));
  const { send, at } = client;
  return {
    async services() {
      const { all: arns, isComplete } = await everyPage((nextToken) =>
        send('ecs:ListServices', (ecs, how) =>
          ecs.send(new sdk.ListServicesCommand({ cluster, maxResults: 100, ...nextToken }), how),
        ).then((page) => ({ ...page, items: page.serviceArns })),
      );
      if (!isComplete) return undefined;
      const found: JsonMap[] = [];
      for (let from = 0; from < arns.length; from += MOST_SERVICES) {
        const services = arns.slice(from, from + MOST_SERVICES);
        const response = await send('ecs:DescribeServices', (ecs, how) =>
          ecs.send(new sdk.DescribeServicesCommand({ cluster, services }), how),
        );
        found.push(...listIn(jsonOf(response), 'services'));
      }
      return found;
    },
    async describe(taskDefinition) {
      const response = await send('ecs:DescribeTaskDefinition', (ecs, how) =>
        ecs.send(new sdk.DescribeTaskDefinitionCommand({ taskDefinition, include: ['TAGS'] }), how),
      );
      const held = jsonOf(response);
      return { definition: mapIn(held, 'taskDefinition'), tags: listIn(held, 'tags') };
    },
    async register(definition) {
      // The SDK leaves out what the API does not know; the API checks the rest.
      const input = definition as unknown as RegisterTaskDefinitionCommandInput;
      const { taskDefinition } = await send('ecs:RegisterTaskDefinition', (ecs, how) =>
        ecs.send(new sdk.RegisterTaskDefinitionCommand(input), how),
      );
      return present(taskDefinition?.taskDefinitionArn, 'ecs:RegisterTaskDefinition', at);
    },
    async run({ definition, startedBy, token, tags, placement }) {
      const input: RunTaskCommandInput = {
        ...(placement as Partial<RunTaskCommandInput>),
        cluster,
        taskDefinition: definition,
        count: 1,
        startedBy,
        clientToken: token,
        enableExecuteCommand: false,
        tags: [...tags],
      };
      const { tasks = [], failures = [] } = await send('ecs:RunTask', (ecs, how) =>
        ecs.send(new sdk.RunTaskCommand(input), how),
      );
      const [task] = tasks;
      if (task !== undefined) return { task: present(task.taskArn, 'ecs:RunTask', at) };
      const { reason = 'no reason', detail = '' } = failures[0] ?? {};
      return { failure: { code: reason, message: detail } };
    },
    async tasks(tasks) {
      const response = await send('ecs:DescribeTasks', (ecs, how) =>
        ecs.send(new sdk.DescribeTasksCommand({ cluster, tasks: [...tasks] }), how),
      );
      return listIn(jsonOf(response), 'tasks');
    },
    async running(startedBy) {
      const { taskArns = [] } = await send('ecs:ListTasks', (ecs, how) =>
        ecs.send(new sdk.ListTasksCommand({ cluster, startedBy }), how),
      );
      return taskArns;
    },
    async stop(task) {
      await send('ecs:StopTask', (ecs, how) =>
        ecs.send(new sdk.StopTaskCommand({ cluster, task, reason: STOP_REASON }), how),
      );
    },
    async families(familyPrefix) {
      const { all } = await everyPage((nextToken) =>
        send('ecs:ListTaskDefinitionFamilies', (ecs, how) =>
          ecs.send(new sdk.ListTaskDefinitionFamiliesCommand({ familyPrefix, status: 'ACTIVE', ...nextToken }), how),
        ).then((page) => ({ ...page, items: page.families })),
      );
      return all;
    },
    async definitions(family) {
      const { taskDefinitionArns = [] } = await send('ecs:ListTaskDefinitions', (ecs, how) =>
        ecs.send(new sdk.ListTaskDefinitionsCommand({ familyPrefix: family, status: 'ACTIVE' }), how),
      );
      return taskDefinitionArns;
    },
    async deregister(taskDefinition) {
      await send('ecs:DeregisterTaskDefinition', (ecs, how) =>
        ecs.send(new sdk.DeregisterTaskDefinitionCommand({ taskDefinition }), how),
      );
    },
    async remove(definition) {
      await send('ecs:DeleteTaskDefinitions', (ecs, how) =>
        ecs.send(new sdk.DeleteTaskDefinitionsCommand({ taskDefinitions: [definition] }), how),
      );
    },
    log: logsOf(run),
  };
}

interface Page {
  readonly nextToken?: string | undefined;
  readonly items?: string[] | undefined;
}

/** All items, or those in the first pages. */
async function everyPage(
  page: (from: { nextToken?: string }) => Promise<Page>,
): Promise<{ readonly all: string[]; readonly isComplete: boolean }> {
  const all: string[] = [];
  let from: { nextToken?: string } = {};
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const { nextToken, items = [] } = await page(from);
    all.push(...items);
    if (nextToken === undefined) return { all, isComplete: true };
    from = { nextToken };
  }
  return { all, isComplete: false };
}
