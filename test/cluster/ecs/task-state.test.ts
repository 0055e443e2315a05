/** What became of a task, and the words of ECS for one that is lost. */
import { describe, expect, test } from 'vitest';
import { canPass, failedWith, refusedWith } from '../../../src/cluster/ecs/lost.ts';
import { stateOf, type TaskState } from '../../../src/cluster/ecs/task-state.ts';
import type { JsonMap } from '../../../src/util/json.ts';

const state = (task: JsonMap, own: JsonMap = {}): TaskState =>
  stateOf(
    {
      ...task,
      containers: [
        { name: 'sidecar', lastStatus: 'RUNNING' },
        { name: 'drain', ...own },
      ],
    },
    'drain',
  );

describe('a task', () => {
  test.each<[string, JsonMap, JsonMap, JsonMap]>([
    ['waits', { lastStatus: 'PENDING' }, { lastStatus: 'PENDING' }, { kind: 'waiting', code: 'PENDING' }],
    ['runs', { lastStatus: 'RUNNING' }, { lastStatus: 'RUNNING' }, { kind: 'running' }],
    [
      'waits while only a sidecar runs',
      { lastStatus: 'RUNNING' },
      { lastStatus: 'PENDING' },
      { kind: 'waiting', code: 'RUNNING' },
    ],
    [
      'has a result while sidecars run',
      { lastStatus: 'RUNNING' },
      { lastStatus: 'STOPPED', exitCode: 1 },
      { kind: 'ended', exitCode: 1 },
    ],
    [
      'has the exit code of the container before the reason of the task',
      {
        lastStatus: 'STOPPED',
        stopCode: 'EssentialContainerExited',
        stoppedReason: 'Essential container in task exited',
      },
      { lastStatus: 'STOPPED', exitCode: 0 },
      { kind: 'ended', exitCode: 0 },
    ],
    [
      'ran out of memory',
      { lastStatus: 'DEACTIVATING' },
      { lastStatus: 'STOPPED', exitCode: 137, reason: 'OutOfMemoryError: Container killed due to memory usage' },
      { kind: 'failed', code: 'OutOfMemoryError', message: 'OutOfMemoryError: Container killed due to memory usage' },
    ],
    [
      'did not start, for a reason that is complete only at its end',
      { lastStatus: 'DEPROVISIONING', desiredStatus: 'STOPPED', stopCode: 'TaskFailedToStart' },
      { lastStatus: 'STOPPED' },
      { kind: 'stopping', code: 'TaskFailedToStart' },
    ],
    [
      'did not start, for the reason of its container',
      { lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason: 'Task failed to start' },
      { lastStatus: 'STOPPED', reason: 'CannotPullContainerError: x' },
      {
        kind: 'failed',
        code: 'CannotPullContainerError',
        message: 'CannotPullContainerError: x\nTask failed to start',
      },
    ],
    [
      'did not start, for a reason of placement',
      { lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason: 'TaskFailedToStart: RESOURCE:MEMORY' },
      {},
      { kind: 'failed', code: 'RESOURCE:MEMORY' },
    ],
    [
      'stopped without a reason',
      { lastStatus: 'STOPPED', stopCode: 'UserInitiated' },
      {},
      { kind: 'failed', code: 'UserInitiated' },
    ],
  ])('%s', (_, task, own, expected) => {
    expect(state(task, own)).toMatchObject(expected);
  });
});

/** From the developer guide ("Amazon ECS stopped task error messages", "API failure reasons"), and as seen in issues. */
const SAID: readonly (readonly [title: string, words: readonly string[]])[] = [
  [
    'the image could not be pulled',
    [
      'CannotPullContainerError: pull image manifest has been retried 5 time(s): failed to resolve ref docker.io/x:latest: not found',
      'CannotPullECRContainerError: AccessDeniedException: User is not authorized to perform: ecr:BatchGetImage',
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve ecr registry auth: service call has been retried 3 time(s): RequestError: send request failed',
    ],
  ],
  [
    'a secret of the task could not be read',
    [
      "ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secret from asm: service call has been retried 1 time(s): failed to fetch secret arn:aws:secretsmanager:x from secrets manager: ResourceNotFoundException: Secrets Manager can't find the specified secret.",
      'ResourceInitializationError: unable to pull secrets or registry auth: execution resource retrieval failed: unable to retrieve secrets from ssm: service call has been retried 5 time(s): RequestCanceled: request context canceled',
      'ResourceInitializationError: failed to download env files: file download command: non empty error stream: service call has been retried: environment file not found',
    ],
  ],
  [
    'the log of the task could not be created',
    [
      'ResourceInitializationError: failed to validate logger args: create stream has been retried 1 times: failed to create Cloudwatch log stream: ResourceNotFoundException: The specified log group does not exist. : exit status 1',
      'ResourceInitializationError: failed to initialize logging driver: failed to create Cloudwatch log stream: RequestError: send request failed',
    ],
  ],
  [
    'the cluster has no capacity for the task',
    ['Capacity is unavailable at this time. Please try again later or in a different availability zone'],
  ],
  [
    'the network of the task could not be set up',
    ['Unexpected EC2 error while attempting to Create Network Interface in subnet subnet-1'],
  ],
  ['the task stopped before it had a result', ['Something else']],
];

describe('the words of ECS', () => {
  test.each(SAID.flatMap(([title, words]) => words.map((stoppedReason) => [title, stoppedReason] as const)))(
    '%s: %s',
    (title, stoppedReason) => {
      const found = state({ lastStatus: 'STOPPED', stopCode: 'TaskFailedToStart', stoppedReason });
      if (found.kind !== 'failed') throw new Error(found.kind);
      const lost = failedWith(found);
      expect(lost.title).toBe(title);
      expect(lost.detail).toContain(stoppedReason);
    },
  );

  test.each([
    ['RESOURCE:MEMORY', '', true, 'the cluster has no capacity for the task'],
    ['AGENT', '', true, 'the agent of the instance is not connected'],
    [
      'ClientException',
      'You’ve reached the limit on the number of vCPUs you can run concurrently',
      true,
      'the cluster has no capacity for the task',
    ],
    ['ATTRIBUTE', '', false, 'no instance of the cluster meets the requirements of the task'],
    [
      'InvalidParameterException',
      'No Container Instances were found in your cluster.',
      false,
      'the cluster has no capacity for the task',
    ],
    [
      'InvalidParameterException',
      "The security group 'sg-1' does not exist",
      false,
      'the network of the task could not be set up',
    ],
    ['ClientException', 'Role is not valid', false, 'ECS can’t assume a role of the task'],
    ['ClientException', 'Something else', false, 'ECS did not start the task'],
  ])('%s %s: can pass: %s', (code, message, passes, title) => {
    expect(canPass({ code, message })).toBe(passes);
    expect(refusedWith({ code, message })).toMatchObject({
      title,
      detail: message === '' ? code : `${code}: ${message}`,
    });
  });
});
