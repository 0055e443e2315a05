/** The operations of ECS and CloudWatch Logs that a run uses (Amazon ECS API Reference, Amazon CloudWatch Logs API Reference). */
import { type JsonMap, listIn, mapIn, picked, textIn } from '../../../../src/util/json.ts';
import { type Call, list, type Operation, optional, require, text } from '../call.ts';
import { AwsError } from '../errors.ts';
import type { Task, TaskDefinition } from './store.ts';
import { perform, serviceOf } from './tasks.ts';

const LARGEST_DEFINITION = 64 * 1024;

const clientError = (message: string) => new AwsError('ClientException', message);
const invalid = (message: string) => new AwsError('InvalidParameterException', message);

/** @throws AwsError if the cluster does not exist */
function clusterIn(call: Call, arn: (name: string) => string): string {
  const name = (optional(call, 'cluster') ?? 'default').replace(/^arn:.*:cluster\//, '');
  may(call, arn(name));
  if (!call.world.ecs.clusters.has(name)) throw new AwsError('ClusterNotFoundException', 'Cluster not found.');
  return name;
}

const may = (call: Call, arn: string, action?: string) => require(call, { arn, account: call.world.account }, action);

/** A list of the API in pages. */
function paged(call: Call, key: string, all: readonly string[]): JsonMap {
  const from = Number(call.input.nextToken ?? 0);
  const most = Number(call.input.maxResults ?? 100);
  const rest = from + most < all.length;
  return { [key]: all.slice(from, from + most), ...(rest && { nextToken: String(from + most) }) };
}

export const ecs: Record<string, Operation> = {
  ListServices(call) {
    const store = call.world.ecs;
    const cluster = clusterIn(call, (name) => store.arn(`cluster/${name}`));
    const own = store.services.filter((service) => service.cluster === cluster);
    return paged(
      call,
      'serviceArns',
      own.map(({ name }) => store.arn(`service/${cluster}/${name}`)),
    );
  },

  DescribeServices(call) {
    const store = call.world.ecs;
    const cluster = clusterIn(call, (name) => store.arn(`service/${name}/*`));
    const arns = list(call, 'services');
    if (arns.length === 0 || arns.length > 10)
      throw invalid('Services cannot be empty and may have at most 10 elements.');
    return {
      services: store.services
        .map(({ name, more }) => ({ serviceName: name, serviceArn: store.arn(`service/${cluster}/${name}`), ...more }))
        .filter(({ serviceArn }) => arns.includes(serviceArn)),
      failures: [],
    };
  },

  DescribeTaskDefinition(call) {
    may(call, '*');
    const found = definitionIn(call);
    return { taskDefinition: described(found), ...(list(call, 'include').includes('TAGS') && { tags: found.tags }) };
  },

  RegisterTaskDefinition(call) {
    const { input, world } = call;
    const given = input as JsonMap;
    const family = text(call, 'family');
    may(call, world.ecs.arn(`task-definition/${family}:*`));
    if (listIn(given, 'tags').length > 0) may(call, world.ecs.arn(`task-definition/${family}:*`), 'ecs:TagResource');
    passRoles(call, given);
    refuse(given);
    const { tags, ...rest } = given;
    const made = world.ecs.register(rest, listIn({ tags: tags ?? [] }, 'tags'));
    return { taskDefinition: described(made), tags: made.tags };
  },

  RunTask(call) {
    const { input, world } = call;
    const store = world.ecs;
    const definition = definitionIn(call);
    may(call, definition.arn);
    const cluster = clusterIn(call, () => definition.arn);
    if (listIn(input as JsonMap, 'tags').length > 0) may(call, store.arn(`task/${cluster}/*`), 'ecs:TagResource');
    passRoles(call, definition.input);
    if (definition.status !== 'ACTIVE') throw clientError('TaskDefinition is inactive');
    const given = input as JsonMap;
    if (given.launchType !== undefined && listIn(given, 'capacityProviderStrategy').length > 0)
      throw invalid('Specifying both a launch type and capacity provider strategy is not supported.');
    const network = mapIn(mapIn(given, 'networkConfiguration'), 'awsvpcConfiguration');
    if (definition.input.networkMode === 'awsvpc' && list({ ...call, input: network }, 'subnets').length === 0)
      throw invalid("Network Configuration must be provided when networkMode 'awsvpc' is specified.");
    if (!/^[\w/.-]{0,128}$/.test(String(given.startedBy ?? ''))) throw invalid('startedBy is invalid');
    const token = optional(call, 'clientToken') ?? '';
    const before = store.tokens.get(token);
    if (before !== undefined) return { tasks: [shown(before)], failures: [] };
    const service = serviceOf(definition.family);
    const attempt = Number(/(\d+)$/.exec(token)?.[1] ?? 0);
    const reason = store.faults.failure?.(service, attempt);
    if (reason !== undefined) return { tasks: [], failures: [{ arn: store.arn('container-instance/1'), reason }] };
    const task: Task = {
      arn: store.newTask(cluster),
      cluster,
      definition,
      startedBy: String(given.startedBy ?? ''),
      input: given,
      tags: listIn(given, 'tags'),
      containers: listIn(definition.input, 'containerDefinitions').map(({ name, essential }) => ({
        name: String(name),
        essential: essential !== false,
        lastStatus: 'PENDING',
      })),
      lastStatus: 'PROVISIONING',
      desiredStatus: 'RUNNING',
      stop: new AbortController(),
    };
    store.tasks.push(task);
    store.tokens.set(token, task);
    void perform(world, task);
    return { tasks: [shown(task)], failures: [] };
  },

  DescribeTasks(call) {
    const store = call.world.ecs;
    const arns = list(call, 'tasks');
    const cluster = clusterIn(call, (name) => arns[0] ?? store.arn(`task/${name}/*`));
    const found = store.tasks.filter((task) => task.cluster === cluster && arns.includes(task.arn));
    const missing = arns.filter((arn) => !found.some((task) => task.arn === arn));
    return { tasks: found.map(shown), failures: missing.map((arn) => ({ arn, reason: 'MISSING' })) };
  },

  ListTasks(call) {
    const store = call.world.ecs;
    const cluster = clusterIn(call, (name) => store.arn(`container-instance/${name}/*`));
    const by = optional(call, 'startedBy');
    const own = store.tasks.filter((task) => task.cluster === cluster && task.desiredStatus === 'RUNNING');
    return { taskArns: own.filter(({ startedBy }) => by === undefined || startedBy === by).map(({ arn }) => arn) };
  },

  StopTask(call) {
    const store = call.world.ecs;
    clusterIn(call, () => text(call, 'task'));
    const task = store.tasks.find(({ arn }) => arn === text(call, 'task'));
    if (task === undefined) throw invalid('The referenced task was not found.');
    if (task.lastStatus !== 'STOPPED') {
      Object.assign(task, {
        desiredStatus: 'STOPPED',
        lastStatus: 'STOPPED',
        stopCode: 'UserInitiated',
        stoppedReason: optional(call, 'reason') ?? 'Task stopped by user',
      });
      task.stop.abort();
    }
    return { task: shown(task) };
  },

  DeregisterTaskDefinition(call) {
    may(call, '*');
    const found = definitionIn(call);
    found.status = 'INACTIVE';
    return { taskDefinition: described(found) };
  },

  DeleteTaskDefinitions(call) {
    const { ecs: store } = call.world;
    const arns = list(call, 'taskDefinitions');
    for (const arn of arns) may(call, arn);
    const found = arns.flatMap((arn) => store.find(arn) ?? []);
    const failures = found.filter(({ status }) => status === 'ACTIVE');
    for (const one of found) if (one.status === 'INACTIVE') one.status = 'DELETE_IN_PROGRESS';
    return {
      taskDefinitions: found.filter(({ status }) => status !== 'ACTIVE').map(described),
      failures: failures.map(({ arn }) => ({
        arn,
        reason: 'The specified task definition is still in ACTIVE status.',
      })),
    };
  },

  ListTaskDefinitionFamilies(call) {
    may(call, '*');
    const prefix = optional(call, 'familyPrefix') ?? '';
    const active = call.world.ecs.definitions.filter(({ status }) => status === 'ACTIVE');
    return paged(call, 'families', [
      ...new Set(active.map(({ family }) => family).filter((name) => name.startsWith(prefix))),
    ]);
  },

  ListTaskDefinitions(call) {
    may(call, '*');
    const family = optional(call, 'familyPrefix');
    const active = call.world.ecs.definitions.filter((one) => one.status === 'ACTIVE' && one.family === family);
    return { taskDefinitionArns: active.map(({ arn }) => arn) };
  },
};

export const logs: Record<string, Operation> = {
  GetLogEvents(call) {
    const { world, region, input } = call;
    const [group, stream] = [text(call, 'logGroupName'), text(call, 'logStreamName')];
    may(call, `arn:${world.partition}:logs:${region}:${world.account}:log-group:${group}:log-stream:${stream}`);
    const streams = world.ecs.logs.get(group);
    if (streams === undefined)
      throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    const reads = (world.ecs.reads.get(stream) ?? 0) + 1;
    world.ecs.reads.set(stream, reads);
    const events = reads > (world.ecs.faults.lateness ?? 0) ? streams.get(stream) : undefined;
    if (events === undefined)
      throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const from = Number(/^f\/(\d+)$/.exec(String(input.nextToken ?? 'f/0'))?.[1] ?? 0);
    // Small pages, so that a client that reads one of them misses most.
    const page = events.slice(from, from + 2);
    return {
      events: page.map((message, index) => ({ message, timestamp: from + index, ingestionTime: from + index })),
      nextForwardToken: `f/${from + page.length}`,
      nextBackwardToken: `b/${from}`,
    };
  },
};

function definitionIn(call: Call): TaskDefinition {
  const found = call.world.ecs.find(text(call, 'taskDefinition'));
  if (found === undefined) throw clientError('Unable to describe task definition.');
  return found;
}

const described = ({ arn, input, revision, status }: TaskDefinition): JsonMap => ({
  ...input,
  taskDefinitionArn: arn,
  revision,
  status,
  compatibilities: ['EC2', 'FARGATE'],
  requiresAttributes: [{ name: 'com.amazonaws.ecs.capability.logging-driver.awslogs' }],
  registeredAt: 1_760_000_000.123,
  registeredBy: 'arn:aws:iam::123456789012:user/operator',
});

const shown = (task: Task): JsonMap => ({
  taskArn: task.arn,
  taskDefinitionArn: task.definition.arn,
  lastStatus: task.lastStatus,
  desiredStatus: task.desiredStatus,
  startedBy: task.startedBy,
  availabilityZone: 'eu-central-1a',
  containers: task.containers.map((container) => ({ ...container })),
  ...(task.stopCode !== undefined && { stopCode: task.stopCode }),
  ...(task.stoppedReason !== undefined && { stoppedReason: task.stoppedReason }),
});

function passRoles(call: Call, definition: JsonMap): void {
  for (const role of ['taskRoleArn', 'executionRoleArn'].flatMap((name) => textIn(definition, name) ?? []))
    may(call, role, 'iam:PassRole');
}

/** The API's own checks of a task definition. */
function refuse(definition: JsonMap): void {
  if (Buffer.byteLength(JSON.stringify(definition)) > LARGEST_DEFINITION)
    throw clientError('Actual length of the task definition exceeds the maximum of 64 KiB.');
  const containers = listIn(definition, 'containerDefinitions');
  const names = containers.map(({ name }) => name);
  if (containers.length === 0) throw clientError('Container list cannot be empty.');
  if (new Set(names).size !== names.length) throw clientError('Container.name should be unique.');
  if (!containers.some(({ essential }) => essential !== false))
    throw clientError('At least one container must be essential.');
  const volumes = listIn(definition, 'volumes').map(({ name }) => name);
  for (const container of containers) {
    if (typeof container.image !== 'string') throw clientError('Container.image should not be null or empty.');
    const mount = listIn(container, 'mountPoints').find(({ sourceVolume }) => !volumes.includes(sourceVolume ?? null));
    if (mount !== undefined) throw clientError(`Unknown volume '${mount.sourceVolume}'.`);
    for (const { containerName, condition } of listIn(container, 'dependsOn')) {
      const on = containers.find(({ name }) => name === containerName);
      if (on === undefined) throw clientError(`Container '${container.name}' depends on an unknown container.`);
      if (condition === 'HEALTHY' && Object.keys(mapIn(on, 'healthCheck')).length === 0)
        throw clientError('A container with a HEALTHY condition must have a health check.');
      if ((condition === 'COMPLETE' || condition === 'SUCCESS') && on.essential !== false)
        throw clientError(`The ${condition} condition can't be set on an essential container.`);
    }
  }
  const { requiresCompatibilities } = definition;
  if (Array.isArray(requiresCompatibilities) && requiresCompatibilities.includes('FARGATE')) {
    if (definition.networkMode !== 'awsvpc') throw clientError('Fargate only supports network mode ‘awsvpc’.');
    if (Object.keys(picked(definition, ['cpu', 'memory'])).length < 2)
      throw clientError("Fargate requires task definition to have 'cpu' and 'memory' set at the task level.");
    if (containers.some(({ privileged }) => privileged === true))
      throw clientError('Tasks using the Fargate launch type do not support privileged containers.');
  }
}
