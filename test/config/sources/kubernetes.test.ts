import { describe, expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { base64, refusal, valuesOf } from './helpers.ts';

const secret = (name: string, body: string) =>
  `apiVersion: v1\nkind: Secret\nmetadata:\n  name: ${name}\n  namespace: spacelift\ntype: Opaque\n${body}`;

/** As the Terraform modules for EKS, Google Cloud and Azure print them. */
const MODULE_OUTPUT = `${secret(
  'spacelift-shared',
  `stringData:
  AWS_ACCOUNT_ID: "012345678901"
  AWS_REGION: "eu-west-1"
  SERVER_DOMAIN: "spacelift.corp.internal"
  DATABASE_URL: "postgres://spacelift:p%23ss@db.internal:5432/spacelift?statement_cache_capacity=0"
  DATABASE_READ_ONLY_URL: ""
  OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: ""
  SPACELIFT_PUBLIC_API: ""

  # The above line must be blank for the templating to work correctly.
`,
)}---
${secret('spacelift-server', 'stringData:\n  ADMIN_USERNAME: "admin"\n  ADMIN_PASSWORD: ""\n')}---
${secret('spacelift-drain', 'stringData:\n  LAUNCHER_IMAGE: "registry.corp.internal/launcher"\n')}`;

describe('a Kubernetes Secret', () => {
  it('is read document by document, each for the service that its name ends in', async () => {
    const source = await parseSource('secrets.yaml', MODULE_OUTPUT);
    expect(source.incomplete).toBe(false);
    expect(source.process).toBe(false);
    expect(valuesOf(source)).toEqual({
      AWS_ACCOUNT_ID: '012345678901',
      AWS_REGION: 'eu-west-1',
      SERVER_DOMAIN: 'spacelift.corp.internal',
      DATABASE_URL: 'postgres://spacelift:p%23ss@db.internal:5432/spacelift?statement_cache_capacity=0',
      DATABASE_READ_ONLY_URL: '',
      OBJECT_STORAGE_BUCKET_USAGE_ANALYTICS: '',
      SPACELIFT_PUBLIC_API: '',
      ADMIN_USERNAME: 'admin',
      ADMIN_PASSWORD: '',
      LAUNCHER_IMAGE: 'registry.corp.internal/launcher',
    });
    const places = source.entries.map(({ name, service, origin }) => `${name} ${service} ${origin}`);
    expect(places).toContain('SERVER_DOMAIN all secrets.yaml (Secret spacelift-shared)');
    expect(places).toContain('ADMIN_USERNAME server secrets.yaml (Secret spacelift-server)');
    expect(places).toContain('LAUNCHER_IMAGE drain secrets.yaml (Secret spacelift-drain)');
  });

  it.each([
    ['spacelift-scheduler', 'scheduler'],
    ['my-server', 'server'],
    ['spacelift-vcs-gateway', 'vcs-gateway'],
    ['vcs-gateway', 'all'],
    ['spacelift', 'all'],
    ['server', 'all'],
    ['spacelift-server-backup', 'all'],
  ])('%s belongs to %s', async (name, service) => {
    const source = await parseSource('x.yaml', secret(name, 'stringData: {SERVER_DOMAIN: a.b}'));
    expect(source.entries.map((entry) => entry.service)).toEqual([service]);
  });

  it('decodes data, and stringData beats it', async () => {
    const text = secret(
      'spacelift-shared',
      `data:\n  SERVER_DOMAIN: ${base64('old.internal')}\n  DATABASE_URL: ${base64('postgres://ü@db/x\n')}\n  ENVIRONMENT:\nstringData:\n  SERVER_DOMAIN: new.internal\n`,
    );
    const source = await parseSource('x.yaml', text);
    expect(source.entries.map(({ name, value }) => [name, value])).toEqual([
      ['SERVER_DOMAIN', 'new.internal'],
      ['DATABASE_URL', 'postgres://ü@db/x\n'],
      ['ENVIRONMENT', ''],
    ]);
  });

  it('takes line breaks in base64, as the API does', async () => {
    const folded = base64('postgres://spacelift@db.internal/spacelift').replace(/(.{20})/g, '$1\n    ');
    const source = await parseSource('x.yaml', secret('a', `data:\n  DATABASE_URL: |\n    ${folded}\n`));
    expect(valuesOf(source)).toEqual({ DATABASE_URL: 'postgres://spacelift@db.internal/spacelift' });
  });

  it.each(['hunter2-hunter2', 'aGVsbG8', 'aGVs bG8=', 'aGVsbG8=x', 'aGVs-_8=', '====', 'a==='])(
    'marks data that is not base64, and does not keep it: %s',
    async (value) => {
      const text = secret('spacelift-shared', `data:\n  DATABASE_URL: "${value}"\n`);
      expect(valuesOf(await parseSource('shared.yaml', text))).toEqual({ DATABASE_URL: 'not-a-string: plaintext' });
    },
  );

  it('refuses bytes in a variable, and passes over them elsewhere', async () => {
    const bytes = Buffer.from([0xff, 0xfe, 0x41]).toString('base64');
    expect(await refusal('x.yaml', secret('a', `data:\n  LICENSE_TOKEN: ${bytes}\n`))).toBe(
      'x.yaml: Secret a: data.LICENSE_TOKEN in line 8 is not text after base64 decoding; if it is the value itself, put it into stringData, or encode it: printf %s "$VALUE" | base64',
    );
    const text = secret('a', `data:\n  keystore.p12: ${bytes}\n  SERVER_DOMAIN: ${base64('a.b')}\n`);
    expect(valuesOf(await parseSource('x.yaml', text))).toEqual({ SERVER_DOMAIN: 'a.b' });
  });

  it('marks what the API would reject, as go-yaml reads it', async () => {
    const source = await parseSource(
      'x.yaml',
      secret(
        'a',
        `stringData:
  AWS_ACCOUNT_ID: 012345678901
  ENVIRONMENT: yes
  SERVER_DOMAIN: 2024-01-01
  MESSAGE_QUEUE_TYPE: ~
  GCP_PROJECT: 0x1F
  LAUNCHER_IMAGE_TAG: 1.20
  OBJECT_STORAGE_MINIO_USE_SSL: True
  DRAIN_SCHEDULER_ENABLED: !!str on
  MESSAGE_PROCESSING_TIMEOUT_SECONDS: !!int "600"
  DD_SERVICE: [a]
  OTEL_SERVICE_NAME: {a: b}
  GATEWAY_HTTP_PORT: 12:30:45
`,
      ),
    );
    expect(valuesOf(source)).toEqual({
      AWS_ACCOUNT_ID: 'not-a-string: number',
      ENVIRONMENT: 'not-a-string: boolean',
      SERVER_DOMAIN: '2024-01-01',
      MESSAGE_QUEUE_TYPE: '',
      GCP_PROJECT: 'not-a-string: number',
      LAUNCHER_IMAGE_TAG: 'not-a-string: number',
      OBJECT_STORAGE_MINIO_USE_SSL: 'not-a-string: boolean',
      DRAIN_SCHEDULER_ENABLED: 'on',
      MESSAGE_PROCESSING_TIMEOUT_SECONDS: 'not-a-string: number',
      DD_SERVICE: 'not-a-string: array',
      OTEL_SERVICE_NAME: 'not-a-string: object',
      GATEWAY_HTTP_PORT: '12:30:45',
    });
  });

  it('refuses data that is no object', async () => {
    expect(await refusal('x.yaml', secret('a', 'stringData: SERVER_DOMAIN=a.b\n'))).toBe(
      'x.yaml: Secret a: stringData is a string, expected an object',
    );
    expect(await refusal('x.yaml', secret('a', 'data: [SERVER_DOMAIN]\n'))).toBe(
      'x.yaml: Secret a: data is an array, expected an object',
    );
  });
});

describe('a ConfigMap', () => {
  it('is read without decoding', async () => {
    const map = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'spacelift' },
      data: { SERVER_DOMAIN: 'aGVs' },
    };
    const source = await parseSource('-', JSON.stringify(map));
    expect(source.entries).toEqual([
      {
        name: 'SERVER_DOMAIN',
        kind: 'known',
        value: 'aGVs',
        service: 'all',
        origin: 'standard input (ConfigMap spacelift)',
        location: { file: 'standard input', kind: 'ConfigMap', name: 'spacelift' },
      },
    ]);
  });
});

describe('lists', () => {
  const item = (name: string, domain: string) => ({ metadata: { name }, data: { SERVER_DOMAIN: base64(domain) } });

  it('are opened, also inside each other', async () => {
    const list = {
      apiVersion: 'v1',
      kind: 'List',
      items: [
        { apiVersion: 'v1', kind: 'Secret', ...item('a-server', 'one') },
        { kind: 'List', items: [{ kind: 'Secret', ...item('b-drain', 'two') }, 'text', null] },
        { kind: 'SecretList', items: [item('c', 'three')] },
        { kind: 'ConfigMapList', items: [{ metadata: { name: 'd' }, data: { SERVER_DOMAIN: 'four' } }] },
      ],
    };
    const source = await parseSource('x.json', JSON.stringify(list));
    expect(source.entries.map(({ value, service }) => [value, service])).toEqual([
      ['one', 'server'],
      ['two', 'drain'],
      ['three', 'all'],
      ['four', 'all'],
    ]);
  });

  it('nested forty thousand deep do no harm', async () => {
    const deep = `${'{"kind":"List","items":['.repeat(40_000)}${']}'.repeat(40_000)}`;
    expect(await refusal('x.json', deep)).toBe(
      'x.json: expected a Kubernetes Secret or ConfigMap; found an empty list; pass them: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
    );
  });

  it('come one after the other from kubectl', async () => {
    const one = JSON.stringify({ kind: 'Secret', ...item('a', 'one') }, null, 2);
    const two = JSON.stringify({ kind: 'Secret', ...item('a-server', 'two') }, null, 2);
    const source = await parseSource('-', `${one}\n${two}\n`);
    expect(source.entries.map(({ value, service }) => [value, service])).toEqual([
      ['one', 'all'],
      ['two', 'server'],
    ]);
  });
});

describe('other objects', () => {
  it('are ignored', async () => {
    const text = `${secret('tls', 'data: {tls.key: "not base64"}').replace('Opaque', 'kubernetes.io/tls')}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: spacelift}
spec: {replicas: 3}
---
apiVersion: example.com/v1
kind: Secret
stringData: {SERVER_DOMAIN: other}
---
${secret('spacelift', 'stringData: {SERVER_DOMAIN: a.b}')}
`;
    expect(valuesOf(await parseSource('all.yaml', text))).toEqual({ SERVER_DOMAIN: 'a.b' });
  });

  it('are named when nothing else is there', async () => {
    const text = ['Deployment', 'Service', 'Deployment'].map((kind) => `apiVersion: v1\nkind: ${kind}\n`).join('---\n');
    const typed = secret('tls', 'data: {}').replace('Opaque', 'kubernetes.io/tls');
    expect(await refusal('all.yaml', `${text}---\n${typed}`)).toBe(
      'all.yaml: expected a Kubernetes Secret or ConfigMap; found Deployment, Service, Secret of type kubernetes.io/tls; pass them: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -',
    );
    const many = Array.from({ length: 300 }, (_, index) => `kind: Kind${index}`).join('\n---\n');
    expect((await refusal('all.yaml', many)).length).toBeLessThan(300);
  });
});

describe('values that the API accepts as strings, as its decoder answered (`npm run test:oracles`)', () => {
  it.each([
    ['1e400', '1e400'],
    ['-1_0e999', '-1_0e999'],
    ['!!set a', 'a'],
    ['!!binary YWJj', 'abc'],
    ['!!timestamp 2024-01-01', '2024-01-01'],
    ['! 3', '3'],
    ['3\n    4', '3 4'],
    ['1:20', '1:20'],
  ])('%j', async (written, value) => {
    const text = `kind: ConfigMap\nmetadata:\n  name: x\ndata:\n  SERVER_DOMAIN: a.b\n  ENVIRONMENT: ${written}\n`;
    expect(valuesOf(await parseSource('x.yaml', text))).toEqual({ SERVER_DOMAIN: 'a.b', ENVIRONMENT: value });
  });

  it('bytes in data that stringData overrides', async () => {
    const secret = {
      kind: 'Secret',
      data: { ENVIRONMENT: 'null' },
      stringData: { ENVIRONMENT: 'a', SERVER_DOMAIN: 'a.b' },
    };
    expect(valuesOf(await parseSource('x.json', JSON.stringify(secret)))).toEqual({
      ENVIRONMENT: 'a',
      SERVER_DOMAIN: 'a.b',
    });
  });
});

it.each([
  ['Secret', 'stringdata', 'stringData'],
  ['Secret', 'string_data', 'stringData'],
  ['Secret', 'Data', 'stringData'],
  ['ConfigMap', 'stringData', 'data'],
])('a %s has no %s', async (kind, field, meant) => {
  const object = { kind, metadata: { name: 's' }, [field]: { SERVER_DOMAIN: 'spacelift.corp.io' } };
  expect(await refusal('x', JSON.stringify(object))).toBe(
    `x: ${kind} s: a ${kind} has no ${field}; put the values into ${meant}`,
  );
});
