import { expect, it } from 'vitest';
import { parseSource } from '../../../src/config/sources/index.ts';
import { refusal, valuesOf } from './helpers.ts';

const EXPECTED = 'expected a Kubernetes Secret or ConfigMap, an ECS task definition, a dotenv file or a flat map';

it('keeps unquoted YAML values as they were written', async () => {
  const text = `
SERVER_DOMAIN: spacelift.corp.internal
AWS_ACCOUNT_ID: 012345678901
OBJECT_STORAGE_MINIO_USE_SSL: true
MESSAGE_PROCESSING_TIMEOUT_SECONDS: 1_000
LAUNCHER_IMAGE_TAG: 1.20
ENVIRONMENT: no
DATABASE_READ_ONLY_URL:
GCP_PROJECT: null
ENCRYPTION_RSA_PRIVATE_KEY: |
  MIIJ
  ==
`;
  const source = await parseSource('values.yaml', text);
  expect(valuesOf(source)).toEqual({
    SERVER_DOMAIN: 'spacelift.corp.internal',
    AWS_ACCOUNT_ID: '012345678901',
    OBJECT_STORAGE_MINIO_USE_SSL: 'true',
    MESSAGE_PROCESSING_TIMEOUT_SECONDS: '1_000',
    LAUNCHER_IMAGE_TAG: '1.20',
    ENVIRONMENT: 'no',
    DATABASE_READ_ONLY_URL: '',
    GCP_PROJECT: '',
    ENCRYPTION_RSA_PRIVATE_KEY: 'MIIJ\n==\n',
  });
  expect(source.entries[0]).toMatchObject({ service: 'all', origin: 'values.yaml' });
});

it('reads JSON', async () => {
  const text =
    '\n {"SERVER_DOMAIN":"a.b","DRAIN_SCHEDULER_ENABLED":false,"AWS_ACCOUNT_ID":123456789012,"ENVIRONMENT":null}';
  expect(valuesOf(await parseSource('x.json', text))).toEqual({
    SERVER_DOMAIN: 'a.b',
    DRAIN_SCHEDULER_ENABLED: 'false',
    AWS_ACCOUNT_ID: '123456789012',
    ENVIRONMENT: '',
  });
});

it('refuses what is nested, by name', async () => {
  expect(await refusal('values.yaml', 'replicas: 3\nimage:\n  tag: v1\n')).toBe(
    `values.yaml: ${EXPECTED}; found a map in which image is an object`,
  );
  expect(await refusal('x.json', '{"SERVER_DOMAIN":["a.b"]}')).toBe(
    `x.json: ${EXPECTED}; found a map in which SERVER_DOMAIN is an array`,
  );
});

it('tells the output of `tofu output -json` in YAML apart', async () => {
  expect(await refusal('-', 'kubernetes_secrets: {sensitive: true, type: string, value: "apiVersion: v1"}')).toBe(
    `standard input: ${EXPECTED}; found a map in which kubernetes_secrets is an object (a Terraform output: tofu output -raw kubernetes_secrets prints its value)`,
  );
});

it.each([
  ['hello world', 'plain text'],
  ['-----BEGIN RSA PRIVATE KEY-----\nMIIJ\n-----END RSA PRIVATE KEY-----', 'plain text'],
  ['- a\n- b', 'an array'],
  ['42', 'a number'],
])('refuses %j', async (text, found) => {
  expect(await refusal('x', text)).toBe(
    `x: ${EXPECTED}; found ${found}; pass the config: kubectl get secrets,configmaps -o yaml | spacelift-preflight -f -`,
  );
});

it('takes a key such as __proto__ for what it is', async () => {
  for (const text of ['{"__proto__":"x","SERVER_DOMAIN":"a.b"}', '__proto__: x\nSERVER_DOMAIN: a.b']) {
    const source = await parseSource('x', text);
    expect(source.entries.map(({ name, value }) => [name, value])).toEqual([
      ['__proto__', 'x'],
      ['SERVER_DOMAIN', 'a.b'],
    ]);
  }
});
