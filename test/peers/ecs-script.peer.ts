/** `examples/ecs-run-task.sh` with the real AWS CLI: its options, queries and waiters, against an API that runs nothing. */
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, onTestFinished, test } from 'vitest';
import type { JsonMap } from '../../src/util/json.ts';
import { ROOT } from '../ci/runner.ts';
import { ended, writePrograms } from '../support/programs.ts';
import { program } from './install.ts';

const TASK = 'arn:aws:ecs:eu-west-1:123456789012:task/prod/0123abcd';
const REVISION = 'arn:aws:ecs:eu-west-1:123456789012:task-definition/spacelift-preflight-drain:7';

interface Call {
  readonly operation: string;
  readonly input: JsonMap;
}

/** @param container in the task that has stopped @param started the answer to `RunTask` */
async function ran(container: JsonMap, started: JsonMap = { tasks: [{ taskArn: TASK }], failures: [] }) {
  const calls: Call[] = [];
  const stopped = { taskArn: TASK, lastStatus: 'STOPPED', stoppedReason: 'Essential container in task exited' };
  const answers: Readonly<Record<string, (input: JsonMap) => JsonMap>> = {
    RegisterTaskDefinition: (input) => ({ taskDefinition: { ...input, taskDefinitionArn: REVISION } }),
    RunTask: () => started,
    DescribeTasks: () => ({ tasks: [{ ...stopped, containers: [{ name: 'envoy', exitCode: 0 }, container] }] }),
    GetLogEvents: () => ({ events: ['✖ not ready', '  1 failed'].map((message) => ({ message, timestamp: 1 })) }),
    DeregisterTaskDefinition: () => ({}),
    StopTask: () => ({}),
  };
  const server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.').at(-1) ?? '';
    const input: JsonMap = JSON.parse(await text(request));
    calls.push({ operation, input });
    response.setHeader('content-type', 'application/x-amz-json-1.1');
    response.end(JSON.stringify(answers[operation]?.(input) ?? {}));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const root = await mkdtemp(join(tmpdir(), 'preflight-ecs-'));
  onTestFinished(async () => {
    server.closeAllConnections();
    server.close();
    await rm(root, { recursive: true });
  });
  const { command, args, env } = program('aws');
  const words = [command, ...args].map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  await writePrograms(root, { aws: `exec ${words} "$@"` });
  const settings = {
    AWS_ENDPOINT_URL: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    AWS_ACCESS_KEY_ID: 'x',
    AWS_SECRET_ACCESS_KEY: 'x',
    AWS_REGION: 'eu-west-1',
    AWS_DEFAULT_REGION: 'eu-west-1',
    HOME: root,
    LC_ALL: 'C.UTF-8',
    PATH: `${root}:${process.env.PATH}`,
  };
  const script = [join(ROOT, 'examples/ecs-run-task.sh'), 'prod', 'subnet-1,subnet-2', 'sg-1'];
  const result = await ended('bash', script, { env: { ...env, ...settings } });
  return { ...result, calls, operations: calls.map(({ operation }) => operation) };
}

test('the AWS CLI accepts each call, and each answer reaches the script', async () => {
  const { code, stdout, stderr, calls, operations } = await ran({ name: 'spacelift-preflight', exitCode: 1 });
  expect({ code, stdout, stderr }).toEqual({ code: 1, stdout: '✖ not ready\n  1 failed\n', stderr: '' });
  expect(operations).toEqual([
    'RegisterTaskDefinition',
    'RunTask',
    'DescribeTasks',
    'DescribeTasks',
    'GetLogEvents',
    'DeregisterTaskDefinition',
  ]);
  const [registered, run, , , log, removed] = calls.map(({ input }) => input);
  expect(registered).toMatchObject({ family: 'spacelift-preflight-drain', networkMode: 'awsvpc' });
  expect(run).toMatchObject({
    cluster: 'prod',
    launchType: 'FARGATE',
    taskDefinition: REVISION,
    networkConfiguration: {
      awsvpcConfiguration: { subnets: ['subnet-1', 'subnet-2'], securityGroups: ['sg-1'], assignPublicIp: 'DISABLED' },
    },
  });
  expect(log).toMatchObject({
    logGroupName: '/ecs/spacelift',
    logStreamName: 'preflight/spacelift-preflight/0123abcd',
    startFromHead: true,
  });
  expect(removed).toEqual({ taskDefinition: REVISION });
});

test('a container without an exit code, and a task that was not started, are told', async () => {
  const stopped = await ran({ name: 'spacelift-preflight', reason: 'CannotPullContainerError' });
  expect(stopped).toMatchObject({ code: 1, stderr: expect.stringContaining('the checks did not run to their end: ') });
  const failure = { arn: 'arn:x', reason: 'RESOURCE:MEMORY' };
  const refused = await ran({}, { tasks: [], failures: [failure] });
  expect(refused).toMatchObject({ code: 2, stderr: 'the task was not started: RESOURCE:MEMORY\n' });
  expect(refused.operations).toEqual(['RegisterTaskDefinition', 'RunTask', 'DeregisterTaskDefinition']);
});
