/** The requests of `run ecs` against moto’s ECS and CloudWatch Logs, which check their shape and execute nothing. */
import {
  CloudWatchLogsClient,
  CreateLogGroupCommand,
  CreateLogStreamCommand,
  PutLogEventsCommand,
} from '@aws-sdk/client-cloudwatch-logs';
import {
  CreateClusterCommand,
  CreateServiceCommand,
  ECSClient,
  RegisterTaskDefinitionCommand,
} from '@aws-sdk/client-ecs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Caller, callerOf } from '../../src/app/ecs/caller.ts';
import { cleanUp } from '../../src/app/ecs/cleanup.ts';
import { planEcs } from '../../src/app/ecs/plan.ts';
import { readServices } from '../../src/app/ecs/source.ts';
import { type Ecs, ecsOf } from '../../src/cluster/ecs/client.ts';
import { startedBy } from '../../src/cluster/ecs/names.ts';
import { type JsonMap, textIn } from '../../src/util/json.ts';
import { NETWORK, taskDefinition } from '../support/task-definitions.ts';
import { type Moto, REGION, startMoto } from './moto.ts';

const CLUSTER = 'spacelift';
const SETTINGS = {
  image: 'registry.internal/preflight:1',
  args: [],
  authorities: undefined,
  logGroup: undefined,
  region: REGION,
  startTimeoutMs: 1_000,
  timeoutMs: 1_000,
  keep: false,
};

let moto: Moto;
let caller: Caller;
let ecs: Ecs;
let network: JsonMap;
beforeAll(async () => {
  moto = await startMoto();
  const { accessKeyId, secretAccessKey } = moto.access.credentials;
  const environment = {
    ...moto.environment,
    AWS_ACCESS_KEY_ID: accessKeyId,
    AWS_SECRET_ACCESS_KEY: secretAccessKey,
  };
  caller = callerOf({ cluster: CLUSTER, region: REGION, profile: undefined, environment, authorities: undefined });
  ecs = await ecsOf(caller.run, CLUSTER);
  const [subnet, group] = await Promise.all([described('Subnets', 'subnetId'), described('SecurityGroups', 'groupId')]);
  network = { awsvpcConfiguration: { subnets: [subnet], securityGroups: [group], assignPublicIp: 'DISABLED' } };
  const client = new ECSClient(moto.access);
  await client.send(new CreateClusterCommand({ clusterName: CLUSTER }));
  for (const service of ['server', 'drain'] as const) {
    const definition = taskDefinition(service, { container: { memory: 512 } });
    await client.send(new RegisterTaskDefinitionCommand(definition as never));
    await client.send(
      new CreateServiceCommand({
        cluster: CLUSTER,
        serviceName: `spacelift-${service}`,
        taskDefinition: `spacelift-${service}`,
        desiredCount: 0,
        launchType: 'FARGATE',
        platformVersion: String(NETWORK.platformVersion),
        networkConfiguration: network as never,
      }),
    );
  }
  client.destroy();
});
afterAll(() => Promise.all([caller?.end(), moto?.stop()]));

/** The ID of the first one, from EC2’s query API. */
async function described(what: string, element: string): Promise<string> {
  const scope = `Credential=AKIAANYBODY/20260101/${REGION}/ec2/aws4_request, SignedHeaders=host, Signature=none`;
  const answer = await fetch(moto.url, {
    method: 'POST',
    headers: { authorization: `AWS4-HMAC-SHA256 ${scope}` },
    body: new URLSearchParams({ Action: `Describe${what}`, Version: '2016-11-15' }),
  });
  return new RegExp(`<${element}>([^<]*)</`).exec(await answer.text())?.[1] ?? '';
}

const source = () => ({
  files: [],
  stdin: (async function* () {})(),
  timeoutMs: 1_000,
  services: undefined,
  network: undefined,
  cluster: CLUSTER,
});

test('a copy of each service’s task definition is accepted, run, described, stopped and removed', async () => {
  const workloads = await readServices(ecs, source());
  expect(workloads.map(({ service, label }) => [service, label])).toEqual([
    ['server', 'service spacelift-server'],
    ['drain', 'service spacelift-drain'],
  ]);
  const { run, tasks } = planEcs(workloads, CLUSTER, SETTINGS);
  for (const { definition, tags, workload } of tasks) {
    expect(workload.placement).toMatchObject({ launchType: 'FARGATE', networkConfiguration: network });
    const registered = await ecs.register(definition);
    const held = await ecs.describe(registered);
    expect(textIn(held.definition, 'family')).toBe(definition.family);
    expect(held.tags).toEqual(expect.arrayContaining(tags.map((tag) => ({ ...tag }))));
    const token = `${run}-${workload.service}-0`;
    const started = await ecs.run({
      definition: registered,
      startedBy: startedBy(run),
      token,
      tags,
      placement: workload.placement,
    });
    if (!('task' in started)) throw new Error(JSON.stringify(started));
    const [task] = await ecs.tasks([started.task]);
    expect(task).toMatchObject({ taskArn: started.task, startedBy: startedBy(run), taskDefinitionArn: registered });
    await ecs.stop(started.task);
    expect((await ecs.tasks([started.task]))[0]).toMatchObject({ desiredStatus: 'STOPPED' });
    await ecs.deregister(registered);
    await ecs.remove(registered);
  }
});

test('what a killed run left is found by its names and tags, and removed', async () => {
  const { run, tasks } = planEcs(await readServices(ecs, source()), CLUSTER, SETTINGS);
  const [first] = tasks;
  const registered = await ecs.register(first?.definition ?? {});
  const where = { cluster: CLUSTER, region: REGION };
  expect(await cleanUp(ecs, where)).toEqual({ removed: [run], left: [] });
  expect(await ecs.definitions(registered.replace(/^.*\/|:\d+$/g, ''))).toEqual([]);
  expect(await cleanUp(ecs, where)).toEqual({ removed: [], left: [] });
});

test('log events are read to the end, and a stream that does not exist is none', async () => {
  const client = new CloudWatchLogsClient(moto.access);
  const place = { logGroupName: 'spacelift', logStreamName: 'drain/drain/1' };
  await client.send(new CreateLogGroupCommand({ logGroupName: place.logGroupName }));
  await client.send(new CreateLogStreamCommand(place));
  const lines = Array.from({ length: 25_000 }, (_, index) => `line ${index}`);
  for (let from = 0; from < lines.length; from += 5_000)
    await client.send(
      new PutLogEventsCommand({
        ...place,
        logEvents: lines
          .slice(from, from + 5_000)
          .map((message, index) => ({ message, timestamp: Date.now() - 60_000 + from + index })),
      }),
    );
  client.destroy();
  const at = { group: place.logGroupName, region: REGION };
  expect(await ecs.log({ ...at, stream: place.logStreamName })).toBe(lines.map((line) => `${line}\n`).join(''));
  expect(await ecs.log({ ...at, stream: 'drain/drain/2' })).toBeUndefined();
});

test('a cluster that does not exist is told by its code', async () => {
  const other = await ecsOf(caller.run, 'other');
  await expect(other.services()).rejects.toMatchObject({
    action: 'ecs:ListServices',
    reason: { code: 'ClusterNotFoundException' },
  });
});
