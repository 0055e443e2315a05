/** The chart, rendered by Helm: what it creates is what the API server, PodSecurity and the command line accept. */
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished, test } from 'vitest';
import { decisionsIn } from '../../src/app/decisions/read.ts';
import { NEVER_READY } from '../../src/cluster/names.ts';
import { listIn, mapIn, nameOf, textIn, textsIn } from '../../src/cluster/objects.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import { CONTAINER_SECURITY, POD_SECURITY } from '../../src/cluster/security.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { VERSION } from '../../src/util/version.ts';
import { restrictedViolations } from '../support/pod-security.ts';
import { runArguments } from '../support/run-arguments.ts';
import { startApiServer } from './api-server.ts';
import { CHART, helm, type Rendered, rendered } from './helm.ts';
import { faultsIn } from './kubernetes-types.ts';

const IMAGE = { repository: 'registry.internal/spacelift-preflight' };
const DIGEST = `sha256:${'0'.repeat(64)}`;
const MINIMAL: JsonMap = { image: IMAGE };

const DECISIONS = `# For all.
skip:
  - id: license/*
    reason: "the license is issued in June: {{ not a template }}"
profiles:
  production:
    options: { phase: post-install }
`;

const EVERYTHING: JsonMap = {
  fullnameOverride: 'a-name-that-is-longer-than-names-of-kubernetes-may-be',
  image: { ...IMAGE, digest: DIGEST, pullPolicy: 'Always' },
  imagePullSecrets: [{ name: 'registry' }],
  format: 'json',
  frame: true,
  options: {
    only: ['database/*', 'object-storage/*'],
    skip: ['database/pooler'],
    require: ['database/connect'],
    accept: { 'database/version': 'costs $(MUCH), or 5 $; "quoted"' },
    strict: true,
    readOnly: true,
    phase: 'pre-install',
    release: '4.3.0',
    timeout: 90.5,
    caFiles: ['/etc/company-ca/ca.pem'],
    extra: ['--vcs', 'https://git.example.com'],
  },
  decisions: { file: DECISIONS, profile: 'production' },
  serviceAccount: { name: 'backend' },
  automountServiceAccountToken: true,
  env: [{ name: 'HTTPS_PROXY', value: 'http://proxy:3128' }],
  volumes: [{ name: 'ca', configMap: { name: 'company-ca' } }],
  volumeMounts: [{ name: 'ca', mountPath: '/etc/company-ca', readOnly: true }],
  sidecars: [
    {
      name: 'cloud-sql-proxy',
      image: 'gcr.io/cloud-sql-connectors/cloud-sql-proxy:2.21.0',
      args: ['--port=5432'],
      ports: [{ containerPort: 9801 }],
      startupProbe: { httpGet: { path: '/startup', port: 9801 } },
      securityContext: { runAsUser: 65532 },
    },
  ],
  podLabels: { 'azure.workload.identity/use': 'true', 'app.kubernetes.io/name': 'spacelift' },
  podAnnotations: { team: 'platform' },
  nodeSelector: { pool: 'spacelift' },
  tolerations: [{ key: 'spacelift', operator: 'Exists' }],
  affinity: { nodeAffinity: {} },
  drain: {
    serviceAccount: { name: 'drain' },
    env: [{ name: 'HTTPS_PROXY', value: '' }],
    volumes: [{ name: 'ca', secret: { secretName: 'drain-ca' } }],
    volumeMounts: [{ name: 'ca', mountPath: '/etc/company-ca' }],
    podLabels: { 'app.kubernetes.io/name': 'spacelift-drain', 'spacelift-preflight/service': 'server' },
    podAnnotations: { team: 'drain' },
    nodeSelector: { pool: 'drain' },
    tolerations: [{ key: 'drain', operator: 'Exists' }],
    affinity: { podAffinity: {} },
  },
  vcsGateway: { enabled: true },
  hook: { weight: -5, serviceAccount: { create: true, annotations: { 'eks.amazonaws.com/role-arn': 'arn:x' } } },
};

interface Case {
  readonly values: JsonMap;
  /** The number of objects of each kind. */
  readonly kinds: Readonly<Record<string, number>>;
}

const CASES: Readonly<Record<string, Case>> = {
  'the defaults': { values: MINIMAL, kinds: { Job: 3, Pod: 3 } },
  'all values': { values: EVERYTHING, kinds: { Job: 4, Pod: 4, ServiceAccount: 1, ConfigMap: 1 } },
  'a decisions file': {
    values: { ...MINIMAL, decisions: { file: DECISIONS } },
    kinds: { Job: 3, Pod: 3, ConfigMap: 1 },
  },
  'the hook alone': { values: { ...MINIMAL, test: { enabled: false } }, kinds: { Job: 3 } },
  'the tests alone': { values: { ...MINIMAL, hook: { enabled: false } }, kinds: { Pod: 3 } },
  'one account for the hook': {
    values: { ...MINIMAL, hook: { serviceAccount: { name: 'deployer' } } },
    kinds: { Job: 3, Pod: 3 },
  },
  'the VCS gateway alone': {
    values: {
      ...MINIMAL,
      ...Object.fromEntries(['server', 'drain', 'scheduler'].map((key) => [key, { enabled: false }])),
      vcsGateway: { enabled: true },
    },
    kinds: { Job: 1, Pod: 1 },
  },
};

const ofKind = (all: readonly Rendered[], kind: string): JsonMap[] =>
  all.map(({ object }) => object).filter((object) => object.kind === kind);
/** Pods, and those of Jobs. */
const podsIn = (all: readonly Rendered[]): JsonMap[] =>
  all.flatMap(({ object }): JsonMap[] => {
    if (object.kind === 'Pod') return [object];
    return object.kind === 'Job' ? [mapIn(mapIn(object, 'spec'), 'template')] : [];
  });
const containerOf = (pod: JsonMap): JsonMap => listIn(mapIn(pod, 'spec'), 'containers')[0] ?? {};
const annotationsOf = (object: JsonMap): JsonMap => mapIn(mapIn(object, 'metadata'), 'annotations');
const labelsOf = (object: JsonMap): JsonMap => mapIn(mapIn(object, 'metadata'), 'labels');
const accountsIn = (pods: readonly JsonMap[]): Record<string, unknown> =>
  Object.fromEntries(
    pods.map((pod) => [labelsOf(pod)['spacelift-preflight/service'], mapIn(pod, 'spec').serviceAccountName]),
  );

describe('the API server, PodSecurity restricted and the command line accept', () => {
  it.each(Object.entries(CASES))('%s', async (_, { values, kinds }) => {
    const all = await rendered(values);
    for (const kind of ['Job', 'Pod', 'ServiceAccount', 'ConfigMap'])
      expect(ofKind(all, kind)).toHaveLength(kinds[kind] ?? 0);
    expect((await faultsIn(all.map(({ text }) => text))).flat()).toEqual([]);
    const pods = podsIn(all);
    for (const pod of pods) {
      expect(restrictedViolations(pod)).toEqual([]);
      const { options = {} } = values as { options?: JsonMap };
      const args = runArguments(textsIn(containerOf(pod), 'args'));
      expect(args.service).toBe(labelsOf(pod)['spacelift-preflight/service']);
      expect(args).toMatchObject({ color: false, format: values.format ?? 'pretty', timeout: options.timeout ?? 60 });
      expect(textIn(mapIn(pod, 'spec'), 'serviceAccountName')).toMatch(/^[a-z]/);
      expect(JSON.stringify(pod)).not.toMatch(/fsGroup|"runAsUser":(?!65532)/);
    }
    const names = all.map(({ object }) => nameOf(object));
    expect(new Set(names).size).toBe(names.length);
  });
});

describe('the defaults', () => {
  it('are one Job and one test Pod per service, as Spacelift’s chart names their accounts and Secrets', async () => {
    const all = await rendered(MINIMAL);
    const services = ['drain', 'scheduler', 'server'];
    expect(ofKind(all, 'Job').map(nameOf).sort()).toEqual(
      services.map((name) => `preflight-spacelift-preflight-${name}`),
    );
    expect(ofKind(all, 'Pod').map(nameOf).sort()).toEqual(
      services.map((name) => `preflight-spacelift-preflight-test-${name}`),
    );
    expect(all).toHaveLength(6);
    for (const pod of podsIn(all)) {
      const service = textIn(labelsOf(pod), 'spacelift-preflight/service');
      const own = service === 'scheduler' ? [] : [{ secretRef: { name: `spacelift-${service}` } }];
      expect(mapIn(pod, 'spec')).toMatchObject({
        serviceAccountName: 'spacelift-backend',
        automountServiceAccountToken: false,
        restartPolicy: 'Never',
        readinessGates: [{ conditionType: NEVER_READY }],
      });
      expect(mapIn(pod, 'spec').securityContext).toEqual(POD_SECURITY);
      const { args: _, ...container } = containerOf(pod);
      expect(container).toEqual({
        name: 'spacelift-preflight',
        image: `${IMAGE.repository}:${VERSION}`,
        imagePullPolicy: 'IfNotPresent',
        envFrom: [{ secretRef: { name: 'spacelift-shared' } }, ...own],
        resources: resourcesIn(undefined),
        securityContext: CONTAINER_SECURITY,
        terminationMessagePolicy: 'FallbackToLogsOnError',
      });
    }
  });

  it('are hooks whose logs stay, and a Job that is not tried again', async () => {
    const all = await rendered(MINIMAL);
    for (const job of ofKind(all, 'Job')) {
      expect(annotationsOf(job)).toEqual({
        'helm.sh/hook': 'pre-install,pre-upgrade',
        'helm.sh/hook-weight': '0',
        'helm.sh/hook-delete-policy': 'before-hook-creation',
        'helm.sh/hook-output-log-policy': 'hook-failed',
      });
      expect(mapIn(job, 'spec')).toMatchObject({
        backoffLimit: 0,
        activeDeadlineSeconds: 280,
        ttlSecondsAfterFinished: 86400,
      });
    }
    for (const pod of ofKind(all, 'Pod')) {
      expect(annotationsOf(pod)).toMatchObject({
        'helm.sh/hook': 'test',
        'helm.sh/hook-delete-policy': 'before-hook-creation',
      });
    }
  });
});

describe('all values', () => {
  it('reach the Pods, and those of a service replace those for all', async () => {
    const all = await rendered(EVERYTHING);
    const pods = podsIn(all);
    const configMap = { name: nameOf(ofKind(all, 'ConfigMap')[0] ?? {}) };
    const decisions = { name: 'spacelift-preflight-decisions', configMap };
    expect(pods).toHaveLength(8);
    const [drain] = pods.filter((pod) => labelsOf(pod)['spacelift-preflight/service'] === 'drain');
    const [server] = pods.filter((pod) => labelsOf(pod)['spacelift-preflight/service'] === 'server');
    expect(mapIn(server ?? {}, 'spec')).toMatchObject({
      automountServiceAccountToken: true,
      imagePullSecrets: [{ name: 'registry' }],
      volumes: [{ name: 'ca', configMap: { name: 'company-ca' } }, decisions],
      nodeSelector: { pool: 'spacelift' },
      tolerations: [{ key: 'spacelift', operator: 'Exists' }],
      affinity: { nodeAffinity: {} },
      initContainers: [
        {
          restartPolicy: 'Always',
          securityContext: { ...CONTAINER_SECURITY, runAsUser: 65532 },
        },
      ],
    });
    expect(mapIn(drain ?? {}, 'spec')).toMatchObject({
      volumes: [{ name: 'ca', secret: { secretName: 'drain-ca' } }, decisions],
      nodeSelector: { pool: 'drain' },
      tolerations: [
        { key: 'spacelift', operator: 'Exists' },
        { key: 'drain', operator: 'Exists' },
      ],
      affinity: { podAffinity: {} },
    });
    expect(containerOf(drain ?? {})).toMatchObject({
      image: `${IMAGE.repository}@${DIGEST}`,
      imagePullPolicy: 'Always',
      env: [{ name: 'HTTPS_PROXY', value: '' }],
      volumeMounts: [
        { name: 'ca', mountPath: '/etc/company-ca' },
        { name: 'spacelift-preflight-decisions', mountPath: '/etc/spacelift-preflight', readOnly: true },
      ],
    });
    expect(labelsOf(drain ?? {})).toMatchObject({
      'app.kubernetes.io/name': 'spacelift-drain',
      'azure.workload.identity/use': 'true',
      'spacelift-preflight/release': 'preflight',
    });
    expect(annotationsOf(drain ?? {})).toMatchObject({ team: 'drain' });
  });

  it('are the options of the command line', async () => {
    const [pod] = podsIn(await rendered(EVERYTHING));
    expect(runArguments(textsIn(containerOf(pod ?? {}), 'args'))).toMatchObject({
      format: 'json',
      report: [{ format: 'frame', path: '/dev/stdout' }],
      only: ['database/*', 'object-storage/*'],
      skip: ['database/pooler'],
      require: ['database/connect'],
      accept: [{ id: 'database/version', reason: 'costs $(MUCH), or 5 $; "quoted"' }],
      strict: true,
      readOnly: true,
      phase: 'pre-install',
      release: { text: '4.3.0' },
      timeout: 90.5,
      caFile: ['/etc/company-ca/ca.pem'],
      vcs: ['https://git.example.com'],
      config: '/etc/spacelift-preflight/preflight.yaml',
      configProfile: 'production',
    });
  });

  it('are a decisions file, as it was, before the Jobs', async () => {
    const [map] = ofKind(await rendered(EVERYTHING), 'ConfigMap');
    expect(mapIn(map ?? {}, 'data')).toEqual({ 'preflight.yaml': DECISIONS });
    expect(annotationsOf(map ?? {})).toMatchObject({
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '-6',
    });
    const read = decisionsIn(DECISIONS, 'p.yaml', { profile: 'production', today: '2026-06-15', isNamed: true });
    expect(read.decisions).toMatchObject({ skipped: [{ id: 'license/*' }], options: { phase: 'post-install' } });
    // The phase of the file is in effect, unless the values have one.
    const [pod] = podsIn(await rendered({ ...MINIMAL, decisions: { file: DECISIONS } }));
    expect(textsIn(containerOf(pod ?? {}), 'args')).not.toContain('--phase');
  });

  it('create an account for the Jobs before them, and none for the tests', async () => {
    const all = await rendered(EVERYTHING);
    const [account, ...more] = ofKind(all, 'ServiceAccount');
    expect(more).toEqual([]);
    expect(account?.automountServiceAccountToken).toBe(false);
    expect(annotationsOf(account ?? {})).toMatchObject({
      'eks.amazonaws.com/role-arn': 'arn:x',
      'helm.sh/hook': 'pre-install,pre-upgrade',
      'helm.sh/hook-weight': '-6',
      'helm.sh/hook-delete-policy': 'before-hook-creation',
    });
    const created = nameOf(account ?? {});
    const jobs = ofKind(all, 'Job').map((job) => mapIn(mapIn(job, 'spec'), 'template'));
    expect(new Set(Object.values(accountsIn(jobs)))).toEqual(new Set([created]));
    expect(accountsIn(ofKind(all, 'Pod'))).toEqual({
      server: 'backend',
      drain: 'drain',
      scheduler: 'backend',
      'vcs-gateway': 'backend',
    });
  });
});

describe('helm lint', () => {
  it('has nothing to say, and would', async () => {
    for (const values of [undefined, ...Object.values(CASES).map(({ values }) => values)]) {
      const { code, stdout } = await helm(['lint', '--strict', CHART], values === undefined ? {} : { values });
      expect(stdout).not.toMatch(/WARNING|ERROR/);
      expect(code).toBe(0);
    }
    expect((await helm(['lint', '--strict', CHART], { values: { format: 'xml' } })).code).toBe(1);
  });
});

describe('one message refuses', () => {
  it.each<[JsonMap, RegExp]>([
    [{}, /image\.repository is required: there is no image in a public registry yet/],
    [{ ...MINIMAL, serviceAccount: { name: '' } }, /serviceAccount\.name or drain\.serviceAccount\.name is required/],
    [{ ...MINIMAL, serviceAccount: null }, /missing property 'serviceAccount'/],
    [{ ...MINIMAL, formt: 'json' }, /additional properties 'formt' not allowed/],
    [{ ...MINIMAL, format: 'xml' }, /at '\/format': value must be one of 'pretty', 'json'/],
    [{ image: { ...IMAGE, pullPolicy: 'Sometimes' } }, /at '\/image\/pullPolicy': value must be one of 'Always'/],
    [{ image: { ...IMAGE, digest: 'sha256:0' } }, /at '\/image\/digest': 'sha256:0' does not match pattern/],
    [{ ...MINIMAL, options: { timeout: '60' } }, /at '\/options\/timeout': got string, want number/],
    [{ ...MINIMAL, options: { release: 4.3 } }, /at '\/options\/release': got number, want string/],
    [{ ...MINIMAL, drain: { env: [{ name: 'A', value: 1 }] } }, /at '\/drain\/env\/0\/value': got number, want string/],
    [
      { ...MINIMAL, volumes: [{ name: 'host', hostPath: { path: '/' } }] },
      /at '\/volumes\/0': additional properties 'hostPath' not allowed/,
    ],
    [
      { ...MINIMAL, sidecars: [{ name: 'a', image: 'b', securityContext: { privileged: true } }] },
      /at '\/sidecars\/0\/securityContext': additional properties 'privileged' not allowed/,
    ],
    [{ ...MINIMAL, decisions: { profile: 'production' } }, /decisions\.profile requires decisions\.file/],
    [{ ...MINIMAL, decisions: { file: { skip: [] } } }, /at '\/decisions\/file': got object, want string/],
    [{ ...MINIMAL, podAnnotations: { 'helm.sh/hook': 'test' } }, /invalid propertyName 'helm\.sh\/hook'/],
    [
      { ...MINIMAL, options: { timeout: 300 } },
      /activeDeadlineSeconds \(240\) must be greater than options\.timeout \(300\)/,
    ],
    [
      { ...MINIMAL, activeDeadlineSeconds: 600 },
      /hook\.activeDeadlineSeconds \(280\) must be greater than activeDeadlineSeconds \(600\)/,
    ],
    [
      { ...MINIMAL, hook: { serviceAccount: { create: true, name: 'spacelift-backend' } } },
      /hook\.serviceAccount\.create would remove spacelift-backend/,
    ],
  ])('%j', async (values, message) => {
    await expect(rendered(values)).rejects.toThrow(message);
  });
});

describe('with a cluster', () => {
  const install = async (values: JsonMap, accounts: Readonly<Record<string, JsonMap>>) => {
    const server = await startApiServer(accounts);
    onTestFinished(() => server.close());
    const args = ['template', 'preflight', CHART, '-n', 'spacelift', '--dry-run=server'];
    const ended = await helm(args, { values, env: server.env });
    return { ...ended, lookedUp: new Set(server.lookedUp) };
  };
  const there = { default: {} };

  it('a hook under an account that does not exist is refused before anything is created', async () => {
    const { code, stderr } = await install(MINIMAL, there);
    expect(code).not.toBe(0);
    expect(stderr).toContain(
      'service account spacelift-backend does not exist in namespace spacelift: before an installation',
    );
    expect((await install(MINIMAL, { ...there, 'spacelift-backend': {} })).code).toBe(0);
    const unchecked = await install({ ...MINIMAL, hook: { serviceAccount: { mustExist: false } } }, there);
    expect(unchecked).toMatchObject({ code: 0, lookedUp: new Set() });
  });

  it('a namespace that Helm has yet to create is not searched for accounts', async () => {
    expect((await install(MINIMAL, {})).code).toBe(0);
  });

  it('no account of anybody else is replaced', async () => {
    const values = { ...MINIMAL, hook: { serviceAccount: { create: true, name: 'deployer' } } };
    const { code, stderr } = await install(values, { ...there, deployer: {} });
    expect(code).not.toBe(0);
    expect(stderr).toContain('service account deployer exists in namespace spacelift');
    const own = { labels: { 'spacelift-preflight/release': 'preflight' } };
    expect((await install(values, { ...there, deployer: own })).code).toBe(0);
  });
});

test('the notes name the Jobs, the tests, and the label of everything that is left', async () => {
  const args = ['install', 'preflight', CHART, '-n', 'spacelift', '--dry-run=client'];
  const notes = async (values: JsonMap) => (await helm(args, { values })).stdout.split('NOTES:\n')[1] ?? '';
  const text = await notes(MINIMAL);
  for (const job of ofKind(await rendered(MINIMAL), 'Job'))
    expect(text).toContain(`kubectl logs -n spacelift job/${nameOf(job)}\n`);
  expect(text).toContain('helm test preflight -n spacelift --logs\n');
  expect(text).toContain('-l spacelift-preflight/release=preflight\n');
  expect(await notes({ ...MINIMAL, test: { enabled: false } })).not.toContain('helm test');
  expect(await notes({ enabled: false })).toBe('Nothing was created: enabled is false.\n');
});

test('it is a dependency of a chart that can leave it out', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'preflight-parent-'));
  onTestFinished(() => rm(folder, { recursive: true }));
  const name = 'spacelift-preflight';
  const dependency = { name, version: VERSION, repository: `file://${CHART}`, condition: `${name}.enabled` };
  const chart = { apiVersion: 'v2', name: 'parent', version: '1.0.0', dependencies: [dependency] };
  await writeFile(join(folder, 'Chart.yaml'), JSON.stringify(chart));
  await cp(CHART, join(folder, 'charts', name), { recursive: true });
  const values = { global: { imageRegistry: 'x' }, [name]: { image: IMAGE } };
  expect(await rendered(values, folder)).toHaveLength(6);
  expect(await rendered({ [name]: { enabled: false } }, folder)).toEqual([]);
  expect(await rendered({ enabled: false })).toEqual([]);
});
