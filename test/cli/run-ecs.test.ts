/** `run ecs` as a user types it: what is registered and started, what is printed, and what is removed. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import type { Matrix } from '../../src/report/matrix/types.ts';
import { type JsonMap, listIn } from '../../src/util/json.ts';
import { administrator } from '../services/aws/index.ts';
import { selfSigned } from '../services/tls.ts';
import { passing } from '../support/ecs-cluster.ts';
import { NETWORK, taskDefinition } from '../support/task-definitions.ts';
import { expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';
import { environment, IMAGE, SERVICES, START, started } from './run-ecs.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-ecs-'));
});
afterAll(() => rm(folder, { recursive: true }));

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
