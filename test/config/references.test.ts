/** References to secret stores in place of values: one finding per variable, and no secret in it. */
import { describe, expect, test } from 'vitest';
import { configuration } from '../../checks/configuration/index.ts';
import { pairing } from '../../checks/pairing/index.ts';
import { makeDeployment } from '../../src/config/deployment.ts';
import { judgeReference, storeBehind } from '../../src/config/references.ts';
import { parseSource } from '../../src/config/sources/index.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, source } from '../support/preflight.ts';

const REFERENCES = [
  'vault:secret/data/spacelift#DATABASE_URL',
  '>>vault:database/creds/spacelift#password',
  'vault://secret/spacelift#url',
  '${vault:secret/data/spacelift#password}',
  'op://Production/Spacelift DB/url',
  'ref+vault://secret/spacelift#/database_url',
  'ref+awssecrets://spacelift/db',
  'secretref+doppler://spacelift/prd/DATABASE_URL',
  '<path:secret/data/spacelift#database_url>',
  '${aws:secretsmanager:spacelift/db}',
  '${ssm:/spacelift/database-url}',
  '${sm://spacelift-db}',
  'arn:aws:secretsmanager:eu-west-1:123456789012:secret:spacelift/db-AbCdEf',
  'arn:aws-us-gov:secretsmanager:us-gov-west-1:123456789012:secret:spacelift-AbCdEf:DATABASE_URL::',
  'arn:aws:ssm:eu-west-1:123456789012:parameter/spacelift/db',
  'projects/123456789012/secrets/spacelift-db/versions/latest',
  'gcp:secretmanager:projects/my-project/secrets/spacelift-db/versions/3',
  'projects/p/locations/europe-west1/secrets/spacelift-db/versions/1',
  'sm://my-project/spacelift-db',
  'https://spacelift.vault.azure.net/secrets/database-url/0123456789abcdef',
  '@Microsoft.KeyVault(SecretUri=https://spacelift.vault.azure.net/secrets/database-url/)',
  '@Microsoft.KeyVault(VaultName=spacelift;SecretName=database-url)',
  'azurekeyvault://spacelift/database-url',
  '{{resolve:secretsmanager:spacelift/db:SecretString:url}}',
  '{{resolve:ssm-secure:/spacelift/db:1}}',
  `AgB${'x'.repeat(720)}==`,
  'infisical://spacelift/prod/DATABASE_URL',
  'doppler://spacelift/prd/DATABASE_URL',
  'keeper://3FMUlGTQPrdMPRhUPWhmTQ/field/password',
  'awssm://spacelift/db',
  'aws:secretsmanager:spacelift/db',
  'akeyless:/spacelift/db',
  '!var spacelift/database/url',
  `encrypted:${'Ab+/'.repeat(40)}=`,
  ' vault:secret/data/spacelift#DATABASE_URL\n',
];

test.each(REFERENCES)('%s refers to a store', (value) => {
  expect(storeBehind(value)).toBeTypeOf('string');
});

test.each([
  'postgres://spacelift:vault@db.corp.io/spacelift',
  'postgres://spacelift:op%3A%2F%2Fx@db.corp.io/spacelift',
  'postgres://spacelift:a${b:c}d@db.corp.io/spacelift',
  'vault:1984',
  'vault.corp.io:443',
  'vault:hunter2',
  'ref+hunter2',
  '${DB_PASSWORD}',
  '${DB_PASSWORD:-postgres}',
  '{{ .Values.password }}',
  'https://vault.azure.net.corp.io/secrets/x',
  'https://spacelift.blob.core.windows.net',
  'arn:aws:kms:eu-west-1:123456789012:key/0d2f0b4c-1111-2222-3333-444455556666',
  'arn:aws:iam::123456789012:role/spacelift',
  'alias/projects/x',
  'AgBhunter2',
  'op://',
  '',
])('%s is a value', (value) => {
  expect(storeBehind(value)).toBeUndefined();
});

const CHECKS = [configuration, pairing];
const found = async (sources: Parameters<typeof preflight>[1]) =>
  (await preflight(CHECKS, sources)).findings
    .filter(
      ({ status, rule }) =>
        status === 'fail' || status === 'warn' || (status === 'skip' && rule === 'configuration/reference'),
    )
    .map(({ rule, status, evidence }) => `${status} ${rule} ${evidence.variable ?? ''}`);

describe.each(REFERENCES)('%s', (reference) => {
  const variables = { ...ONPREM, DATABASE_URL: reference, OBJECT_STORAGE_MINIO_ENDPOINT: reference };
  const yaml = JSON.stringify({ kind: 'Secret', metadata: { name: 'x' }, stringData: variables });

  test('in a file: set, but not known here', async () => {
    const sources = [await parseSource('shared.yaml', yaml)];
    expect(await found(sources)).toEqual([
      'skip configuration/reference DATABASE_URL',
      'skip configuration/reference OBJECT_STORAGE_MINIO_ENDPOINT',
    ]);
    const deployment = makeDeployment(sources, { environment: {} });
    expect(deployment.lookup('DATABASE_URL')).toMatchObject({ state: 'unknown' });
    expect(JSON.stringify([deployment.configuration, deployment.lookup('DATABASE_URL')])).not.toContain(
      JSON.stringify(reference.trim()).slice(1, -1),
    );
  });

  test('in the environment of a process: not resolved', async () => {
    expect(await found([source(variables, 'all', { process: true })])).toEqual([
      'fail configuration/reference DATABASE_URL',
      'fail configuration/reference OBJECT_STORAGE_MINIO_ENDPOINT',
    ]);
  });
});

test('a value in another file takes precedence over a reference, in any order', async () => {
  const files = [
    await parseSource('shared.json', JSON.stringify({ ...ONPREM, DATABASE_URL: 'op://Production/Spacelift/url' })),
    await parseSource('.env', `DATABASE_URL=${ONPREM.DATABASE_URL}`),
  ];
  for (const sources of [files, files.toReversed()]) {
    expect(makeDeployment(sources, { environment: {} }).lookup('DATABASE_URL')).toMatchObject({ state: 'set' });
  }
});

test('what the agents of Datadog resolve is a value', async () => {
  expect(await found([await parseSource('x.json', JSON.stringify({ ...ONPREM, DD_API_KEY: 'op://a/b/c' }))])).toEqual(
    [],
  );
});

const ARN = 'arn:aws:secretsmanager:eu-west-1:012345678901:secret:spacelift/db-AbCdEf';

test.each<[string, string | undefined]>([
  [ARN, undefined],
  [`${ARN}:DATABASE_URL::`, undefined],
  [`${ARN}:DATABASE_URL:AWSCURRENT:`, undefined],
  [`${ARN}:::`, undefined],
  [`${ARN}:DATABASE_URL`, `${ARN}:DATABASE_URL::`],
  [`${ARN}:DATABASE_URL:`, `${ARN}:DATABASE_URL::`],
  ['arn:aws:ssm:eu-west-1:012345678901:parameter/spacelift/db', undefined],
  ['/spacelift/db', undefined],
])('valueFrom %s is read by ECS, or says how it is complete', (value, complete) => {
  const entry = { name: 'DATABASE_URL', kind: 'secret', value, service: 'server', origin: 'task.json' } as const;
  const outcome = judgeReference(entry)?.outcome;
  expect(outcome === undefined ? undefined : 'expected' in outcome && outcome.expected).toBe(complete);
});
