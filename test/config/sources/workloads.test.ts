/** What workloads refer to is theirs, and nothing else in the file. */
import { describe, expect, it } from 'vitest';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';
import { VENDOR_CONFIGS } from '../../support/vendor.ts';
import { messageOf, refusal } from './helpers.ts';

const { shared, server, drain } = VENDOR_CONFIGS.EKS;
const metadata = (name: string) => ({ name, namespace: 'spacelift' });
const secret = (name: string, stringData: object) => ({ kind: 'Secret', metadata: metadata(name), stringData });
const SECRETS = [
  secret('spacelift-shared', shared),
  secret('spacelift-server', server),
  secret('spacelift-drain', drain),
];
const deployment = (service: string, secrets: readonly string[], env: readonly object[] = []) => ({
  kind: 'Deployment',
  metadata: metadata(`spacelift-${service}`),
  spec: {
    template: {
      spec: {
        containers: [
          {
            name: service,
            command: ['spacelift', 'backend', service],
            envFrom: secrets.map((name) => ({ secretRef: { name } })),
            env,
          },
        ],
      },
    },
  },
});
const SERVER = deployment('server', ['spacelift-shared', 'spacelift-server']);
const DRAIN = deployment('drain', ['spacelift-shared', 'spacelift-drain']);
const SCHEDULER = deployment('scheduler', ['spacelift-shared']);
const stream = (objects: readonly object[]) => objects.map((object) => JSON.stringify(object)).join('\n');

/** The findings that are no skips, and the notes. */
async function found(objects: readonly object[]) {
  const { configuration, notes, incomplete } = makeDeployment([await parseSource('x', stream(objects))], {
    environment: {},
  });
  const issues = configuration.filter(({ outcome }) => outcome.status === 'fail' || outcome.status === 'warn');
  return {
    issues: issues.map(({ rule, outcome }) => `${outcome.status} ${rule}: ${outcome.title}`),
    fixes: issues.map(({ outcome }) => ('fix' in outcome ? outcome.fix?.text : undefined)),
    notes,
    incomplete,
  };
}

it.each<[string, readonly object[]]>([
  ['all of it', [...SECRETS, SERVER, DRAIN, SCHEDULER]],
  ['one workload, with the Secrets of others', [...SECRETS, SERVER]],
  ['a migration', [...SECRETS, deployment('migrate', ['spacelift-shared'])]],
  ['workloads without references', [...SECRETS, deployment('server', []), deployment('drain', [])]],
  ['other programs', [...SECRETS, deployment('web', ['web'])]],
])('%s is clean', async (_, objects) => {
  expect(await found(objects)).toMatchObject({ issues: [], notes: [], incomplete: false });
});

it('Secrets that are only in the cluster are not known here', async () => {
  const parts = await found([...SECRETS.slice(1), SERVER, DRAIN, SCHEDULER]);
  expect(parts).toMatchObject({ issues: [], notes: [], incomplete: true });
});

it('what only the gateway lacks is not known of the gateway alone', async () => {
  const objects = [...SECRETS, SERVER, DRAIN, deployment('vcs-gateway', ['spacelift-shared', 'own'])];
  expect(await parseSource('x', stream(objects))).toMatchObject({ incomplete: false, incompleteGateway: true });
  const alone = [SECRETS[0] ?? {}, deployment('vcs-gateway', ['spacelift-shared', 'own'])];
  expect(await found(alone)).toMatchObject({ issues: [], incomplete: true });
  expect(await parseSource('x', stream(alone))).toMatchObject({ unseen: 'cluster' });
});

describe('a Secret that no workload refers to', () => {
  it('is ignored, with a note', async () => {
    const objects = [...SECRETS, deployment('server', ['spacelift-shared']), DRAIN, SCHEDULER];
    expect(await found(objects)).toMatchObject({
      issues: [],
      notes: ['x (Secret spacelift-server) is ignored: no container in the input refers to it'],
    });
    const { entries } = await parseSource('x', stream(objects));
    expect(entries.map(({ name }) => name)).not.toContain('ADMIN_USERNAME');
  });

  it('is what a service lacks', async () => {
    const objects = [...SECRETS, SERVER, deployment('drain', ['spacelift-drain']), SCHEDULER];
    expect(await found(objects)).toMatchObject({
      issues: ['fail workload: the drain does not have SERVER_DOMAIN and 26 other variables'],
      fixes: ['add Secret spacelift-shared to envFrom in the container of the drain'],
    });
  });
});

describe('a reference that finds nothing', () => {
  const near = (name: string) => [...SECRETS, deployment('server', [name]), DRAIN, SCHEDULER];
  const SUGGESTED = ['warn workload: Secret spacelift-shard is not in the input, did you mean spacelift-shared?'];

  it('names the Secret that was meant', async () => {
    expect(await found(near('spacelift-shard'))).toMatchObject({ issues: SUGGESTED, incomplete: true });
    const everywhere = [
      ...SECRETS,
      ...['server', 'drain', 'scheduler'].map((service) => deployment(service, ['spacelift-shard'])),
    ];
    expect(await refusal('x', stream(everywhere))).toContain(
      '(Secret spacelift-shard is not in the input, did you mean spacelift-shared?); pass them too: kubectl get deployments,',
    );
  });

  it.each([
    [
      'kind',
      [{ ...secret('spacelift-extra', server), kind: 'ConfigMap', stringData: undefined, data: server }],
      'spacelift-extra is a ConfigMap, not a Secret',
    ],
    [
      'namespace',
      [{ ...secret('spacelift-extra', server), metadata: { name: 'spacelift-extra', namespace: 'default' } }],
      'Secret spacelift-extra is in namespace default, where the workload is not',
    ],
  ])('names the object of another %s', async (_, others, title) => {
    const object = deployment('server', ['spacelift-shared', 'spacelift-extra']);
    const result = await found([...SECRETS, ...others, object, DRAIN, SCHEDULER]);
    expect(result).toMatchObject({ issues: [`warn workload: ${title}`], incomplete: true });
  });

  it.each([
    ['another name', near('acme-config')],
    ['another generation', [...near('config-2'), secret('config-1', shared)]],
    ['a Secret of another program', [...near('grafana-admin'), secret('grafana-admins', { password: 'x' })]],
    [
      'an optional one',
      [
        ...SECRETS,
        {
          ...SERVER,
          spec: {
            template: {
              spec: {
                containers: [
                  {
                    name: 'server',
                    envFrom: [
                      { secretRef: { name: 'spacelift-shared' } },
                      { secretRef: { name: 'spacelift-serve', optional: true } },
                    ],
                  },
                ],
              },
            },
          },
        },
      ],
    ],
  ])('is nothing else: %s', async (_, objects) => {
    expect((await found(objects)).issues).toEqual([]);
  });

  it('names the key that was meant', async () => {
    const from = (key: string) => [
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'spacelift-db', key } } },
    ];
    const { DATABASE_URL, ...others } = shared as Record<string, string>;
    const objects = (key: string) => [
      secret('spacelift-shared', others),
      secret('spacelift-db', { url: DATABASE_URL }),
      deployment('server', ['spacelift-shared'], from(key)),
    ];
    expect((await found(objects('url'))).issues).toEqual([]);
    expect(await found(objects('ur'))).toMatchObject({
      issues: ['fail workload: Secret spacelift-db has no key ur, did you mean url?'],
      fixes: ['refer to the key url'],
    });
  });

  it('is one failure, whatever the service lacks for it', async () => {
    const from = [
      { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'spacelift-shared', key: 'DATABASE_URI' } } },
    ];
    const objects = [
      ...SECRETS,
      deployment('server', ['spacelift-shared', 'spacelift-server'], from),
      DRAIN,
      SCHEDULER,
    ];
    expect(await found(objects)).toMatchObject({
      issues: ['fail workload: Secret spacelift-shared has no key DATABASE_URI, did you mean DATABASE_URL?'],
    });
  });
});

it('a missing key is told of the variable that it is a part of', async () => {
  const { DATABASE_URL: _, ...others } = shared as Record<string, string>;
  const env = [
    { name: 'DB_PASSWORD', valueFrom: { secretKeyRef: { name: 'pg-app', key: 'passwrod' } } },
    { name: 'DATABASE_URL', value: 'postgres://spacelift:$(DB_PASSWORD)@pg.acme.internal/spacelift' },
  ];
  const objects = [
    secret('spacelift-shared', others),
    secret('pg-app', { password: 'rose-tin-lantern' }),
    ...['server', 'drain', 'scheduler'].map((service) => deployment(service, ['spacelift-shared'], env)),
  ];
  expect(await found(objects)).toMatchObject({
    issues: ['fail workload: Secret pg-app has no key passwrod, did you mean password?'],
    fixes: ['refer to the key password'],
  });
});

it('a Secret of another service is nothing to add', async () => {
  const metadataBucket = 'OBJECT_STORAGE_BUCKET_METADATA';
  const { [metadataBucket]: bucket, ...others } = shared as Record<string, string>;
  const objects = [
    secret('spacelift-shared', others),
    secret('spacelift-server', { ...server, [metadataBucket]: bucket }),
    ...[SECRETS[2] ?? {}, SERVER, DRAIN, SCHEDULER],
  ];
  expect(await found(objects)).toMatchObject({
    issues: [`fail workload: the drain does not have ${metadataBucket}`],
    fixes: [`set ${metadataBucket} for the drain too`],
  });
});

describe('what is no part of Spacelift', () => {
  const field = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });

  it.each(['POD_IP', 'NODE_NAME', 'DD_ENV'])('is no finding: %s from a field of the pod', async (name) => {
    const server = deployment('server', ['spacelift-shared', 'spacelift-server'], [{ name, ...field('status.podIP') }]);
    const { configuration } = makeDeployment([await parseSource('x', stream([...SECRETS, server, DRAIN, SCHEDULER]))], {
      environment: {},
    });
    expect(configuration.filter(({ outcome }) => outcome.status !== 'pass')).toEqual([]);
  });

  it.each<[string, readonly object[]]>([
    ['a value', [{ name: 'DATABASE_URL', value: 'postgres://backup@db.acme.internal/spacelift' }]],
    [
      'the same Secret',
      [{ name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'spacelift-shared', key: 'DATABASE_URL' } } }],
    ],
  ])('is another program beside the services, with the database in %s', async (_, env) => {
    const other = { name: 'ADMIN_PASSWORD', value: 'of-another-program' };
    const program = {
      kind: 'Deployment',
      metadata: metadata('backup'),
      spec: { template: { spec: { containers: [{ name: 'backup', env: [...env, other] }] } } },
    };
    const objects = [...SECRETS, SERVER, DRAIN, SCHEDULER, program];
    expect(await found(objects)).toMatchObject({ issues: [], notes: [] });
    const { entries, workloads } = await parseSource('x', stream(objects));
    expect(entries.map(({ service }) => service)).not.toContain('all');
    expect(workloads).toEqual(['server', 'drain', 'scheduler']);
  });
});

describe('what the API of Kubernetes rejects of a container is an error', () => {
  const read = (more: object, kind = 'Deployment') =>
    refusal(
      'x',
      stream([
        ...SECRETS,
        {
          kind,
          metadata: metadata('spacelift-server'),
          spec: { template: { spec: { containers: [{ name: 'server', ...more }] } } },
        },
      ]),
    );
  it.each<[object, string]>([
    [{ env: { SERVER_DOMAIN: 'a.b' } }, 'env is an object, expected an array'],
    [{ envFrom: { secretRef: { name: 'spacelift-shared' } } }, 'envFrom is an object, expected an array'],
    [{ envfrom: [{ secretRef: { name: 'spacelift-shared' } }] }, 'unknown field envfrom, did you mean envFrom?'],
    [{ env_from: [] }, 'unknown field env_from, did you mean envFrom?'],
    [{ envFrom: [{ secretref: { name: 'x' } }] }, 'envFrom: unknown field secretref, did you mean secretRef?'],
    [{ env: [{ nme: 'A', value: 'b' }] }, 'env[0] has no name'],
    [{ env: ['A=b'] }, 'env[0] has no name'],
    [
      { env: [{ name: 'DATABASE_URL', valuefrom: { secretKeyRef: { name: 'x', key: 'y' } } }] },
      'env[0]: unknown field valuefrom, did you mean valueFrom?',
    ],
    [
      { env: [{ name: 'DATABASE_URL', valueFrom: { secretKeyref: { name: 'x', key: 'y' } } }] },
      'env[0].valueFrom: unknown field secretKeyref, did you mean secretKeyRef?',
    ],
  ])('%j', async (container, why) => {
    expect(await read(container)).toBe(`x: Deployment spacelift-server, container server: ${why}`);
    // Other kinds have other fields.
    await expect(read(container, 'Server')).rejects.toThrow('it was accepted');
  });

  it.each(['Secret', 'ConfigMap'])('variables in a map in the data of a %s', async (kind) => {
    const object = { kind, metadata: metadata('spacelift-shared'), data: { env: { SERVER_DOMAIN: 'a.b' } } };
    expect(await refusal('x', stream([object]))).toBe(
      `x: ${kind} spacelift-shared: the variables are in a map in data; put them into data itself`,
    );
  });
});

describe('workloads alone', () => {
  const WHY =
    'x: Deployment spacelift-server reads its variables from Secrets or ConfigMaps that are not in it; pass them too: kubectl get deployments,secrets,configmaps -n spacelift -o yaml | spacelift-preflight -f -';
  const one = { name: 'DATABASE_URL', valueFrom: { secretKeyRef: { name: 'db', key: 'url' } } };

  it.each([
    ['envFrom', deployment('server', ['spacelift-shared'])],
    ['env', deployment('server', [], [one])],
  ])('are refused with the command: %s', async (_, object) => {
    expect(await refusal('x', stream([object]))).toBe(WHY);
  });

  it('name the object that was meant', async () => {
    const config = { kind: 'ConfigMap', metadata: metadata('spacelift-shared'), data: shared };
    expect(await refusal('x', stream([deployment('server', ['spacelift-shared']), config]))).toBe(
      WHY.replace(' that are not in it;', ' that are not in it (spacelift-shared is a ConfigMap, not a Secret);'),
    );
  });

  it('count beside a config', async () => {
    const { mkdtemp, rm, writeFile } = await import('node:fs/promises');
    const folder = await mkdtemp('/tmp/workloads-');
    try {
      const [workloads, env] = [`${folder}/x`, `${folder}/y`];
      await writeFile(workloads, stream([deployment('server', ['spacelift-shared'])]));
      await writeFile(env, 'SERVER_DOMAIN=a.b\n');
      const input = { stdin: (async function* () {})(), env: {} };
      expect(await readSources([workloads, env], input)).toHaveLength(2);
      expect(await messageOf(readSources([workloads], input))).toBe(WHY.replace('x:', `${workloads}:`));
    } finally {
      await rm(folder, { recursive: true });
    }
  });
});
