/** Tasks on their way, on an ECS that runs them: what came of each service, and what stays. */
import { beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { callerOf } from '../../src/app/ecs/caller.ts';
import { cleanUp } from '../../src/app/ecs/cleanup.ts';
import type { EcsObserver } from '../../src/app/ecs/drive.ts';
import { planEcs } from '../../src/app/ecs/plan.ts';
import { runEcs } from '../../src/app/ecs/run.ts';
import { readServices } from '../../src/app/ecs/source.ts';
import { ecsOf } from '../../src/cluster/ecs/client.ts';
import type { Service } from '../../src/config/options.ts';
import { frameOf } from '../../src/report/frame.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { sampleReport } from '../report/sample.ts';
import {
  type AwsServer,
  type AwsUser,
  administrator,
  type EcsFaults,
  type Execution,
  startAws,
} from '../services/aws/index.ts';
import { LOG_GROUP, NETWORK, taskDefinition } from '../support/task-definitions.ts';

const CLUSTER = 'spacelift';
const IMAGE = 'registry.internal/preflight:1';

let passing: (service: string) => Execution;
beforeAll(async () => {
  const report = await sampleReport();
  const checks = report.checks.filter(({ status }) => status === 'pass');
  passing = (service) => ({ exitCode: 0, output: frameOf({ ...report, checks, service: service as Service }) });
});

async function started(definitions: readonly JsonMap[] = [taskDefinition('server'), taskDefinition('drain')]) {
  const aws = await startAws();
  onTestFinished(() => aws.close());
  aws.ecs.createCluster(CLUSTER);
  aws.ecs.createGroup(LOG_GROUP);
  for (const definition of definitions) aws.ecs.createService(CLUSTER, `${definition.family}`, definition, NETWORK);
  aws.ecs.execute = async ({ service }) => passing(service);
  return aws;
}

interface Changes {
  readonly keep?: boolean;
  readonly startTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

async function connected(aws: AwsServer) {
  const environment = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: aws.users[0]?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.users[0]?.secretAccessKey,
  };
  const { region } = aws;
  const caller = callerOf({ cluster: CLUSTER, region, profile: undefined, environment, authorities: undefined });
  return { caller, ecs: await ecsOf(caller.run, CLUSTER) };
}

/** Runs all services, and says what came of each, what was said, and what is left. */
async function ran(aws: AwsServer, { signal = new AbortController().signal, ...changes }: Changes = {}) {
  const said: string[] = [];
  const { caller, ecs } = await connected(aws);
  try {
    const stdin = (async function* () {})();
    const source = { files: [], stdin, timeoutMs: 1_000, services: undefined, network: undefined, cluster: CLUSTER };
    const plan = planEcs(await readServices(ecs, source), CLUSTER, {
      image: IMAGE,
      args: [],
      authorities: undefined,
      logGroup: undefined,
      region: aws.region,
      startTimeoutMs: 5_000,
      timeoutMs: 5_000,
      keep: false,
    });
    const observer: EcsObserver = { started: () => {}, finished: () => {}, said: (text) => said.push(text) };
    const where = { cluster: CLUSTER, region: aws.region };
    const { runs, left } = await runEcs({ ...plan, pollMs: 5, ...changes }, ecs, where, observer, signal);
    const outcomes = runs.map(({ workload, outcome }) => [
      workload.service,
      'lost' in outcome ? outcome.lost.title : 'report',
    ]);
    const lost = runs.flatMap(({ outcome }) => ('lost' in outcome ? [outcome.lost] : []));
    return { outcomes: Object.fromEntries(outcomes), lost, said, left };
  } finally {
    await caller.end();
  }
}

const ofDrain =
  <T>(value: T) =>
  (service: string): T | undefined =>
    service === 'drain' ? value : undefined;
const stopped = (stopCode: string, stoppedReason: string): EcsFaults => ({
  stopped: ofDrain({ stopCode, stoppedReason }),
});

describe('a run that is lost, in the words of ECS', () => {
  test.each<[title: string, words: string, EcsFaults]>([
    [
      'the container could not be started',
      'CannotStartContainerError: failed to get container status: x',
      stopped('TaskFailedToStart', 'CannotStartContainerError: failed to get container status: x'),
    ],
    [
      'its capacity was taken away during the run',
      'Your Spot Task was interrupted.',
      stopped('SpotInterruption', 'Your Spot Task was interrupted.'),
    ],
    [
      'somebody stopped the task during the run',
      'Task stopped by user',
      stopped('UserInitiated', 'Task stopped by user'),
    ],
    [
      'a volume could not be mounted',
      'failed to invoke EFS utils commands',
      stopped(
        'TaskFailedToStart',
        'ResourceInitializationError: failed to invoke EFS utils commands to set up EFS volumes: x',
      ),
    ],
    [
      'the network of the task could not be set up',
      'Network Interface',
      stopped('TaskFailedToStart', 'Unexpected EC2 error while attempting to Create Network Interface in subnet: x'),
    ],
    [
      'the image is not for the architecture of the task',
      "platform 'linux/arm64'",
      stopped(
        'TaskFailedToStart',
        "CannotPullContainerError: image Manifest does not contain descriptor matching platform 'linux/arm64'",
      ),
    ],
    ['no instance of the cluster meets the requirements of the task', 'ATTRIBUTE', { failure: ofDrain('ATTRIBUTE') }],
    [
      'the cluster has no capacity for the task within 0.05 s',
      'RESOURCE:MEMORY',
      { failure: ofDrain('RESOURCE:MEMORY') },
    ],
    [
      'the container ended with exit code 0 and without a report',
      'the log is empty',
      { logged: (service, output) => (service === 'drain' ? '' : output) },
    ],
    [
      'the container ended with exit code 0 and without a report',
      '',
      { logged: (service, output) => (service === 'drain' ? output.slice(0, output.length / 2) : output) },
    ],
    [
      'the container ended with exit code 0, but has no log stream',
      'Expected the stream drain/drain/',
      { logged: (service, output) => (service === 'drain' ? undefined : output) },
    ],
    ['the task was not started within 0.05 s', 'PROVISIONING', { pending: (service) => service === 'drain' }],
  ])('%s: %s', async (title, words, faults) => {
    const aws = await started();
    aws.ecs.faults = faults;
    const { outcomes, lost, left } = await ran(aws, title.endsWith(' s') ? { startTimeoutMs: 50 } : {});
    expect(outcomes).toEqual({ server: 'report', drain: title });
    expect(lost[0]?.detail).toContain(words);
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  test('a task that does not get to its end', async () => {
    const aws = await started();
    const words = 'CannotPullContainerError: x';
    aws.ecs.faults = { ...stopped('TaskFailedToStart', words), deprovisioning: () => true };
    const { outcomes, lost } = await ran(aws, { startTimeoutMs: 50 });
    expect(outcomes).toEqual({ server: 'report', drain: 'the image could not be pulled' });
    expect(lost[0]?.detail).toBe(words);
  });

  test('the image could not be pulled', async () => {
    const aws = await started();
    aws.ecs.images = new Set(['another']);
    const { outcomes } = await ran(aws);
    expect(outcomes).toEqual({ server: 'the image could not be pulled', drain: 'the image could not be pulled' });
  });

  test.each([
    ['a secret', 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:gone-AbCdEf', 'Secrets Manager can'],
    ['a parameter', '/spacelift/gone', 'invalid parameters: /spacelift/gone'],
  ])('%s does not exist', async (_, valueFrom, words) => {
    const secrets = [{ name: 'LICENSE_TOKEN', valueFrom }];
    const aws = await started([taskDefinition('server'), taskDefinition('drain', { container: { secrets } })]);
    const { outcomes, lost } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'a secret of the task could not be read' });
    expect(lost[0]?.detail).toContain(words);
  });

  test('the log group does not exist', async () => {
    const aws = await started();
    aws.ecs.logs.clear();
    const { outcomes } = await ran(aws);
    expect(outcomes.drain).toBe('the log of the task could not be created');
  });

  test('out of memory', async () => {
    const aws = await started();
    aws.ecs.execute = async ({ service }) =>
      service === 'drain' ? { exitCode: 137, output: '', isOutOfMemory: true } : passing(service);
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'the container ran out of memory' });
  });

  test('never ended', async () => {
    const aws = await started();
    aws.ecs.execute = async ({ service, signal }) => {
      if (service === 'drain') await new Promise((resolve) => signal.addEventListener('abort', resolve));
      return passing(service);
    };
    const { outcomes } = await ran(aws, { runTimeoutMs: 300 });
    expect(outcomes).toEqual({ server: 'report', drain: 'the container did not end within 0.3 s of its start' });
    expect(aws.ecs.leftovers).toEqual([]);
  });

  test('what the command line said', async () => {
    const aws = await started();
    aws.ecs.execute = async () => ({ exitCode: 2, output: 'spacelift-preflight: unknown variable X\n' });
    const { lost } = await ran(aws);
    expect(lost[0]).toMatchObject({
      title: 'the container ended with exit code 2 and without a report',
      detail: 'unknown variable X',
    });
  });

  test('ECS refuses the task definition', async () => {
    const container = {
      mountPoints: [{ sourceVolume: 'data' }],
      dependsOn: [{ containerName: 'x', condition: 'HEALTHY' }],
    };
    const sidecars = [{ name: 'x', image: 'x', essential: true }];
    const aws = await started([taskDefinition('server'), taskDefinition('drain', { container, sidecars })]);
    const { outcomes, lost, left } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'ECS did not start the task' });
    expect(lost[0]?.detail).toBe('ClientException: A container with a HEALTHY condition must have a health check.');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });
});

describe('a run that goes on', () => {
  it('waits for capacity, and says so', async () => {
    const aws = await started();
    aws.ecs.faults = {
      failure: (service, attempt) => (service === 'drain' && attempt < 2 ? 'RESOURCE:CPU' : undefined),
    };
    const { outcomes, said } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(said).toEqual(['drain: waiting for capacity: RESOURCE:CPU']);
  });

  it('reads events that arrive late, in several pages', async () => {
    const aws = await started();
    const noise = Array.from({ length: 9 }, (_, index) => `line ${index}`).join('\n');
    aws.ecs.faults = { lateness: 3, logged: (_, output) => `${noise}\n${output}` };
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'report' });
  });

  it('does not wait for a sidecar that never ends', async () => {
    const proxy = { name: 'proxy', image: 'proxy:1', essential: true };
    const container = { dependsOn: [{ containerName: 'proxy', condition: 'START' }] };
    const aws = await started([taskDefinition('drain', { container, sidecars: [proxy] })]);
    expect((await ran(aws)).outcomes).toEqual({ drain: 'report' });
    expect(aws.ecs.tasks[0]?.containers.map(({ lastStatus }) => lastStatus)).toEqual(['STOPPED', 'STOPPED']);
  });

  it('bears a server that fails for a while', async () => {
    const aws = await started();
    let failures = 0;
    aws.faults = {
      statusFor: ({ action }) =>
        action === 'DescribeTasks' && failures++ < 1 ? { status: 400, code: 'ServerException' } : undefined,
    };
    expect((await ran(aws)).outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(failures).toBeGreaterThan(1);
  });

  it('gives up a server that fails for good', async () => {
    const aws = await started();
    aws.faults = {
      statusFor: ({ action }) => (action === 'DescribeTasks' ? { status: 400, code: 'ServerException' } : undefined),
    };
    const { outcomes, left } = await ran(aws, { silenceMs: 50 });
    expect(outcomes.drain).toBe('ECS stopped responding during the run');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  it('is apart from another run at the same time', async () => {
    const aws = await started();
    const both = await Promise.all([ran(aws), ran(aws)]);
    for (const { outcomes } of both) expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect(new Set(aws.ecs.registered.map(({ family }) => family)).size).toBe(4);
    expect(aws.ecs.leftovers).toEqual([]);
  });
});

describe('interrupted', () => {
  test.each(['RegisterTaskDefinition', 'RunTask', 'DescribeTasks', 'GetLogEvents'])(
    'during %s, leaves nothing',
    async (phase) => {
      const aws = await started();
      const controller = new AbortController();
      aws.faults = {
        statusFor: ({ action }) => {
          if (action === phase) controller.abort(new Error('interrupted'));
          return undefined;
        },
      };
      const { outcomes, left } = await ran(aws, { signal: controller.signal });
      expect(Object.values(outcomes)).toContain('interrupted before it had a report');
      expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
    },
  );

  it.each(['DescribeTasks', 'GetLogEvents'])('while %s hangs, does not wait for it', async (phase) => {
    const aws = await started();
    const controller = new AbortController();
    aws.faults = {
      hangFor: ({ action }) => {
        if (action === phase) setImmediate(() => controller.abort(new Error('interrupted')));
        return action === phase;
      },
    };
    const { outcomes, left } = await ran(aws, { signal: controller.signal });
    expect(outcomes.drain).toBe('interrupted before it had a report');
    expect({ left, leftovers: aws.ecs.leftovers }).toEqual({ left: [], leftovers: [] });
  });

  test.each(['RegisterTaskDefinition', 'RunTask'])('a %s whose response is lost is undone', async (request) => {
    const aws = await started();
    aws.ecs.faults = { pending: () => true };
    aws.faults = { resetAfter: ({ action, input }) => action === request && JSON.stringify(input).includes('drain') };
    await expect(ran(aws)).rejects.toThrow(/127\.0\.0\.1/);
    expect(aws.ecs.registered).toHaveLength(2);
    expect(aws.ecs.leftovers).toEqual([]);
  });
});

describe('what a killed run left', () => {
  it('is removed once the run must be over', async () => {
    const aws = await started();
    aws.ecs.faults = { pending: () => true };
    const controller = new AbortController();
    aws.faults = {
      statusFor: ({ action }) => {
        if (action === 'DescribeTasks') controller.abort(new Error('killed'));
        return undefined;
      },
    };
    await ran(aws, { signal: controller.signal, keep: true });
    expect(aws.ecs.leftovers).toHaveLength(4);
    const { ecs, caller } = await connected(aws);
    onTestFinished(() => caller.end());
    const where = { cluster: CLUSTER, region: aws.region };
    expect(await cleanUp(ecs, where)).toEqual({
      removed: [],
      left: [expect.stringMatching(/^run [0-9a-f]{8} could be in progress until 20/)],
    });
    const tomorrow = new Date(Date.now() + 86_400_000);
    expect(await cleanUp(ecs, where, tomorrow)).toMatchObject({ removed: [expect.any(String)], left: [] });
    expect(aws.ecs.leftovers).toEqual([]);
  });
});

describe('a missing permission', () => {
  const actions = [
    ['ecs:RegisterTaskDefinition', 'ecs:RegisterTaskDefinition'],
    ['ecs:TagResource', 'ecs:TagResource'],
    ['iam:PassRole', 'iam:PassRole on arn:aws:iam::123456789012:role/spacelift-'],
    ['ecs:RunTask', 'ecs:RunTask'],
    ['ecs:DescribeTasks', 'ecs:DescribeTasks'],
    ['logs:GetLogEvents', 'logs:GetLogEvents'],
  ] as const;
  const without = (action: string): AwsUser => ({
    ...administrator,
    policy: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Action: '*', Resource: '*' },
        { Effect: 'Deny', Action: action, Resource: '*' },
      ],
    },
  });

  test.each(actions)('%s ends the run, and what was made is removed', async (action, named) => {
    const aws = await started();
    aws.users = [without(action)];
    await expect(ran(aws)).rejects.toThrow(`user/operator lacks ${named}`);
    expect(aws.ecs.leftovers).toEqual([]);
  });

  test.each([
    ['ecs:DeregisterTaskDefinition', 'could not be deregistered: it needs ecs:DeregisterTaskDefinition', 2],
    ['ecs:DeleteTaskDefinitions', undefined, 0],
  ])('%s for what is left', async (action, words, stays) => {
    const aws = await started();
    aws.users = [without(action)];
    const { outcomes, left } = await ran(aws);
    expect(outcomes).toEqual({ server: 'report', drain: 'report' });
    expect({ left: left.length, leftovers: aws.ecs.leftovers.length }).toEqual({ left: stays, leftovers: stays });
    if (words !== undefined) expect(left[0]).toContain(words);
  });

  test('ecs:StopTask: the task that stays is named', async () => {
    const aws = await started();
    aws.users = [without('ecs:StopTask')];
    aws.ecs.faults = { pending: (service) => service === 'drain' };
    const { left } = await ran(aws, { startTimeoutMs: 50 });
    expect(left).toEqual([expect.stringMatching(/^task [0-9a-f]{32} could not be stopped: it needs ecs:StopTask$/)]);
  });

  test.each([
    'ecs:ListTaskDefinitionFamilies',
    'ecs:ListTaskDefinitions',
    'ecs:DescribeTaskDefinition',
    'ecs:ListTasks',
  ])('%s ends --cleanup', async (action) => {
    const aws = await started();
    await ran(aws, { keep: true });
    aws.users = [without(action)];
    const { ecs, caller } = await connected(aws);
    onTestFinished(() => caller.end());
    const cleaned = cleanUp(ecs, { cluster: CLUSTER, region: aws.region });
    await expect(cleaned).rejects.toThrow(`user/operator lacks ${action}`);
  });
});
