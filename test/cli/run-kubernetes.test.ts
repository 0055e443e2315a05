/** `run kubernetes` as a user types it: what reaches the Pods, what is printed, and what is refused on one line. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, onTestFinished, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { listIn, mapIn, nameOf, textIn } from '../../src/cluster/objects.ts';
import type { Service } from '../../src/config/options.ts';
import { frameOf } from '../../src/report/frame.ts';
import type { Matrix } from '../../src/report/matrix/types.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { sampleReport } from '../report/sample.ts';
import { type Cluster, type ClusterOptions, NAMESPACE, startCluster } from '../services/kubectl.ts';
import { selfSigned } from '../services/tls.ts';
import { deployment, serviceAccount } from '../support/deployments.ts';
import { expectValidMatrix } from '../support/valid.ts';
import { command } from './host.ts';

const SERVICES = ['server', 'drain', 'scheduler'] as const;
const DEPLOYMENTS = SERVICES.map((service) => deployment(service));
const IMAGE = 'registry.internal/preflight@sha256:0';
const START = ['run', 'kubernetes', '-n', NAMESPACE, '--image', IMAGE];

let folder: string;
let passing: (service: string) => string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'preflight-kubernetes-'));
  const report = await sampleReport();
  const checks = report.checks.filter(({ status }) => status === 'pass');
  passing = (service) => frameOf({ ...report, checks, service: service as Service });
});
afterAll(() => rm(folder, { recursive: true }));

const status = (service: string, state: JsonMap, phase: string): JsonMap => ({
  phase,
  containerStatuses: [{ name: service, state }],
});
const ended = (service: string) => status(service, { terminated: { exitCode: 0, reason: 'Completed' } }, 'Succeeded');

async function started(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const fates: ClusterOptions['fates'] = (service) => ({ statuses: [ended(service)], log: passing(service) });
  const cluster = await startCluster({ deployments: DEPLOYMENTS, accounts: ['spacelift-backend'], fates, ...options });
  onTestFinished(() => cluster.close());
  return cluster;
}

const podsIn = ({ created }: Cluster): JsonMap[] => created.filter(({ kind }) => kind === 'Pod');
const argsOf = (pod: JsonMap | undefined): unknown => listIn(mapIn(pod ?? {}, 'spec'), 'containers')[0]?.args;
const matrixOf = (stdout: string): Matrix => expectValidMatrix(JSON.parse(stdout));

describe('run kubernetes', () => {
  it('prints the matrix of all services', async () => {
    const cluster = await started();
    const { code, stdout, stderr } = await command(START, { env: cluster.env });
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^ +server +drain +scheduler$/m);
    expect(cluster.objects).toEqual([]);
  });

  it('logs its calls of kubectl with --debug, which takes no argument', async () => {
    const cluster = await started();
    const { code, stderr } = await command(['run', '--debug', ...START.slice(1)], { env: cluster.env });
    expect(code).toBe(0);
    expect(stderr).toMatch(/ {2}exec {2}exit code 0 in \d+ ms: kubectl get deployments .*--namespace=/);
  });

  it('says in JSON in what the services differ', async () => {
    const cluster = await started();
    const { stdout } = await command([...START, '-o', 'json', '--services', 'drain,server'], { env: cluster.env });
    const { kind, runs } = matrixOf(stdout);
    expect(kind).toBe('matrix');
    expect(runs.map(({ service, facts }) => [service, ...facts.map(({ name }) => name)])).toEqual([
      ['server', 'service account', 'Secrets', 'Pod labels'],
      ['drain', 'service account', 'Secrets', 'Pod labels'],
    ]);
  });

  it('passes options on, and certificates as their text', async () => {
    const cluster = await started();
    const ca = join(folder, 'ca.pem');
    await writeFile(ca, (await selfSigned({ names: ['localhost'] })).certPem);
    const given = ['--only', 'database/*', '--skip', 'license/*', '--timeout', '5', '--read-only'];
    const more = ['--phase', 'pre-install', '--release', 'v4.3.0', '--ca-file', ca, '--services', 'server'];
    await command([...START, ...given, ...more], { env: cluster.env });
    const [pod] = podsIn(cluster);
    expect(argsOf(pod)).toEqual([
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
      '--ca-file',
      '/run/spacelift-preflight/ca.pem',
    ]);
    expect(JSON.stringify(mapIn(pod ?? {}, 'metadata'))).toContain('BEGIN CERTIFICATE');
  });

  it('passes on what a decisions file skips and sets, and not the file', async () => {
    const cluster = await started();
    const file = join(folder, 'preflight.yaml');
    const lines = [
      'skip: [{id: license/*, reason: none yet}]',
      'options: {phase: pre-install, timeout: 5, strict: true}',
    ];
    await writeFile(file, lines.join('\n'));
    const args = [...START, '--services', 'server', '--config', file, '--timeout', '7', '-o', 'json'];
    // The environment of the caller sets options of this command, and none of those in the Pods.
    const env = { ...cluster.env, SPACELIFT_PREFLIGHT_READ_ONLY: 'true' };
    const { stdout } = await command(args, { env });
    const [pod] = podsIn(cluster);
    expect((argsOf(pod) as string[]).slice(4)).toEqual([
      '--no-variables',
      '--no-config',
      '--skip=license/*',
      '--phase=pre-install',
      '--timeout=7',
      '--read-only',
    ]);
    expect(matrixOf(stdout).notes.join('\n')).toContain('preflight.yaml:1 skips license/*: none yet');
  });

  it('gives kubectl its own options, whatever they contain', async () => {
    const cluster = await started();
    const own = ['--context=test', '--kubeconfig=--all', '--as=-n=other'];
    await command([...START, ...own], { env: cluster.env });
    for (const call of cluster.calls)
      expect(call.slice(-5, -1)).toEqual([
        '--namespace=spacelift',
        '--context=test',
        '--kubeconfig=--all',
        '--as=-n=other',
      ]);
  });

  it('writes reports of any format', async () => {
    const cluster = await started();
    const path = join(folder, 'matrix.html');
    await command([...START, '--report', `html=${path}`], { env: cluster.env });
    expect(await readFile(path, 'utf8')).toContain('<html');
  });

  it('fails if a run is lost, with its reason told at once', async () => {
    const waiting = status('drain', { waiting: { reason: 'ImagePullBackOff', message: 'not found' } }, 'Pending');
    const cluster = await started({
      fates: (service) =>
        service === 'drain' ? { statuses: [waiting] } : { statuses: [ended(service)], log: passing(service) },
    });
    const { code, stdout, stderr } = await command([...START, '--start-timeout', '0.1', '-o', 'json'], {
      env: cluster.env,
    });
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: 'spacelift-preflight: drain: waiting: ImagePullBackOff: not found\n',
    });
    expect(matrixOf(stdout)).toMatchObject({ verdict: 'not-ready', summary: { fail: 1 } });
    expect(matrixOf(stdout).runs.find(({ service }) => service === 'drain')?.lost).toMatchObject({
      title: 'the image could not be pulled within 0.1 s',
      fixKind: 'advice',
    });
  });

  test.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('after %s, has removed everything and says what is known', async (signal, code) => {
    let kill = (_: 'SIGINT' | 'SIGTERM') => {};
    const cluster: Cluster = await started({
      fates: (service) =>
        service === 'drain'
          ? { statuses: [status(service, { running: {} }, 'Running')] }
          : { statuses: [ended(service)], log: passing(service) },
      called: ([name]) => {
        if (name === 'logs') setTimeout(() => kill(signal), 500);
      },
    });
    const finished = await command([...START, '-o', 'json'], {
      env: cluster.env,
      started: (by) => {
        kill = by;
      },
    });
    expect(finished.code).toBe(code);
    expect(finished.stderr).toContain(`${signal} received: removing the Pods`);
    const { runs } = matrixOf(finished.stdout);
    expect(runs.filter(({ report }) => report !== undefined).map(({ service }) => service)).toContain('server');
    expect(runs.find(({ service }) => service === 'drain')?.lost?.title).toBe('interrupted before it had a report');
    expect(cluster.objects).toEqual([]);
  });

  it('shows no secret that a Deployment contains and the cluster quotes', async () => {
    const secret = 'correct-horse-battery';
    const env = [{ name: 'DATABASE_URL', value: `postgres://spacelift:${secret}@db/spacelift` }];
    const cluster = await started({
      deployments: [deployment('drain', { container: { env } })],
      admit: () => `admission webhook "x.example" denied the request: value ${secret} in DATABASE_URL`,
    });
    const { stdout, stderr } = await command(START, { env: cluster.env });
    expect(stdout).toContain('admission webhook x.example denied the Pod');
    const printed = await command([...START, '--print'], { env: cluster.env });
    expect(printed.stderr).toContain('the value of DATABASE_URL is masked');
    expect([stdout, stderr, printed.stdout, printed.stderr].join()).not.toContain(secret);
  });

  it('says what is left out of a Pod', async () => {
    const volumes = [{ name: 'data', persistentVolumeClaim: { claimName: 'data' } }];
    const cluster = await started({ deployments: [deployment('drain', { spec: { volumes } })] });
    const { stderr } = await command(START, { env: cluster.env });
    expect(stderr).toContain('drain: Deployment spacelift-drain: volume data (PersistentVolumeClaim data');
  });
});

describe('run kubernetes --print', () => {
  it('prints what would be created, and contacts nothing for manifests', async () => {
    const manifests = JSON.stringify({ kind: 'List', items: [...DEPLOYMENTS, serviceAccount('spacelift-backend')] });
    const args = [...START, '--print', '-f', '-', '--create-service-accounts'];
    const { code, stdout } = await command(args, { env: { PATH: '/nowhere' }, stdin: manifests });
    const objects: JsonMap[] = parseAllDocuments(stdout).map((document) => document.toJS());
    expect(code).toBe(0);
    expect(objects.map(({ kind }) => kind)).toEqual(['Job', 'ServiceAccount', 'Pod', 'Pod', 'Pod']);
    expect(objects.map(nameOf)[1]).toBe('spacelift-backend');
    expect(textIn(mapIn(mapIn(objects[1] ?? {}, 'metadata'), 'annotations'), 'meta.helm.sh/release-name')).toBe(
      'spacelift',
    );
  });
});

describe('run kubernetes --cleanup', () => {
  it('removes what is left', async () => {
    const cluster = await started();
    const kept = await command([...START, '--keep'], { env: cluster.env });
    expect(kept.stderr).toMatch(/kept; to remove it: kubectl delete job spacelift-preflight-\w{8}/);
    const own = ['run', 'kubernetes', '-n', NAMESPACE, '--cleanup'];
    const first = await command(own, { env: cluster.env });
    expect(first).toMatchObject({ code: 0, stdout: expect.stringMatching(/^removed run \w{8}\n$/) });
    expect(cluster.objects).toEqual([]);
    expect((await command(own, { env: cluster.env })).stdout).toBe('nothing is left from an earlier run\n');
  });
});

describe('one line, and exit code 2', () => {
  const manifests = (...items: readonly JsonMap[]) => JSON.stringify({ kind: 'List', items });
  const live = ['run', 'kubernetes', '-n', NAMESPACE];
  test.each([
    [['run'], '', 'argument'],
    [['run', 'nomad'], '', 'kubernetes'],
    [live, '', '--image'],
    [[...live, '--image', '--x y'], '', '--image'],
    [[...START, '--vcs', 'https://github.com'], '', 'run does not support --vcs'],
    [[...START, '--service', 'drain'], '', 'run does not support --service'],
    [[...START, '--services', 'drains'], '', 'expected a list of server, drain, scheduler, vcs-gateway'],
    [[...START, '--services', 'vcs-gateway'], '', 'no Deployment runs the vcs-gateway; found server, drain, scheduler'],
    [[...START, '--only', 'databases/*'], '', '--only'],
    [[...START, '--resources', 'gpu=1'], '', '--resources'],
    [[...START, '--start-timeout', '0'], '', '--start-timeout'],
    [[...START, '--image-pull-secret', '-x'], '', 'expected the name of a Secret'],
    [[...START, '-o', 'frame'], '', 'frame'],
    [[...START, '--create-service-accounts'], '', 'pass the output of helm template with -f'],
    [[...START, '--cleanup'], '', '--cleanup does not support --image'],
    [[...START, '--print', '--keep'], '', '--print does not support --keep'],
    [[...START, '--print', '--strict'], '', '--print does not support --strict'],
    [[...START, '--ca-file', '/no/such'], '', '/no/such'],
    [[...START, '-f', '/no/such'], '', '/no/such: no such file'],
    [[...START, '-f', '-'], '', 'standard input: contains no Kubernetes object'],
    [[...START, '-f', '-'], 'kind: [', 'standard input: not valid YAML'],
    [[...START, '-f', '-'], manifests({ kind: 'Secret' }), 'standard input: no Deployment runs'],
    [[...START, '-f', '-'], manifests(deployment('drain', { namespace: 'other' })), 'use -n other'],
    [[...START, '-f', '-'], manifests(deployment('drain', { spec: { hostNetwork: true } })), 'sets hostNetwork'],
    [[...START, '-f', '-'], manifests(deployment('drain', { spec: { containers: 1 } })), 'no Deployment runs'],
    [['run', 'kubernetes', '-n', 'other', '--image', IMAGE], '', 'namespace other does not exist'],
    [[...START, '--context', 'none'], '', 'kubectl has no context none'],
    [['-o', 'json', ...START], '', 'put --format after run'],
  ])('%j', async (args, stdin, message) => {
    const cluster = await started();
    const { code, stdout, stderr } = await command(args, { env: cluster.env, stdin });
    expect({ code, stdout, lines: stderr.split('\n').length }).toEqual({ code: 2, stdout: '', lines: 2 });
    expect(stderr).toContain(message);
    expect(cluster.created).toEqual([]);
  });

  it('without kubectl', async () => {
    const { code, stderr } = await command(START, { env: { PATH: '/nowhere' } });
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr:
        'spacelift-preflight: kubectl was not found in the PATH; install it, or use merge with reports that a Job printed\n',
    });
  });

  it('forbidden: what was created is removed, and the Role is said', async () => {
    const cluster = await started({ denied: ['create pods'] });
    const { code, stderr } = await command(START, { env: cluster.env });
    expect(code).toBe(2);
    expect(stderr).toContain(
      'operator is not allowed to create pods in namespace spacelift; the run needs there: list deployments;',
    );
    expect(cluster.objects).toEqual([]);
  });
});
