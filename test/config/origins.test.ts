/** Where values come from, and values that nothing says which of applies. */
import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import type { Source } from '../../src/config/entry.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source } from '../support/preflight.ts';
import { base64, refusal } from './sources/helpers.ts';

type Data = Readonly<Record<string, string>>;
const object = (name: string, data: Data, namespace?: string, kind = 'Secret') => ({
  apiVersion: 'v1',
  kind,
  metadata: { name, ...(namespace !== undefined && { namespace }) },
  data: Object.fromEntries(
    Object.entries(data).map(([key, value]) => [key, kind === 'Secret' ? base64(value) : value]),
  ),
});
const list = (...items: readonly object[]) => JSON.stringify({ apiVersion: 'v1', kind: 'List', items });
const OTHER = 'postgres://other:a-long-password@db.corp.internal/other';

async function warnings(sources: readonly Source[], options = {}) {
  const { findings, deployment } = await preflight([configuration], sources, options);
  const warned = findings.filter(({ status }) => status === 'warn' || status === 'fail');
  return { deployment, warned, titles: warned.map(({ id, title, detail = '' }) => `${id}: ${title}. ${detail}`) };
}

const conflict = (name: string, first: string, second: string) =>
  `configuration/conflict[${name}]: ${name} has different values for the same service. It is set in ${first} and in ${second}. The last one is used here, but Spacelift may read the other one.`;

describe('objects in several namespaces', () => {
  test('with variables for Spacelift are rejected, with both and the command for one', async () => {
    const text = list(
      object('spacelift-shared', ONPREM, 'spacelift'),
      object('app', { DATABASE_URL: OTHER, 'tls.crt': 'x' }, 'billing'),
    );
    expect(await refusal('all.json', text)).toBe(
      'all.json: variables for Spacelift in several namespaces (Secret spacelift/spacelift-shared, Secret billing/app), but a pod reads only its own; pass one: kubectl get secrets,configmaps -n spacelift -o yaml',
    );
  });

  test.each([
    ['of an SDK', { AWS_ACCESS_KEY_ID: 'AKIA' }],
    ['that the installation does not set', { DATABASE_READ_ONLY_URL: OTHER }],
    ['with the same value', { SERVER_DOMAIN: ONPREM.SERVER_DOMAIN ?? '' }],
  ])('also with a variable %s', async (_, data) => {
    const text = list(object('velero', data, 'velero'), object('spacelift', ONPREM, 'spacelift'));
    expect(await refusal('-', text)).toContain('(Secret velero/velero, Secret spacelift/spacelift)');
    expect(await refusal('-', text)).toContain('-n spacelift ');
  });

  test('without such variables are not part of the config', async () => {
    const other = object('app', { DATABASE_URLS: OTHER, PASSWORD: 'x' }, 'billing');
    const config = await parseSource('a.json', list(object('spacelift', ONPREM, 'spacelift'), other));
    expect(new Set(config.entries.map(({ location }) => location?.namespace))).toEqual(new Set(['spacelift']));
    expect((await warnings([config])).titles).toEqual([]);
  });

  test('beside one without a namespace are allowed', async () => {
    const config = await parseSource(
      'a.json',
      list(object('a', ONPREM, 'spacelift'), object('a-drain', { LAUNCHER_IMAGE: 'x:1' })),
    );
    expect((await warnings([config])).titles).toEqual([]);
  });

  test('with names that could be secrets are not shown', async () => {
    const text = list(object('a', ONPREM, 'p@ssw0rd; rm'), object('b', ONPREM, 'other'));
    expect(await refusal('a.json', text)).not.toContain('p@ssw0rd');
  });
});

describe('several values of a variable', () => {
  const shared = object('spacelift-shared', ONPREM, 'spacelift');

  test('in two Secrets of a file are a warning that names both', async () => {
    const config = await parseSource(
      'a.json',
      list(shared, object('spacelift-old', { DATABASE_URL: OTHER }, 'spacelift')),
    );
    const { titles, warned, deployment } = await warnings([config]);
    expect(titles).toEqual([
      conflict(
        'DATABASE_URL',
        'a.json (Secret spacelift-shared) in namespace spacelift',
        'a.json (Secret spacelift-old) in namespace spacelift',
      ),
    ]);
    expect(deployment.lookup('DATABASE_URL')).toMatchObject({ value: OTHER });
    expect(JSON.stringify(warned)).not.toContain('a-long-password');
  });

  test('in a Secret and a ConfigMap, and in two documents', async () => {
    const documents = [object('a', ONPREM), object('a', { SERVER_DOMAIN: 'other.corp.io' }, undefined, 'ConfigMap')];
    const config = await parseSource(
      'a.yaml',
      documents
        .map((one) => JSON.stringify(one))
        .join('\n---\n')
        .replace('{', '# x\n---\n{'),
    );
    expect((await warnings([config])).titles).toEqual([
      expect.stringMatching(
        /^configuration\/conflict\[SERVER_DOMAIN\]: .* in a\.yaml \(Secret a\), document \d and in a\.yaml \(ConfigMap a\), document \d\./,
      ),
    ]);
  });

  test('in two containers of one service', async () => {
    const environment = Object.entries(ONPREM).map(([name, value]) => ({ name, value }));
    const containers = ['server', 'old-server'].map((name) => ({
      name,
      image: 'x',
      environment: [...environment, { name: 'SERVER_DOMAIN', value: `${name}.corp.io` }].slice(1),
    }));
    expect((await warnings([await parseSource('task.json', JSON.stringify(containers))])).titles).toEqual([
      conflict('SERVER_DOMAIN', 'task.json (container server)', 'task.json (container old-server)'),
    ]);
  });

  test('in files of two namespaces', async () => {
    const files = await Promise.all([
      parseSource('a.json', list(shared)),
      parseSource('b.json', list(object('spacelift-shared', { DATABASE_URL: OTHER }, 'test'))),
    ]);
    expect((await warnings(files)).titles).toEqual([
      conflict(
        'DATABASE_URL',
        'a.json (Secret spacelift-shared) in namespace spacelift',
        'b.json (Secret spacelift-shared) in namespace test',
      ),
    ]);
  });

  test.each<[string, () => Promise<readonly Source[]>]>([
    ['in two files', async () => [await parseSource('a.json', list(shared)), source({ DATABASE_URL: OTHER })]],
    [
      'in a file that is given twice',
      async () => [await parseSource('a.json', list(shared)), await parseSource('a.json', list(shared))],
    ],
    ['that are equal', async () => [await parseSource('a.json', list(shared, object('b', ONPREM, 'spacelift')))]],
    [
      'shared and of a service',
      async () => [await parseSource('a.json', list(shared, object('b-drain', { ENVIRONMENT: 'x' })))],
    ],
    [
      'that can differ',
      async () => [
        await parseSource('a.json', list(object('a', { ...ONPREM, DD_ENV: 'a' }), object('b', { DD_ENV: 'b' }))),
      ],
    ],
  ])('%s are no warning', async (_, sources) => {
    expect((await warnings(await sources(), { service: 'server' })).titles).toEqual([]);
  });
});

test('the origin of each value is known, also of those that are overridden', async () => {
  const yaml = `# x\n---\n${JSON.stringify(object('spacelift-shared', { SERVER_DOMAIN: 'a.b', DATABASE_URL: OTHER, OWN: 'x' }, 'spacelift'))}\n---\n${JSON.stringify(object('spacelift-drain', { LAUNCHER_IMAGE: 'x', WEBHOOKS_ENDPOINT: '' }))}\n`;
  const task = {
    containerDefinitions: [{ name: 'server', image: 'x', environment: [{ name: 'SERVER_DOMAIN', value: 'c.d' }] }],
  };
  const sources = [
    await parseSource('shared.yaml', yaml),
    await parseSource('task.json', JSON.stringify(task)),
    await parseSource('.env', 'DATABASE_URL=postgres://a@b/c\n'),
  ];
  const { deployment } = await preflight([configuration], sources);
  expect(deployment.origins).toEqual([
    {
      name: 'SERVER_DOMAIN',
      service: 'all',
      origin: 'shared.yaml (Secret spacelift-shared)',
      location: {
        file: 'shared.yaml',
        document: 1,
        line: 3,
        kind: 'Secret',
        name: 'spacelift-shared',
        namespace: 'spacelift',
      },
      used: true,
    },
    {
      name: 'DATABASE_URL',
      service: 'all',
      origin: 'shared.yaml (Secret spacelift-shared)',
      location: {
        file: 'shared.yaml',
        document: 1,
        line: 3,
        kind: 'Secret',
        name: 'spacelift-shared',
        namespace: 'spacelift',
      },
      used: false,
    },
    {
      name: 'LAUNCHER_IMAGE',
      service: 'drain',
      origin: 'shared.yaml (Secret spacelift-drain)',
      location: { file: 'shared.yaml', document: 2, line: 5, kind: 'Secret', name: 'spacelift-drain' },
      used: true,
    },
    {
      name: 'SERVER_DOMAIN',
      service: 'server',
      origin: 'task.json (container server)',
      location: { file: 'task.json', container: 'server' },
      used: true,
    },
    { name: 'DATABASE_URL', service: 'all', origin: '.env', location: { file: '.env', line: 1 }, used: true },
  ]);
});

test('of the environment, only variables for Spacelift and the SDKs', async () => {
  const { deployment } = await preflight(
    [configuration],
    [source({ ...ONPREM, PATH: '/bin' }, 'all', { process: true })],
  );
  expect(deployment.origins.map(({ name }) => name)).toEqual(Object.keys(ONPREM).filter((name) => ONPREM[name] !== ''));
});

describe('in an env file', () => {
  const file = (...lines: readonly string[]) =>
    parseSource(
      '.env',
      [...Object.entries(ONPREM).map(([name, value]) => `${name}='${value}'`), ...lines, ''].join('\n'),
    );

  test('two values are a warning with both lines, and the last one counts', async () => {
    const { deployment, titles } = await warnings([await file('SERVER_DOMAIN=other.corp.io')]);
    const first = Object.keys(ONPREM).indexOf('SERVER_DOMAIN') + 1;
    const last = Object.keys(ONPREM).length + 1;
    expect(titles).toEqual([
      `configuration/conflict[SERVER_DOMAIN]: SERVER_DOMAIN has different values for the same service. It is set in lines ${first} and ${last} of .env. The last one counts.`,
    ]);
    expect(deployment.lookup('SERVER_DOMAIN')).toMatchObject({ state: 'set', value: 'other.corp.io' });
  });

  test.each([
    ['the same value', `ENVIRONMENT='${ONPREM.ENVIRONMENT}'`, { state: 'set', value: ONPREM.ENVIRONMENT }],
    ['no value', 'ENVIRONMENT=', { state: 'unset' }],
  ])('%s at the end is no conflict', async (_, line, value) => {
    const { deployment, titles } = await warnings([await file(line)]);
    expect(titles).toEqual([]);
    expect(deployment.lookup('ENVIRONMENT')).toMatchObject(value);
  });
});

describe('in one map of a YAML file', () => {
  const FIRST = 'spacelift.corp.io';
  const secret = (field: string, encoded: (value: string) => string) => [
    ...['apiVersion: v1', 'kind: Secret', 'metadata: {name: shared}', `${field}:`],
    ...Object.entries({ ...ONPREM, SERVER_DOMAIN: FIRST }).map(([name, value]) => `  ${name}: '${encoded(value)}'`),
    `  SERVER_DOMAIN: '${encoded('other.corp.io')}'`,
  ];
  const plain = (value: string) => value;

  test.each([
    ['data', secret('data', base64)],
    ['stringData', secret('stringData', plain)],
    [
      'no Secret',
      secret('x', plain)
        .slice(4)
        .map((line) => line.trim()),
    ],
    [
      'Helm values',
      ['spacelift:', '  env:', ...secret('x', plain).slice(4)].map((line, at) => (at > 1 ? `  ${line}` : line)),
    ],
    [
      'a document that SOPS encrypted in part',
      [
        ...["kind: ConfigMap\nmetadata: {name: other}\n---\nsops: {version: 3.9.0}\nx: 'ENC[AES256_GCM,data:Zg==]'"],
        ...secret('stringData', plain),
      ].flatMap((text) => text.split('\n')),
    ],
  ])('of %s, two values are a warning with both lines, and the last one counts', async (_, lines) => {
    const { deployment, titles } = await warnings([await parseSource('shared.yaml', lines.join('\n'))]);
    const first = lines.findIndex((line) => line.includes('SERVER_DOMAIN:')) + 1;
    expect(titles).toHaveLength(1);
    expect(titles[0]).toContain(`It is set in lines ${first} and ${lines.length} of shared.yaml`);
    expect(deployment.lookup('SERVER_DOMAIN')).toMatchObject({ state: 'set', value: 'other.corp.io' });
  });

  test.each([
    [
      'a container',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: server}\nspec: {containers: [{name: server, env: LIST}]}',
    ],
    [
      'a Secret that a container reads',
      `apiVersion: v1\nkind: Pod\nmetadata: {name: server}\nspec: {containers: [{name: server, envFrom: [{secretRef: {name: s}}]}]}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: MAP`,
    ],
    ['a Compose service', 'services: {server: {image: x, environment: LINES}}'],
    ['Helm values', 'spacelift: {extraEnv: LIST}'],
    ['an item of 1Password', '{"title": "spacelift", "fields": LIST}'],
  ])('a list of variables in %s: two values are a warning, and the last one counts', async (_, text) => {
    const pairs = [...Object.entries(ONPREM), ['SERVER_DOMAIN', 'other.corp.io'] as const];
    const source = await parseSource(
      'x.yaml',
      text
        .replace('LIST', () => JSON.stringify(pairs.map(([name, value]) => ({ name, value }))))
        .replace('LINES', () =>
          JSON.stringify(pairs.map(([name, value]) => `${name}=${value.replaceAll('$', '$$$$')}`)),
        )
        .replace('MAP', () => `{${pairs.map(([name, value]) => `${name}: ${JSON.stringify(value)}`).join(', ')}}`),
    );
    const { deployment, titles } = await warnings([source]);
    expect(titles).toHaveLength(1);
    expect(titles[0]).toContain('SERVER_DOMAIN has different values for the same service');
    expect(deployment.lookup('SERVER_DOMAIN')).toMatchObject({ state: 'set', value: 'other.corp.io' });
  });

  test('stringData overrides both values of data', async () => {
    const lines = [...secret('data', base64), 'stringData:', '  SERVER_DOMAIN: third.corp.io'];
    const { deployment } = await warnings([await parseSource('shared.yaml', lines.join('\n'))]);
    expect(deployment.lookup('SERVER_DOMAIN')).toMatchObject({ state: 'set', value: 'third.corp.io' });
  });

  test('the same value twice is no conflict', async () => {
    const lines = [...secret('stringData', plain).slice(0, -1), `  SERVER_DOMAIN: ${FIRST}`];
    expect((await warnings([await parseSource('shared.yaml', lines.join('\n'))])).titles).toEqual([]);
  });
});
