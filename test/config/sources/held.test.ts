/** Configs in secret stores, workloads, Compose files and units. */
import { describe, expect, it } from 'vitest';
import { parseSource, readSources } from '../../../src/config/sources/index.ts';
import { base64, valuesOf } from './helpers.ts';

describe('workloads', () => {
  const OBJECTS = `apiVersion: v1
kind: Secret
metadata: {name: db, namespace: spacelift}
stringData: {url: "postgres://a:b@h/d", SERVER_DOMAIN: from.secret}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: config, namespace: spacelift}
data: {REGION: eu-west-1, SERVER_DOMAIN: from.map}
---
apiVersion: v1
kind: Secret
metadata: {name: other-app, namespace: spacelift}
stringData: {DATABASE_URL: "postgres://other:b@h/d"}
---
`;
  const deployment = (container: string, kind = 'Deployment') =>
    `${OBJECTS}apiVersion: apps/v1\nkind: ${kind}\nmetadata: {name: main, namespace: spacelift}\nspec: {template: {spec: {containers: [${container}]}}}\n`;

  it.each<[string, string, Record<string, string>]>([
    [
      'later envFrom beats earlier',
      'envFrom: [{secretRef: {name: db}}, {configMapRef: {name: config}}]',
      { SERVER_DOMAIN: 'from.map', REGION: 'eu-west-1', url: 'postgres://a:b@h/d' },
    ],
    [
      'env beats envFrom',
      'envFrom: [{configMapRef: {name: config}}], env: [{name: SERVER_DOMAIN, value: own}]',
      { SERVER_DOMAIN: 'own', REGION: 'eu-west-1' },
    ],
    [
      'a prefix is put in front',
      'envFrom: [{configMapRef: {name: config}, prefix: AWS_}], env: [{name: SERVER_DOMAIN, value: own}]',
      { AWS_REGION: 'eu-west-1', AWS_SERVER_DOMAIN: 'from.map', SERVER_DOMAIN: 'own' },
    ],
    [
      'keys have other names',
      'env: [{name: DATABASE_URL, valueFrom: {secretKeyRef: {name: db, key: url}}}, {name: AWS_REGION, valueFrom: {configMapKeyRef: {name: config, key: REGION}}}]',
      { DATABASE_URL: 'postgres://a:b@h/d', AWS_REGION: 'eu-west-1' },
    ],
    [
      'variables refer to others',
      'env: [{name: SERVER_DOMAIN, value: a.b}, {name: WEBHOOKS_ENDPOINT, value: "https://$(SERVER_DOMAIN)/$(NONE)/$$(SERVER_DOMAIN)"}]',
      { SERVER_DOMAIN: 'a.b', WEBHOOKS_ENDPOINT: 'https://a.b/$(NONE)/$(SERVER_DOMAIN)' },
    ],
    [
      'optional references can be missing',
      'envFrom: [{secretRef: {name: none, optional: true}}], env: [{name: SERVER_DOMAIN, value: a.b}, {name: ENVIRONMENT, valueFrom: {secretKeyRef: {name: none, key: x, optional: true}}}]',
      { SERVER_DOMAIN: 'a.b' },
    ],
    [
      'what is elsewhere is not known here',
      'env: [{name: SERVER_DOMAIN, value: a.b}, {name: LICENSE_TOKEN, valueFrom: {secretKeyRef: {name: none, key: x}}}, {name: DD_AGENT_HOST, valueFrom: {fieldRef: {fieldPath: status.hostIP}}}]',
      { SERVER_DOMAIN: 'a.b', LICENSE_TOKEN: 'secret: ', DD_AGENT_HOST: 'secret: ' },
    ],
  ])('%s', async (_, container, expected) => {
    const text = deployment(`{name: app, command: [spacelift, backend, server], ${container}}`);
    const source = await parseSource('x.yaml', text);
    expect(valuesOf(source)).toEqual(expected);
    expect(new Set(source.entries.map(({ service }) => service))).toEqual(new Set(['server']));
  });

  it('a Secret that is not in the input can set anything', async () => {
    const text = deployment(
      '{name: server, envFrom: [{secretRef: {name: none}}], env: [{name: SERVER_DOMAIN, value: a.b}]}',
    );
    expect(await parseSource('x.yaml', text)).toMatchObject({ incomplete: true, unseen: 'cluster' });
  });

  it('other programs in the same input are ignored', async () => {
    const text = deployment('{name: web, envFrom: [{configMapRef: {name: config}, prefix: X_}]}');
    expect(valuesOf(await parseSource('x.yaml', text))).toMatchObject({ DATABASE_URL: 'postgres://other:b@h/d' });
  });
});

it('Secrets with a type do not count, however large', async () => {
  const release = 'H4sIAAAA'.repeat(80_000);
  const helm = (index: number) =>
    `- apiVersion: v1\n  data:\n    release: ${release}\n  kind: Secret\n  metadata:\n    name: sh.helm.release.v1.app.v${index}\n    namespace: spacelift\n  type: helm.sh/release.v1\n`;
  const own = `- apiVersion: v1\n  data:\n    SERVER_DOMAIN: ${base64('a.b')}\n  kind: Secret\n  metadata:\n    name: spacelift-shared\n    namespace: spacelift\n  type: Opaque\n`;
  const count = Array.from({ length: 16 }, (_, index) => index);
  const yaml = `apiVersion: v1\nitems:\n${count.map(helm).join('')}${own}kind: List\n`;
  const json = JSON.stringify({
    apiVersion: 'v1',
    kind: 'List',
    items: [
      ...count.map((index) => ({
        kind: 'Secret',
        metadata: { name: `r${index}` },
        type: 'helm.sh/release.v1',
        data: { release },
      })),
      {
        apiVersion: 'v1',
        kind: 'Secret',
        metadata: { name: 'spacelift-shared' },
        data: { SERVER_DOMAIN: base64('a.b') },
      },
    ],
  });
  for (const text of [yaml, json]) {
    expect(text.length).toBeGreaterThan(8 * 1024 * 1024);
    const stdin = (async function* () {
      yield Buffer.from(text);
    })();
    expect((await readSources(['-'], { stdin, env: {} })).map(valuesOf)).toEqual([{ SERVER_DOMAIN: 'a.b' }]);
  }
});

it('variables of the shell and files are not known here, in Compose', async () => {
  const source = await parseSource(
    'x.yaml',
    'x-env: &env {SERVER_DOMAIN: a.b, DRAIN_CONCURRENCY_IOT: 5}\nservices:\n  server:\n    image: x\n    env_file: [.env]\n    environment:\n      <<: *env\n      DATABASE_URL: ${DATABASE_URL}\n      ADMIN_USERNAME: a$$b\n      ADMIN_PASSWORD:\n  db: {image: postgres}\n',
  );
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'a.b',
    DRAIN_CONCURRENCY_IOT: '5',
    DATABASE_URL: 'secret: ',
    ADMIN_USERNAME: 'a$b',
    ADMIN_PASSWORD: 'secret: ',
  });
  expect(source).toMatchObject({ incomplete: true, unseen: 'envFile' });
  expect(source.entries[0]).toMatchObject({ service: 'server', origin: 'x.yaml (service server)' });
});

it('a unit has quotes, escapes and specifiers', async () => {
  const source = await parseSource(
    'x.service',
    '[Unit]\nDescription=x\n[Service]\nEnvironment="SERVER_DOMAIN=a.b" \'ENVIRONMENT=a "b"\' \\\n  ADMIN_PASSWORD=a%%20b\n; Environment=AWS_REGION=x\nEnvironment=ADMIN_USERNAME=%H\nEnvironmentFile=-/etc/x\nExecStart=/usr/bin/spacelift backend drain\n',
  );
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'a.b',
    ENVIRONMENT: 'a "b"',
    ADMIN_PASSWORD: 'a%20b',
    ADMIN_USERNAME: 'secret: ',
  });
  expect(source).toMatchObject({ incomplete: true, unseen: 'unit' });
  expect(source.entries[0]?.service).toBe('drain');
});

it.each([
  ['one container', '{"name":"server","image":"x","environment":[{"name":"SERVER_DOMAIN","value":"a.b"}]}', 'server'],
  ['a container without a name', '{"environment":[{"name":"SERVER_DOMAIN","value":"a.b"}]}', 'all'],
  ['docker inspect', '[{"Id":"1","Config":{"Env":["SERVER_DOMAIN=a.b"]}}]', 'all'],
  ['Parameter Store', '{"Parameters":[{"Name":"/spacelift/SERVER_DOMAIN","Value":"a.b"}]}', 'all'],
  ['Azure Key Vault', '{"id":"https://x.vault.azure.net/secrets/c/1","value":"SERVER_DOMAIN=a.b\\n"}', 'all'],
  ['Infisical', '[{"key":"SERVER_DOMAIN","value":"a.b","type":"shared"}]', 'all'],
  ['values of a chart', 'image: x\nweb:\n  env: {SERVER_DOMAIN: a.b}\n', 'all'],
])('%s', async (_, text, service) => {
  const { entries } = await parseSource('x', text);
  expect(entries.map((entry) => [entry.name, entry.value, entry.service])).toEqual([['SERVER_DOMAIN', 'a.b', service]]);
});

it('a secret of the platform is set, but not known here', async () => {
  const env = [
    { name: 'SERVER_DOMAIN', value: 'a.b' },
    { name: 'DATABASE_URL', secretRef: 'db' },
  ];
  const app = { name: 'app', properties: { template: { containers: [{ name: 'drain', env }] } } };
  const group = {
    containers: [{ name: 'drain', environmentVariables: [env[0], { name: 'DATABASE_URL', value: null }] }],
  };
  for (const one of [app, group]) {
    const source = await parseSource('x', JSON.stringify(one));
    expect(valuesOf(source)).toEqual({ SERVER_DOMAIN: 'a.b', DATABASE_URL: 'secret: ' });
    expect(source.entries.map(({ service }) => service)).toEqual(['drain', 'drain']);
  }
});
