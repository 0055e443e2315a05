/** What the status of a Pod means, with statuses as kubelet and scheduler write them. */
import { describe, expect, it, test } from 'vitest';
import { failedWith, neverStarted } from '../../src/cluster/lost.ts';
import { isTrouble, stateOf, warningsIn } from '../../src/cluster/pod-state.ts';
import type { JsonMap } from '../../src/util/json.ts';

const pod = (status: JsonMap): JsonMap => ({ kind: 'Pod', status });
const container = (state: JsonMap, name = 'drain') => ({ name, state });
const own = (state: JsonMap, more: JsonMap = {}) =>
  pod({ phase: 'Pending', containerStatuses: [container(state)], ...more });
const terminated = (exitCode: number, reason: string, more: JsonMap = {}) => ({
  terminated: { exitCode, reason, ...more },
});

describe('the state of a container', () => {
  test.each([
    ['nothing yet', pod({ phase: 'Pending' }), { kind: 'waiting', reason: 'Pending', message: '' }],
    [
      'no node',
      pod({
        phase: 'Pending',
        conditions: [
          {
            type: 'PodScheduled',
            status: 'False',
            reason: 'Unschedulable',
            message: '0/1 nodes are available: 1 Insufficient memory.',
          },
        ],
      }),
      { kind: 'waiting', reason: 'Unschedulable', message: '0/1 nodes are available: 1 Insufficient memory.' },
    ],
    [
      'an image that can’t be pulled',
      own({ waiting: { reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' } }),
      { kind: 'waiting', reason: 'ImagePullBackOff', message: 'Back-off pulling image "x"' },
    ],
    [
      'a sidecar that can’t be pulled',
      own(
        { waiting: { reason: 'PodInitializing' } },
        { initContainerStatuses: [container({ waiting: { reason: 'ErrImagePull', message: 'not found' } }, 'proxy')] },
      ),
      { kind: 'waiting', reason: 'ErrImagePull', message: 'sidecar proxy: not found' },
    ],
    [
      'a sidecar that runs',
      own({ waiting: { reason: 'PodInitializing' } }, { initContainerStatuses: [container({ running: {} }, 'proxy')] }),
      { kind: 'waiting', reason: 'PodInitializing', message: '' },
    ],
    [
      'an image without a valid name',
      own({ waiting: { reason: 'InvalidImageName', message: 'invalid reference format' } }),
      { kind: 'failed', reason: 'InvalidImageName', message: 'invalid reference format' },
    ],
    ['running', own({ running: { startedAt: 'x' } }, { phase: 'Running' }), { kind: 'running' }],
    ['passed', own(terminated(0, 'Completed'), { phase: 'Succeeded' }), { kind: 'ended', exitCode: 0 }],
    [
      'failures, beside a sidecar that never ends',
      own(terminated(1, 'Error'), { phase: 'Running' }),
      { kind: 'ended', exitCode: 1 },
    ],
    ['could not start', own(terminated(2, 'Error'), { phase: 'Failed' }), { kind: 'ended', exitCode: 2 }],
    [
      'out of memory',
      own(terminated(137, 'OOMKilled'), { phase: 'Failed' }),
      { kind: 'failed', reason: 'OOMKilled', message: 'exit code 137' },
    ],
    [
      'evicted',
      own(terminated(137, 'Error'), {
        phase: 'Failed',
        reason: 'Evicted',
        message: 'The node was low on resource: memory.',
      }),
      { kind: 'failed', reason: 'Evicted', message: 'The node was low on resource: memory.' },
    ],
    [
      'over its deadline, before it started',
      pod({
        phase: 'Failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      }),
      {
        kind: 'failed',
        reason: 'DeadlineExceeded',
        message: 'Pod was active on the node longer than the specified deadline',
      },
    ],
    [
      'preempted',
      own(terminated(143, 'Error'), {
        phase: 'Failed',
        conditions: [
          { type: 'DisruptionTarget', status: 'True', reason: 'PreemptionByScheduler', message: 'preempted' },
        ],
      }),
      { kind: 'failed', reason: 'PreemptionByScheduler', message: 'preempted' },
    ],
    [
      'for another architecture',
      own(terminated(128, 'StartError', { message: 'exec format error' }), { phase: 'Failed' }),
      { kind: 'failed', reason: 'StartError', message: 'exec format error' },
    ],
    [
      'only another container ended',
      pod({
        phase: 'Running',
        containerStatuses: [container(terminated(0, 'Completed'), 'proxy'), container({ running: {} })],
      }),
      { kind: 'running' },
    ],
  ])('%s', (_, object, state) => {
    expect(stateOf(object, 'drain')).toEqual(state);
  });

  it('that is in line is no trouble', () => {
    expect(['Pending', 'ContainerCreating', 'PodInitializing'].filter((reason) => isTrouble({ reason }))).toEqual([]);
    expect(isTrouble({ reason: 'CreateContainerConfigError' })).toBe(true);
  });
});

describe('events', () => {
  const event = (name: string, type: string, reason: string, message: string, lastTimestamp: string) => ({
    type,
    reason,
    message,
    lastTimestamp,
    involvedObject: { name },
  });

  it('are the warnings about the Pod, in order, each once', () => {
    const events = [
      event('own', 'Warning', 'FailedMount', 'secret "x" not found', '2026-01-01T00:00:02Z'),
      event('own', 'Warning', 'FailedMount', 'secret "x" not found', '2026-01-01T00:00:03Z'),
      event('own', 'Warning', 'FailedScheduling', 'no node', '2026-01-01T00:00:01Z'),
      event('own', 'Normal', 'Pulled', 'pulled', '2026-01-01T00:00:04Z'),
      event('other', 'Warning', 'BackOff', 'other', '2026-01-01T00:00:05Z'),
    ];
    expect(warningsIn(events, 'own')).toEqual(['FailedScheduling: no node', 'FailedMount: secret "x" not found']);
  });
});

describe('a lost run', () => {
  test.each([
    ['ImagePullBackOff', 'the image could not be pulled within 60 s', '--image'],
    ['Unschedulable', 'no node has room for the Pod within 60 s', '--start-timeout'],
    [
      'CreateContainerConfigError',
      'the container could not be configured within 60 s',
      'create the Secret or ConfigMap',
    ],
    ['Pending', 'the container was not started within 60 s', 'correct what the message says'],
  ])('never started: %s', (reason, title, fix) => {
    const lost = neverStarted({ reason, message: 'words of the cluster' }, [], 60);
    expect(lost).toMatchObject({ title, detail: expect.stringContaining('words of the cluster') });
    expect(lost.fix.text).toContain(fix);
  });

  it('tells what only events say', () => {
    const warning = 'FailedMount: MountVolume.SetUp failed for volume "x" : secret "x" not found';
    expect(neverStarted({ reason: 'ContainerCreating', message: '' }, [warning], 60)).toMatchObject({
      title: 'a volume could not be mounted within 60 s',
      detail: `ContainerCreating\n${warning}`,
    });
  });

  test.each([
    ['OOMKilled', 'the container ran out of memory', '--resources memory=1Gi'],
    ['Evicted', 'its node gave up the Pod', 'run it again'],
    ['DeadlineExceeded', 'the Pod did not end before its deadline', '--timeout'],
    ['SomethingNew', 'the Pod failed', 'correct what the message says'],
  ])('failed: %s', (reason, title, fix) => {
    const lost = failedWith({ reason, message: 'words' });
    expect(lost).toMatchObject({ title, detail: `${reason}: words` });
    expect(lost.fix.text).toContain(fix);
  });
});
