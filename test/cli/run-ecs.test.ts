/** `run ecs` as a user types it: what is registered and started, what is printed, and what is refused on one line. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import type { Service } from '../../src/config/options.ts';
import { frameOf } from '../../src/report/frame.ts';
import type { Matrix } from '../../src/report/matrix/types.ts';
import { type JsonMap, listIn } from '../../src/util/json.ts';
import { sampleReport } from '../report/sample.ts';
import { type AwsServer, administrator, type Execution, startAws } from '../services/aws/index.ts';
import { selfSigned } from '../services/tls.ts';
import { LOG_GROUP, NETWORK, taskDefinition } from '../support/task-definitions.ts';
import { expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';

const SERVICES = ['server', 'drain', 'scheduler'] as const;
const IMAGE = 'registry.internal/preflight@sha256:0';
const START = ['run', 'ecs', '--cluster', 'spacelift', '--image', IMAGE];

let folder: string;
let passing: (service: string) => Execution;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-ecs-'));
  const report = await sampleReport();
  const checks = report.checks.filter(({ status }) => status === 'pass');
  passing = (service) => ({ exitCode: 0, output: frameOf({ ...report, checks, service: service as Service }) });
});
afterAll(() => rm(folder, { recursive: true }));

async function started(definitions: readonly JsonMap[] = SERVICES.map((service) => taskDefinition(service))) {
  const aws = await startAws();
  onTestFinished(() => aws.close());
  aws.ecs.createCluster('spacelift');
  aws.ecs.createGroup(LOG_GROUP);
  for (const definition of definitions) aws.ecs.createService('spacelift', `${definition.family}`, definition, NETWORK);
  aws.ecs.execute = async ({ service }) => passing(service);
  return aws;
}

const environment = ({ url, region }: AwsServer, user = administrator): Record<string, string> => ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: user.accessKeyId,
  AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
});

const matrixOf = (stdout: string): Matrix => expectValidMatrix(JSON.parse(stdout));
const containersIn = (definition: JsonMap | undefined) => listIn(definition ?? {}, 'containerDefinitions');

describe('run ecs', () => {
  it('prints the matrix of all services, and leaves nothing', async () => {
    const aws = await started();
    const { code, stdout, stderr } = await command(START, { env: environment(aws) });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ +server +drain +scheduler$/m);
    expect(aws.ecs.leftovers).toEqual([]);
    expect(aws.ecs.registered.map(({ status }) => status)).toEqual(Array(3).fill('DELETE_IN_PROGRESS'));
  });

  it('says in JSON in what the services differ', async () => {
    const aws = await started();
    const { stdout } = await command([...START, '-o', 'json', '--services', 'drain,server'], { env: environment(aws) });
    expect(matrixOf(stdout).runs.map(({ service, facts }) => [service, ...facts.map(({ value }) => value)])).toEqual([
      ['server', 'spacelift-server', 'spacelift-execution', 'subnet-0a1b', 'sg-0a1b', 'eu-central-1a'],
      ['drain', 'spacelift-drain', 'spacelift-execution', 'subnet-0a1b', 'sg-0a1b', 'eu-central-1a'],
    ]);
  });

  it('finds the services among many others', async () => {
    const aws = await started();
    const other = taskDefinition('server', { container: { command: ['nginx'] } });
    for (let index = 0; index < 130; index++) aws.ecs.createService('spacelift', `other-${index}`, other);
    const { code, stdout } = await command([...START, '-o', 'json'], { env: environment(aws) });
    expect({ code, services: matrixOf(stdout).runs.map(({ service }) => service) }).toEqual({
      code: 0,
      services: SERVICES,
    });
  });

  it('starts tasks where the services run, under its own name', async () => {
    const aws = await started();
    await command([...START, '--services', 'drain'], { env: environment(aws) });
    const [task] = aws.ecs.tasks;
    expect(task?.input).toMatchObject({
      count: 1,
      enableExecuteCommand: false,
      launchType: 'FARGATE',
      ...NETWORK,
      startedBy: expect.stringMatching(/^spacelift-preflight-[0-9a-f]{8}$/),
    });
    expect(task?.tags.map(({ key }) => key)).toEqual([
      'spacelift-preflight/run',
      'spacelift-preflight/service',
      'spacelift-preflight/cluster',
      'spacelift-preflight/ends-by',
    ]);
  });

  it('passes options on, and certificates as a variable', async () => {
    const aws = await started();
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, (await selfSigned({ names: ['localhost'] })).certPem);
    const given = ['--only', 'database/*', '--skip', 'license/*', '--timeout', '5', '--read-only'];
    const more = ['--phase', 'pre-install', '--release', 'v4.3.0', '--ca-file', ca, '--services', 'server'];
    await command([...START, ...given, ...more], { env: environment(aws) });
    const [start] = aws.ecs.starts;
    expect(start?.container.command).toEqual([
      '--service',
      'server',
      '--format',
      'frame',
      '--no-variables',
      '--no-config',
      '--only=database/*',
      '--skip=license/*',
      '--release=4.3.0',
      '--phase=pre-install',
      '--timeout=5',
      '--read-only',
    ]);
    expect(start?.environment.SPACELIFT_PREFLIGHT_CA_CERTIFICATES).toContain('BEGIN CERTIFICATE');
  });

  it('runs task definitions from files where the options say', async () => {
    const aws = await started([]);
    const document = JSON.stringify({ taskDefinition: { ...taskDefinition('server'), revision: 3, status: 'ACTIVE' } });
    const network = ['--subnets', 'subnet-0a1b,subnet-0c2d', '--security-groups', 'sg-0a1b', '--assign-public-ip'];
    const { code, stdout } = await command([...START, '-f', '-', ...network, '-o', 'json'], {
      env: environment(aws),
      stdin: document,
    });
    expect({ code, runs: matrixOf(stdout).runs.length }).toEqual({ code: 0, runs: 1 });
    expect(aws.ecs.tasks[0]?.input).toMatchObject({
      launchType: 'FARGATE',
      networkConfiguration: {
        awsvpcConfiguration: {
          subnets: ['subnet-0a1b', 'subnet-0c2d'],
          securityGroups: ['sg-0a1b'],
          assignPublicIp: 'ENABLED',
        },
      },
    });
    expect(aws.requests.map(({ action }) => action)).not.toContain('ListServices');
  });

  test.each<[source: string, more: readonly string[], env: Record<string, string>]>([
    ['--region', ['--region', 'eu-central-1'], {}],
    ['AWS_DEFAULT_REGION', [], { AWS_DEFAULT_REGION: 'eu-central-1' }],
    ['the ARN of the cluster', ['--cluster', 'arn:aws:ecs:eu-central-1:123456789012:cluster/spacelift'], {}],
    ['AWS_PROFILE', [], { AWS_PROFILE: 'ours' }],
    // Its keys take precedence over those in the environment.
    ['--profile', ['--profile', 'ours'], { AWS_ACCESS_KEY_ID: 'AKIAOTHER' }],
  ])('finds the region in %s', async (_, more, env) => {
    const aws = await started([taskDefinition('drain')]);
    const AWS_CONFIG_FILE = join(folder, 'config');
    const { accessKeyId, secretAccessKey } = administrator;
    const keys = [`aws_access_key_id = ${accessKeyId}`, `aws_secret_access_key = ${secretAccessKey}`];
    await writeFile(AWS_CONFIG_FILE, ['[profile ours]', 'region = eu-central-1', ...keys, ''].join('\n'));
    const { AWS_REGION: _region, ...own } = environment(aws);
    const { code, stderr } = await command([...START, '--services', 'drain', ...more], {
      env: { ...own, AWS_CONFIG_FILE, ...env },
    });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s, has removed everything and says what is known', async (signal, code) => {
    const aws = await started();
    let kill = (_: 'SIGINT' | 'SIGTERM') => {};
    aws.ecs.execute = async ({ service, signal: stopped }) => {
      if (service !== 'drain') return passing(service);
      await new Promise((resolve) => stopped.addEventListener('abort', resolve));
      return { exitCode: 143, output: '' };
    };
    aws.faults = {
      statusFor: ({ action, input }) => {
        if (action === 'GetLogEvents' && JSON.stringify(input).includes('server')) setTimeout(() => kill(signal), 500);
        return undefined;
      },
    };
    const finished = await command([...START, '-o', 'json'], {
      env: environment(aws),
      started: (by) => {
        kill = by;
      },
    });
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(`${signal} received: removing the tasks`);
    const { runs } = matrixOf(finished.stdout);
    expect(runs.filter(({ report }) => report !== undefined).map(({ service }) => service)).toContain('server');
    expect(runs.find(({ service }) => service === 'drain')?.lost?.title).toBe('interrupted before it had a report');
    expect(aws.ecs.leftovers).toEqual([]);
  });

  it('shows no secret that a task definition contains and AWS quotes', async () => {
    const secret = 'correct-horse-battery';
    const variable = { name: 'DATABASE_URL', value: `postgres://spacelift:${secret}@db/spacelift` };
    const aws = await started([taskDefinition('drain', { container: { environment: [variable] } })]);
    aws.ecs.faults = {
      stopped: () => ({ stopCode: 'TaskFailedToStart', stoppedReason: `CannotStartContainerError: env ${secret}` }),
    };
    const { stdout, stderr } = await command(START, { env: environment(aws) });
    expect(stdout).toContain('the container could not be started');
    const printed = await command([...START, '--print'], { env: environment(aws) });
    expect(printed.stderr).toContain('the value of DATABASE_URL is masked');
    expect([stdout, stderr, printed.stdout, printed.stderr].join()).not.toContain(secret);
  });

  it('says what is left out of a task', async () => {
    const migration = {
      name: 'migrate',
      image: 'migrate:1',
      command: ['x'],
      essential: false,
    };
    const aws = await started([
      taskDefinition('drain', {
        container: { dependsOn: [{ containerName: 'migrate', condition: 'SUCCESS' }] },
        sidecars: [migration],
      }),
    ]);
    const { stderr } = await command([...START, '--services', 'drain'], { env: environment(aws) });
    expect(stderr).toContain(
      'drain: service spacelift-drain: container migrate does not run: it ends before the service starts',
    );
  });
});

describe('run ecs --print', () => {
  it('prints what would be registered, and contacts nothing for files', async () => {
    const path = join(folder, 'drain.json');
    await writeFile(path, JSON.stringify(taskDefinition('drain')));
    const { code, stdout, stderr } = await command([...START, '--print', '-f', path]);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    const [definition]: JsonMap[] = JSON.parse(stdout);
    expect(definition?.family).toMatch(/^spacelift-preflight-[0-9a-f]{8}-drain$/);
    expect(containersIn(definition)[0]).toMatchObject({ image: IMAGE, essential: true });
  });
});

describe('run ecs --cleanup', () => {
  const own = ['run', 'ecs', '--cluster', 'spacelift', '--cleanup'];

  it('removes what is left, and nothing of another cluster or program', async () => {
    const aws = await started();
    aws.ecs.createCluster('other');
    const kept = await command([...START, '--keep'], { env: environment(aws) });
    expect(kept.stderr).toContain('kept; to remove it: spacelift-preflight run ecs --cleanup');
    const before = aws.ecs.leftovers;
    expect(before).toHaveLength(3);
    const elsewhere = await command(['run', 'ecs', '--cluster', 'other', '--cleanup'], { env: environment(aws) });
    expect(elsewhere.stdout).toBe('nothing is left from an earlier run\n');
    expect(aws.ecs.leftovers).toEqual(before);
    const first = await command(own, { env: environment(aws) });
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^removed run \w{8}\n$/) });
    expect(aws.ecs.leftovers).toEqual([]);
    expect(aws.ecs.services.map(({ more }) => aws.ecs.find(`${more.taskDefinition}`)?.status)).toEqual(
      Array(3).fill('ACTIVE'),
    );
    expect((await command(own, { env: environment(aws) })).stdout).toBe('nothing is left from an earlier run\n');
  });

  it('leaves a run that is in progress', async () => {
    const aws = await started([taskDefinition('drain')]);
    aws.ecs.faults = { pending: () => true };
    let kill = (_: 'SIGINT') => {};
    const running = command([...START, '--services', 'drain', '--keep'], {
      env: environment(aws),
      started: (by) => {
        kill = by;
      },
    });
    await expect.poll(() => aws.ecs.tasks.length).toBe(1);
    const { code, stdout } = await command(own, { env: environment(aws) });
    expect({ code, stdout }).toEqual({
      code: 1,
      stdout: expect.stringMatching(/^kept: run \w{8} could be in progress until /),
    });
    kill('SIGINT');
    await running;
    expect(aws.ecs.leftovers).toHaveLength(2);
  });
});

describe('one line, and exit code 2', () => {
  const live = ['run', 'ecs', '--cluster', 'spacelift'];
  const json = (value: JsonMap) => JSON.stringify(value);
  const file = [...START, '-f', '-', '--subnets', 'subnet-0a1b'];
  const drain = (changes: Parameters<typeof taskDefinition>[1]) => json(taskDefinition('drain', changes));
  test.each([
    [['run', 'ecs', '--image', IMAGE], '', 'run ecs requires --cluster'],
    [live, '', 'run ecs requires --image'],
    [[...live, '--image', '--x y'], '', '--image'],
    [['run', 'ecs', '--cluster', 'a b', '--image', IMAGE], '', 'expected the name or ARN of an ECS cluster'],
    [[...START, '-n', 'spacelift'], '', 'run ecs does not support --namespace'],
    [['run', 'kubernetes', '--cluster', 'x'], '', 'run kubernetes does not support --cluster'],
    [[...START, '--vcs', 'https://github.com'], '', "unknown option '--vcs'"],
    [[...START, '--services', 'vcs-gateway'], '', 'no service runs the vcs-gateway; found server, drain, scheduler'],
    [[...START, '--only', 'databases/*'], '', '--only'],
    [[...START, '--subnets', 'subnet-0a1b'], '', '--subnets is for task definitions with -f'],
    [[...START, '--subnets', 'x'], '', 'expected a list of IDs such as subnet-0123abcd'],
    [[...START, '--log-group', 'a b'], '', 'expected the name of a log group'],
    [[...START, '--cleanup'], '', '--cleanup does not support --image'],
    [[...START, '--print', '--keep'], '', '--print does not support --keep'],
    [[...START, '--print', '--subnets', 'subnet-0a1b'], '', '--print does not support --subnets'],
    [[...START, '--region', 'x y'], '', 'is not an AWS region'],
    [
      [...START, '--cluster', 'arn:aws:ecs:us-east-1:123456789012:cluster/x', '--region', 'eu-central-1'],
      '',
      'but --region',
    ],
    [['run', 'ecs', '--cluster', 'other', '--image', IMAGE], '', 'cluster other does not exist in eu-central-1'],
    [[...START, '--ca-file', '/no/such'], '', '/no/such'],
    [[...START, '-f', '/no/such'], '', '/no/such: no such file'],
    [file, '{}', 'standard input: expected a task definition as printed by aws ecs describe-task-definition'],
    [file, '{', 'standard input'],
    [[...START, '-f', '-'], drain({}), 'name its subnets with --subnets'],
    [file, drain({ definition: { networkMode: 'bridge' } }), 'are for the network mode awsvpc only'],
    [file, drain({ container: { command: ['nginx'] } }), 'no container runs spacelift backend server'],
    [file, drain({ definition: { pidMode: 'host' } }), 'sets pidMode to host'],
    [
      file,
      drain({ definition: { volumes: [{ name: 'x', host: { sourcePath: '/' } }] } }),
      'mounts a path of its instance',
    ],
    [file, `${'['.repeat(5000)}${']'.repeat(5000)}`, 'standard input: nested more than 100 levels deep'],
    [
      file,
      drain({ definition: { runtimePlatform: { operatingSystemFamily: 'WINDOWS_SERVER_2022_CORE' } } }),
      'is for Windows',
    ],
    [
      file,
      drain({ container: { logConfiguration: { logDriver: 'awsfirelens' } } }),
      'logs with awsfirelens, from which no report can be read; name a log group in CloudWatch Logs with --log-group',
    ],
    [
      file,
      drain({ container: { environment: [{ name: 'X', value: 'x'.repeat(70_000) }] } }),
      'ECS accepts at most 64 KiB in a whole task definition',
    ],
  ])('%j %#', async (args, stdin, message) => {
    const aws = await started();
    const { code, stdout, stderr } = await command(args, { env: environment(aws), stdin });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toContain(message);
    expect(aws.ecs.registered).toEqual([]);
  });

  it('without a service of Spacelift', async () => {
    const aws = await started([]);
    const { code, stderr } = await command(START, { env: environment(aws) });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/^spacelift-preflight: cluster spacelift: no service runs .* with -f\n$/),
    });
  });

  it('with two services that run the same', async () => {
    const aws = await started();
    aws.ecs.createService('spacelift', 'second', taskDefinition('drain'));
    const { code, stderr } = await command(START, { env: environment(aws) });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'spacelift-preflight: cluster spacelift: service spacelift-drain and service second both run the drain; pass the task definitions of one installation with -f\n',
    });
  });

  test.each(['ecs:ListServices', 'ecs:DescribeServices', 'ecs:DescribeTaskDefinition'])(
    'without %s',
    async (action) => {
      const aws = await started();
      const Statement = [
        { Effect: 'Allow' as const, Action: '*', Resource: '*' },
        { Effect: 'Deny' as const, Action: action, Resource: '*' },
      ];
      aws.users = [{ ...administrator, policy: { Version: '2012-10-17', Statement } }];
      const { code, stderr } = await command(START, { env: environment(aws) });
      expect({ code, lines: stderr.split('\n').length }).toEqual({ code: 2, lines: 2 });
      expect(stderr).toContain(`user/operator lacks ${action}`);
      expect(stderr).toContain('; a run needs: ecs:ListServices, ');
    },
  );

  test.each([
    ['region', { AWS_REGION: '' }, 'no AWS region'],
    ['credentials', { AWS_ACCESS_KEY_ID: '', AWS_EC2_METADATA_DISABLED: 'true' }, 'no AWS credentials found'],
    ['a valid login', { AWS_SECRET_ACCESS_KEY: 'wrong' }, 'AWS rejected the secret key'],
    ['a connection', { AWS_ENDPOINT_URL: 'http://127.0.0.1:9' }, '127.0.0.1:9'],
  ])('without %s', async (_, env, message) => {
    const aws = await started();
    const { code, stdout, stderr } = await command(START, { env: { ...environment(aws), ...env } });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toContain(message);
  });
});
