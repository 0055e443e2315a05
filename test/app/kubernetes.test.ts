/** Runs in a namespace of Kubernetes that refuses, hinders and ends Pods in its own words. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { cleanUp } from '../../src/app/kubernetes/cleanup.ts';
import { unusable } from '../../src/app/kubernetes/errors.ts';
import { type KubernetesSettings, planKubernetes, runKubernetes } from '../../src/app/kubernetes/run.ts';
import { readWorkloads } from '../../src/app/kubernetes/source.ts';
import { runWorker } from '../../src/app/kubernetes/worker.ts';
import { type Connection, KubectlError, kubectlWith } from '../../src/cluster/kubectl.ts';
import { STOPPED } from '../../src/cluster/lost.ts';
import { mapIn } from '../../src/cluster/objects.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import type { Service } from '../../src/config/options.ts';
import { InterruptedError } from '../../src/engine/timeouts.ts';
import { frameOf } from '../../src/report/frame.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { sampleReport } from '../report/sample.ts';
import { type Cluster, type ClusterOptions, type Fate, NAMESPACE, startCluster } from '../services/kubectl.ts';
import { deployment, serviceAccount } from '../support/deployments.ts';

const SERVICES = ['server', 'drain', 'scheduler'] as const;
const DEPLOYMENTS = SERVICES.map((service) => deployment(service));
const LIVE: Connection = { namespace: NAMESPACE };

const state = (service: string, of: JsonMap, more: JsonMap = {}): JsonMap => ({
  phase: 'Pending',
  containerStatuses: [{ name: service, state: of }],
  ...more,
});
const waiting = (service: string, reason: string, message = '') => state(service, { waiting: { reason, message } });
const running = (service: string) => state(service, { running: {} }, { phase: 'Running' });
const ended = (service: string, exitCode: number, reason = exitCode === 0 ? 'Completed' : 'Error') =>
  state(service, { terminated: { exitCode, reason } }, { phase: exitCode === 0 ? 'Succeeded' : 'Failed' });

const REPORT = await sampleReport();
const logOf = (service: string) => frameOf({ ...REPORT, service: service as Service });
const passes = (service: string): Fate => ({
  statuses: [running(service), ended(service, 0)],
  log: logOf(service),
});

/** Fates for some services; the others pass. */
const fates =
  (some: Readonly<Record<string, Fate>> = {}): ClusterOptions['fates'] =>
  (service) =>
    some[service] ?? passes(service);

async function started(options: Partial<ClusterOptions> = {}): Promise<Cluster> {
  const cluster = await startCluster({
    deployments: DEPLOYMENTS,
    accounts: ['spacelift-backend'],
    fates: fates(),
    ...options,
  });
  onTestFinished(() => cluster.close());
  return cluster;
}

const SETTINGS: KubernetesSettings = {
  image: 'registry.internal/preflight:1',
  imagePullSecrets: [],
  resources: resourcesIn(undefined),
  args: [],
  authorities: undefined,
  startTimeoutMs: 60_000,
  timeoutMs: 60_000,
  keep: false,
  createServiceAccounts: false,
};

interface More {
  readonly settings?: Partial<KubernetesSettings>;
  readonly manifests?: readonly JsonMap[];
  readonly connection?: Connection;
  readonly signal?: AbortSignal;
}

async function driven(cluster: Cluster, { settings = {}, manifests, connection = LIVE, signal }: More = {}) {
  const connect = (to: Connection) => kubectlWith(to, cluster.env);
  const said: string[] = [];
  const source = await readWorkloads({
    files: manifests === undefined ? [] : ['-'],
    stdin: Readable.from([Buffer.from(JSON.stringify({ kind: 'List', items: manifests ?? [] }))]),
    timeoutMs: 10_000,
    services: undefined,
    connect,
    connection,
  });
  const plan = { ...planKubernetes(source, { ...SETTINGS, ...settings }), pollMs: 50, silenceMs: 100 };
  const observer = { started: () => {}, finished: () => {}, said: (text: string) => void said.push(text) };
  const { runs, left } = await runKubernetes(
    plan,
    connect(source.connection),
    source.connection,
    observer,
    signal ?? new AbortController().signal,
  );
  const lost = Object.fromEntries(
    runs.flatMap(({ workload, outcome }) => ('lost' in outcome ? [[workload.service, outcome.lost]] : [])),
  );
  return { runs, left, said, lost };
}

it('nothing is started for a worker’s view after an interruption', async () => {
  const connect = () => {
    throw new Error('kubectl was called');
  };
  const observer = { started: () => {}, finished: () => {}, said: () => {} };
  const { runs, left } = await runWorker([], 'workers', SETTINGS, connect, LIVE, observer, AbortSignal.abort());
  expect(runs).toMatchObject([{ workload: { service: 'worker' }, outcome: { lost: STOPPED } }]);
  expect(left).toEqual([]);
});

describe('a run', () => {
  it('has a report of each service, and leaves nothing', async () => {
    const cluster = await started();
    const { runs, lost, left } = await driven(cluster);
    expect({ lost, left }).toEqual({ lost: {}, left: [] });
    expect(runs.map(({ outcome }) => 'report' in outcome && outcome.report.service)).toEqual(SERVICES);
    expect(cluster.objects).toEqual([]);
    expect(cluster.created.map(({ kind }) => kind)).toEqual(['Job', 'Pod', 'Pod', 'Pod']);
  });

  it('uses the namespace alone, and never asks for Secrets', async () => {
    const cluster = await started({ fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff')] } }) });
    await driven(cluster, { settings: { startTimeoutMs: 0 } });
    for (const call of cluster.calls) {
      expect(call).toContain(`--namespace=${NAMESPACE}`);
      expect(call.join(' ')).not.toMatch(/secret|logs .* -f|--follow|--all-namespaces/);
    }
  });

  it('reads the result beside a sidecar that never ends', async () => {
    const drain = { ...passes('drain'), statuses: [{ ...ended('drain', 1), phase: 'Running' }] };
    const cluster = await started({ fates: fates({ drain }) });
    expect((await driven(cluster)).lost).toEqual({});
    expect(cluster.objects).toEqual([]);
  });

  it('keeps everything on request, and says how to remove it', async () => {
    const cluster = await started();
    const { left } = await driven(cluster, { settings: { keep: true } });
    expect(cluster.objects).toHaveLength(4);
    expect(left).toEqual([expect.stringMatching(/^kept; to remove it: kubectl delete job spacelift-preflight-\w{8}$/)]);
  });

  it('runs services one after another where a quota has room for one', async () => {
    const cluster = await started({ quota: 1 });
    expect((await driven(cluster, { settings: { startTimeoutMs: 5_000 } })).lost).toEqual({});
  });

  it('has the priority of the service only where a quota demands one', async () => {
    const words = 'exceeded quota: unclassed, requested: pods=1, used: pods=0, limited: pods=0';
    const deployments = [deployment('drain', { spec: { priorityClassName: 'high' } })];
    const cluster = await started({
      deployments,
      admit: (pod) => (mapIn(pod, 'spec').priorityClassName === undefined ? words : undefined),
    });
    expect((await driven(cluster)).lost).toEqual({});
  });
});

describe('a lost run has the words of the cluster and a fix, and the others go on', () => {
  const cases: readonly (readonly [string, Partial<ClusterOptions>, string, string])[] = [
    [
      'an image that can’t be pulled',
      { fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff', 'Back-off pulling image "x"')] } }) },
      'the image could not be pulled within 0 s',
      'Back-off pulling image "x"',
    ],
    [
      'a Secret that is missing',
      {
        fates: fates({
          drain: { statuses: [waiting('drain', 'CreateContainerConfigError', 'secret "spacelift-drain" not found')] },
        }),
      },
      'the container could not be configured within 0 s',
      'secret "spacelift-drain" not found',
    ],
    [
      'a volume that only events tell',
      {
        fates: fates({
          drain: {
            statuses: [waiting('drain', 'ContainerCreating')],
            events: ['FailedMount: MountVolume.SetUp failed for volume "ca" : configmap "ca" not found'],
          },
        }),
      },
      'a volume could not be mounted within 0 s',
      'configmap "ca" not found',
    ],
    [
      'out of memory',
      { fates: fates({ drain: { statuses: [running('drain'), ended('drain', 137, 'OOMKilled')] } }) },
      'the container ran out of memory',
      'OOMKilled',
    ],
    [
      'over its deadline',
      {
        fates: fates({
          drain: { statuses: [{ phase: 'Failed', reason: 'DeadlineExceeded', message: 'Pod was active too long' }] },
        }),
      },
      'the Pod did not end before its deadline',
      'Pod was active too long',
    ],
    [
      'a log that is cut in the middle',
      { fates: fates({ drain: { ...passes('drain'), log: logOf('drain').slice(0, 400) } }) },
      'the container ended with exit code 0 and without a report',
      '',
    ],
    [
      'a config that is unusable',
      {
        fates: fates({
          drain: {
            statuses: [ended('drain', 2)],
            log: 'spacelift-preflight: the environment contains no Spacelift variable; pass a config with -f\n',
          },
        }),
      },
      'the container ended with exit code 2 and without a report',
      'the environment contains no Spacelift variable',
    ],
    [
      'the report of another service',
      { fates: fates({ drain: { ...passes('drain'), log: logOf('server') } }) },
      'the container ended with exit code 0 and without a report',
      'its report is for server',
    ],
    [
      'an admission webhook',
      {
        admit: (pod) =>
          JSON.stringify(pod).includes('"spacelift-preflight/service":"drain"')
            ? 'admission webhook "validation.gatekeeper.sh" denied the request: no digest'
            : undefined,
      },
      'admission webhook validation.gatekeeper.sh denied the Pod',
      'no digest',
    ],
    [
      'a service account that is missing',
      { deployments: [deployment('server'), deployment('drain', { spec: { serviceAccountName: 'gone' } })] },
      'service account gone does not exist',
      'serviceaccount "gone" not found',
    ],
  ];
  test.each(cases)('%s', async (_, options, title, detail) => {
    const cluster = await started(options);
    const { lost, left } = await driven(cluster, { settings: { startTimeoutMs: 0 } });
    expect(Object.keys(lost)).toEqual(['drain']);
    expect(lost.drain).toMatchObject({ title, detail: expect.stringContaining(detail) });
    expect({ left, objects: cluster.objects }).toEqual({ left: [], objects: [] });
  });

  it('is told at once, and waited for until the start timeout', async () => {
    const late = [
      waiting('drain', 'ErrImagePull', 'not found'),
      waiting('drain', 'ImagePullBackOff', 'Back-off 10s'),
      waiting('drain', 'ImagePullBackOff', 'Back-off 20s'),
    ];
    const cluster = await started({
      fates: fates({ drain: { ...passes('drain'), statuses: [...late, ended('drain', 0)] } }),
    });
    const { said, lost } = await driven(cluster);
    expect(lost).toEqual({});
    expect(said).toEqual(['drain: waiting: ErrImagePull: not found', 'drain: waiting: ImagePullBackOff: Back-off 10s']);
  });

  it('a quota that nothing frees', async () => {
    const cluster = await started({ quota: 0 });
    const { lost } = await driven(cluster, { settings: { startTimeoutMs: 0 } });
    expect(Object.values(lost).map(({ title }) => title)).toEqual(Array(3).fill('quota pods is exceeded'));
  });

  it('a server that stops responding, and what is there then', async () => {
    const cluster = await started({ broken: ([command, what]) => command === 'get' && what === 'pods' });
    const { lost, left } = await driven(cluster);
    expect(lost.server).toMatchObject({
      title: 'the API server stopped responding during the run',
      detail: 'The connection to the server 127.0.0.1:6443 was refused - did you specify the right host or port?',
    });
    expect(left).toEqual(['the Pods of the run were deleted, but can’t be listed to see whether they have ended']);
  });

  it('a Pod that somebody deletes', async () => {
    const cluster: Cluster = await started({
      fates: fates({ drain: { statuses: [running('drain')] } }),
      called: ([command]) => {
        if (command === 'logs') cluster.drain('drain');
      },
    });
    expect((await driven(cluster)).lost).toMatchObject({ drain: { title: 'the Pod was deleted during the run' } });
  });
});

describe('an interrupted run', () => {
  const calls = ['create', 'get', 'logs'];
  test.each(calls)('while kubectl is asked to %s, leaves nothing and has what is known', async (when) => {
    const controller = new AbortController();
    const cluster = await started({
      fates: fates({ drain: { statuses: [running('drain')] } }),
      called: ([command, what]) => {
        if (command === when && what !== 'deployments') controller.abort(new InterruptedError());
      },
    });
    const { runs } = await driven(cluster, { signal: controller.signal });
    expect(runs).toHaveLength(3);
    expect(runs.some(({ outcome }) => 'lost' in outcome && outcome.lost.title.startsWith('interrupted'))).toBe(true);
    expect(cluster.objects).toEqual([]);
  });
});

describe('a verb that RBAC refuses', () => {
  test.each([
    ['list deployments', 'operator is not allowed to list deployments in namespace spacelift'],
    ['create jobs', 'operator is not allowed to create jobs in namespace spacelift'],
    ['create pods', 'operator is not allowed to create pods in namespace spacelift'],
    ['list pods', 'operator is not allowed to list pods in namespace spacelift'],
    ['get pods', 'operator is not allowed to get pods in namespace spacelift'],
    ['get pods/log', 'operator is not allowed to get pods/log in namespace spacelift'],
  ])('%s', async (denied, message) => {
    const cluster = await started({ denied: [denied] });
    await expect(driven(cluster)).rejects.toThrow(message);
    expect(cluster.objects).toEqual([]);
  });

  it('list events: the status says enough', async () => {
    const options = {
      denied: ['list events'],
      fates: fates({ drain: { statuses: [waiting('drain', 'ImagePullBackOff')] } }),
    };
    const { lost } = await driven(await started(options), { settings: { startTimeoutMs: 0 } });
    expect(lost.drain).toMatchObject({ title: 'the image could not be pulled within 0 s' });
  });

  test.each([
    ['delete pods', [expect.stringContaining('the Pods of the run could not be removed: ')]],
    ['delete jobs', [expect.stringMatching(/^Job spacelift-preflight-\w+ could not be removed: /)]],
  ])('%s: what is left is said', async (denied, left) => {
    const cluster = await started({ denied: [denied] });
    expect((await driven(cluster)).left).toEqual(left);
  });
});

describe('what is no input for a run', () => {
  test.each([
    [{ deployments: [] }, LIVE, 'namespace spacelift: no Deployment runs spacelift backend server'],
    [{}, { namespace: 'other' }, 'namespace other does not exist'],
    [{}, { namespace: NAMESPACE, context: 'none' }, 'kubectl has no context none; see kubectl config get-contexts'],
  ])('%#', async (options, connection, message) => {
    await expect(driven(await started(options), { connection })).rejects.toThrow(message);
  });

  it('no kubectl', async () => {
    const cluster = await started();
    const connect = () => kubectlWith(LIVE, { PATH: '/nowhere' });
    const source = { files: [], stdin: Readable.from([]), timeoutMs: 1, services: undefined, connection: LIVE };
    await expect(readWorkloads({ ...source, connect })).rejects.toThrow('kubectl was not found in the PATH');
    expect(cluster.calls).toEqual([]);
  });

  it('a kubectl that prints without end, in a program that it starts', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'kubectl-'));
    onTestFinished(() => rm(folder, { recursive: true }));
    await writeFile(join(folder, 'kubectl'), '#!/bin/sh\nyes | cat\n', { mode: 0o755 });
    const kubectl = kubectlWith(LIVE, { PATH: `${folder}:${process.env.PATH}` });
    await expect(kubectl(['get', 'deployments'])).rejects.toMatchObject({ kind: 'large' });
  });

  it('a kubectl that does not end', async () => {
    const cluster = await started({ called: () => new Promise(() => {}) });
    const kubectl = kubectlWith(LIVE, cluster.env, 100);
    await expect(kubectl(['get', 'deployments', '--output=json'])).rejects.toMatchObject({
      kind: 'slow',
      limitMs: 100,
    });
    expect(unusable(new KubectlError('slow', '', 45_000), LIVE).message).toBe('kubectl did not respond within 45 s');
  });
});

describe('rendered manifests', () => {
  const manifests = [...DEPLOYMENTS, serviceAccount('spacelift-backend')];
  const none = { deployments: [], accounts: [] };

  it('run before anything is installed, with the account that is there', async () => {
    const cluster = await started({ ...none, accounts: ['spacelift-backend'] });
    expect((await driven(cluster, { manifests })).lost).toEqual({});
  });

  it('never run under another account than theirs', async () => {
    const cluster = await started(none);
    const { lost } = await driven(cluster, { manifests });
    expect(lost.server).toMatchObject({ title: 'service account spacelift-backend does not exist' });
    expect(cluster.created.filter(({ kind }) => kind === 'Pod')).toEqual([]);
  });

  it('bring their accounts on request, which are removed after', async () => {
    const cluster = await started(none);
    const { lost, left } = await driven(cluster, { manifests, settings: { createServiceAccounts: true } });
    expect({ lost, left, objects: cluster.objects }).toEqual({ lost: {}, left: [], objects: [] });
    expect(cluster.created.find(({ kind }) => kind === 'ServiceAccount')).toMatchObject({
      metadata: {
        name: 'spacelift-backend',
        annotations: { 'meta.helm.sh/release-name': 'spacelift', 'meta.helm.sh/release-namespace': NAMESPACE },
      },
    });
  });

  it('leave an account that an installation has adopted meanwhile, or that was there before', async () => {
    const cluster: Cluster = await started({
      ...none,
      called: ([command]) => {
        if (command === 'logs') cluster.install(deployment('server'));
      },
    });
    const { left } = await driven(cluster, { manifests, settings: { createServiceAccounts: true } });
    expect(left).toEqual(['service account spacelift-backend stays: a Deployment uses it now']);
    const before = await started({ ...none, accounts: ['spacelift-backend'] });
    await driven(before, { manifests, settings: { createServiceAccounts: true } });
    expect(before.calls.some((call) => call[0] === 'delete' && call[1] === 'serviceaccount')).toBe(false);
  });

  it('use no more than the live Deployments', async () => {
    const more = [deployment('drain', { container: { envFrom: [{ secretRef: { name: 'other' } }] } })];
    const cluster = await started();
    await expect(driven(cluster, { manifests: more })).rejects.toThrow(
      'standard input: Deployment spacelift-drain uses Secret other, which the live Deployment spacelift-drain does not use',
    );
    expect(cluster.created).toEqual([]);
  });

  it('are for the namespace of the run', async () => {
    const other = [deployment('drain', { namespace: 'other' })];
    await expect(driven(await started(), { manifests: other })).rejects.toThrow('use -n other');
  });
});

describe('cleanup', () => {
  it('removes what a killed run left, and nothing that could be in progress', async () => {
    const cluster = await started();
    await driven(cluster, { settings: { keep: true } });
    expect(cluster.objects).toHaveLength(4);
    const kubectl = kubectlWith(LIVE, cluster.env);
    expect((await cleanUp(kubectl, LIVE)).removed).toHaveLength(1);
    expect(cluster.objects).toEqual([]);
  });

  it('leaves a run whose Pods have not ended until it must be over', async () => {
    const cluster = await started({ fates: fates({ drain: { statuses: [running('drain')] } }) });
    const kubectl = kubectlWith(LIVE, cluster.env);
    // Killed: nothing of the process is left to remove anything.
    const controller = new AbortController();
    const settings = { keep: true };
    setTimeout(() => controller.abort(new InterruptedError()), 1_000);
    await driven(cluster, { settings, signal: controller.signal });
    expect((await cleanUp(kubectl, LIVE)).left).toEqual([
      expect.stringMatching(/^run \w{8} could be in progress until 20/),
    ]);
    const later = new Date(Date.now() + 86_400_000);
    expect((await cleanUp(kubectl, LIVE, later)).left).toEqual([]);
    expect(cluster.objects).toEqual([]);
  });
});
