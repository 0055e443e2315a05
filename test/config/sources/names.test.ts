/** A secret that slipped into the place of a name is not repeated. */
import { describe, expect, it } from 'vitest';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { named, reference } from '../../../src/config/sources/quote.ts';
import { refusal } from './helpers.ts';

const SECRETS = [
  'AKIAIOSFODNN7EXAMPLE',
  'ghp_16C7e42F292c6912E7710c838347Ae178B4a',
  'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  'eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl',
  'hunter2-Hunter2!',
  'me:hunter2@host',
  'Hunter2.hunter2/hunter2+',
];
const OK = { SERVER_DOMAIN: 'spacelift.corp.io' };

const PLACES: Readonly<Record<string, (secret: string) => unknown>> = {
  kind: (secret) => ({ apiVersion: 'v1', kind: secret, metadata: { name: 'a' }, data: {} }),
  'the kind of a list': (secret) => ({ kind: `${secret}List`, items: [{ metadata: {} }] }),
  apiVersion: (secret) => ({ apiVersion: secret, kind: 'Secret', metadata: { name: 'a' }, stringData: OK }),
  'type of a Secret': (secret) => ({ kind: 'Secret', type: secret, metadata: { name: 'a' }, stringData: OK }),
  'name of a Secret': (secret) => ({ kind: 'Secret', metadata: { name: secret }, data: 'x' }),
  'name of what is sealed': (secret) => ({ kind: 'SealedSecret', metadata: { name: secret, namespace: secret } }),
  'data key': (secret) => ({ kind: 'Secret', metadata: { name: 'a' }, data: { [secret]: '!' } }),
  'key of a map': (secret) => ({ ...OK, [secret]: { a: 1 } }),
  'key of an output': (secret) => ({ ...OK, [secret]: { sensitive: true, value: {} } }),
  'name of a container': (secret) => [{ name: secret, image: 'x' }],
  'name of a container of Spacelift’s': (secret) => [
    { name: secret, image: 'x', command: ['spacelift', 'backend', 'server'], environment: 'x' },
  ],
};

describe.each(Object.entries(PLACES))('%s', (_, place) => {
  it.each(SECRETS)('%s', async (secret) => {
    const message = await refusal('x.json', JSON.stringify(place(secret)));
    expect(message).not.toContain(secret);
    expect(message).not.toMatch(/hunter2|AKIA|ghp_|eyJ|wJalr/i);
  });
});

it.each(SECRETS)('%s as the name of a Secret that is read', async (secret) => {
  const text = JSON.stringify({ kind: 'Secret', metadata: { name: secret }, stringData: OK });
  const { entries } = await parseSource('x.json', text);
  expect(entries.map(({ origin }) => origin)).toEqual(['x.json (Secret (not a name))']);
});

it.each(SECRETS)('%s where ECS has the ARN of a secret', async (secret) => {
  const text = JSON.stringify([
    { name: 'server', image: 'x', environment: [], secrets: [{ name: 'DATABASE_URL', valueFrom: secret }] },
  ]);
  const deployment = makeDeployment([await parseSource('task.json', text)], { environment: {} });
  expect(JSON.stringify(deployment.lookup('DATABASE_URL'))).not.toContain(secret);
});

it.each([
  ['kind', 'Deployment'],
  ['kind', 'CustomResourceDefinition'],
  ['version', 'v1'],
  ['version', 'apps/v1'],
  ['version', 'external-secrets.io/v1beta1'],
  ['secret type', 'kubernetes.io/service-account-token'],
  ['secret type', 'helm.sh/release.v1'],
  ['object', 'spacelift-shared'],
  ['object', 'spacelift-shared-7d9f8b6c5d'],
  ['container', 'datadog-agent'],
  ['container', 'SpaceliftServer_1'],
  ['variable', 'DATABASE_URL'],
  ['variable', 'OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES'],
  ['key', 'kubernetes_secrets'],
  ['key', 'podAnnotations'],
  ['key', 'tls.crt'],
] as const)('a %s may be called %s', (grammar, name) => {
  expect(named(name, grammar)).toBe(name);
});

it.each([
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:spacelift/db-AbCdEf',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:spacelift-6f1c2a34b5d64e7f8091a2b3c4d5e6f7-AbCdEf:DATABASE_URL::',
  'arn:aws-us-gov:ssm:us-gov-west-1:123456789012:parameter/spacelift/database-url',
  '/spacelift/database-url',
  'spacelift.database-url',
])('%s is where ECS keeps a value', (valueFrom) => {
  expect(reference(valueFrom)).toBe(valueFrom);
});
