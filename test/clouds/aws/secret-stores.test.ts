import { describe, expect, test } from 'vitest';
import { configuration } from '../../../checks/configuration/index.ts';
import { identity } from '../../../checks/identity/index.ts';
import { readSecrets } from '../../../src/clouds/aws/secret-stores.ts';
import { makeDeployment } from '../../../src/config/deployment.ts';
import { DEFAULTS } from '../../../src/config/options.ts';
import { redactor } from '../../../src/config/redact.ts';
import { keptBehind } from '../../../src/config/resolve-secrets.ts';
import { parseSource } from '../../../src/config/sources/index.ts';
import { type AwsServer, type AwsUser, administrator } from '../../services/aws/index.ts';
import { start } from '../../services/aws/testing.ts';
import { reaching, session } from '../../support/aws.ts';
import { preflight } from '../../support/preflight.ts';

const DATABASE_URL = 'postgres://spacelift:correct-horse-battery@db.corp.internal/spacelift';
const SECRET = 'arn:aws:secretsmanager:eu-central-1:123456789012:secret:';

/** The caller's own environment: the task has a role instead. */
const callerOf = (server: AwsServer, user: AwsUser = administrator) => ({
  ...reaching(server),
  AWS_ACCESS_KEY_ID: user.accessKeyId,
  AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
  ...(user.sessionToken !== undefined && { AWS_SESSION_TOKEN: user.sessionToken }),
});

const container = (secrets: Record<string, string>, environment: Record<string, string> = {}, name = 'server') => ({
  name,
  image: 'spacelift',
  environment: Object.entries({
    SERVER_DOMAIN: 'spacelift.corp.internal',
    AWS_REGION: 'eu-central-1',
    AWS_ACCOUNT_ID: '123456789012',
    ...environment,
  }).map(([key, value]) => ({ name: key, value })),
  secrets: Object.entries(secrets).map(([key, valueFrom]) => ({ name: key, valueFrom })),
});

async function read(
  containers: readonly object[],
  environment: Record<string, string>,
  { more = [], timeoutMs = 10_000 }: { more?: readonly string[]; timeoutMs?: number } = {},
) {
  const texts = [JSON.stringify({ containerDefinitions: containers }), ...more];
  const sources = await Promise.all(texts.map((text, index) => parseSource(`${index}.json`, text)));
  const unread = makeDeployment(sources, { environment });
  const resolved = await readSecrets(sources, unread, { ...DEFAULTS, timeoutMs });
  const deployment = makeDeployment(resolved, { environment });
  const result = await preflight([configuration], resolved, { environment });
  return { resolved, deployment, lookup: deployment.lookup, result };
}

/** The finding that names a variable. */
function findingOf({ result }: Awaited<ReturnType<typeof read>>, variable: string) {
  return result.findings.find(({ evidence }) => evidence.variable === variable);
}

test('reads whole secrets, members of JSON, versions, and parameters by name and ARN', async () => {
  const server = await start();
  const whole = server.secrets.put('spacelift/db', DATABASE_URL);
  const document = server.secrets.put(
    'spacelift/all',
    JSON.stringify({ password: 'administrator', port: 5432, debug: true }),
  );
  const token = server.parameters.put('/spacelift/token', 'a-long-license-token');
  server.parameters.put('plain', 'prod-of-us', { type: 'String' });
  const { lookup, deployment, result } = await read(
    [
      container({
        DATABASE_URL: whole.arn,
        ADMIN_PASSWORD: `${document.arn}:password::`,
        SAML_KEY: `${document.arn}:port::`,
        SLACK_APP_CLIENT_SECRET: `${document.arn}:debug:AWSCURRENT:${document.versionId}`,
        LICENSE_TOKEN: token.arn,
        SLACK_SECRET: '/spacelift/token',
        OTEL_EXPORTER_OTLP_HEADERS: 'plain',
        // Not marked as secret in the contract, so not read with the caller's credentials.
        ADMIN_USERNAME: `${document.arn}:password::`,
      }),
    ],
    callerOf(server),
  );
  const value = (name: Parameters<typeof lookup>[0]) => {
    const found = lookup(name);
    return 'value' in found ? found.value : found.state;
  };
  expect(value('DATABASE_URL')).toBe(DATABASE_URL);
  expect(value('ADMIN_PASSWORD')).toBe('administrator');
  expect(value('SAML_KEY')).toBe('5432');
  expect(value('SLACK_APP_CLIENT_SECRET')).toBe('true');
  expect(value('ADMIN_USERNAME')).toBe('unknown');
  expect(value('LICENSE_TOKEN')).toBe('a-long-license-token');
  expect(value('OTEL_EXPORTER_OTLP_HEADERS')).toBe('prod-of-us');
  expect(lookup('DATABASE_URL')).toMatchObject({ origin: `${whole.arn}, in 0.json (container server)` });
  expect(result.findings.filter(({ title }) => title.includes('not known here'))).toEqual([]);
  // One request per secret and version, whatever is read of it; one per name of a parameter.
  expect(server.requests.map(({ service }) => service).toSorted()).toEqual([
    'secretsmanager',
    'secretsmanager',
    'secretsmanager',
    'ssm',
    'ssm',
    'ssm',
  ]);
  const redact = redactor(deployment.secrets);
  expect(redact('administrator correct-horse-battery a-long-license-token')).toBe('‹redacted› ‹redacted› ‹redacted›');
});

test('a region is the secret’s own', async () => {
  const server = await start({ otherRegions: ['eu-west-1'] });
  const secret = server.secrets.put('db', DATABASE_URL, { region: 'eu-west-1' });
  const { lookup } = await read([container({ DATABASE_URL: secret.arn })], callerOf(server));
  expect(lookup('DATABASE_URL')).toMatchObject({ value: DATABASE_URL });
  expect(server.requests.map(({ region }) => region)).toEqual(['eu-west-1']);
});

test('what is known, what nobody looks at, and what several containers share is not asked for twice, or at all', async () => {
  const server = await start();
  const secret = server.secrets.put('db', DATABASE_URL);
  const { lookup } = await read(
    [
      container({ DATABASE_URL: secret.arn, SAML_KEY: secret.arn, SOMEONE_ELSES: secret.arn }),
      container({ DATABASE_URL: secret.arn }, {}, 'drain'),
    ],
    callerOf(server),
    { more: ['{"SAML_KEY": "a-key-from-a-file"}'] },
  );
  expect(lookup('SAML_KEY')).toMatchObject({ value: 'a-key-from-a-file' });
  expect(server.requests).toHaveLength(1);
});

describe('what ECS could not read either is a failure that names variable and secret', () => {
  const failing = async (valueFrom: (server: AwsServer) => string) => {
    const server = await start();
    const found = await read([container({ DATABASE_URL: valueFrom(server) })], callerOf(server));
    const finding = findingOf(found, 'DATABASE_URL');
    expect(finding).toMatchObject({ rule: 'configuration/required', status: 'fail' });
    expect(found.lookup('DATABASE_URL').state).toBe('unusable');
    expect(found.result.findings.filter(({ evidence }) => evidence.variable === 'DATABASE_URL')).toHaveLength(1);
    return { title: finding?.title, fix: finding?.fix, evidence: finding?.evidence, detail: finding?.detail };
  };

  test('a secret that is not there', async () => {
    expect(await failing(() => `${SECRET}nothing-AbCdEf`)).toMatchObject({
      title: 'DATABASE_URL is stored in a secret that does not exist',
      fix: 'set valueFrom to one of: aws secretsmanager list-secrets --region eu-central-1',
      evidence: { valueFrom: `${SECRET}nothing-AbCdEf` },
      detail: expect.stringContaining('0.json (container server)'),
    });
  });
  test('a version that is not there', async () => {
    const { title } = await failing((server) => `${server.secrets.put('db', 'x').arn}::AWSPENDING:`);
    expect(title).toBe('DATABASE_URL is stored in a secret that does not exist in version AWSPENDING');
  });
  test('a parameter that is not there', async () => {
    expect(await failing(() => '/nothing')).toMatchObject({
      title: 'DATABASE_URL is stored in a parameter that does not exist',
      fix: expect.stringContaining('--name /nothing'),
    });
  });
  test('a secret that is scheduled for deletion', async () => {
    const { title, fix } = await failing((server) => server.secrets.put('db', 'x', { deleted: true }).arn);
    expect(title).toBe('DATABASE_URL is stored in a secret that is scheduled for deletion');
    expect(fix).toContain('aws secretsmanager restore-secret --secret-id arn:');
  });
  test('a member of what is not JSON, that is not there, or that is no text', async () => {
    const put = (text: string) => (server: AwsServer) => `${server.secrets.put('db', text).arn}:url::`;
    expect((await failing(put(DATABASE_URL))).title).toContain('under the key url of a secret that is not JSON');
    expect((await failing(put('{"URL":"x"}'))).title).toContain('under the key url, which the secret does not contain');
    expect((await failing(put('{"url":{"a":1}}'))).title).toContain('under the key url, which does not contain text');
  });
  test('an ARN of something else', async () => {
    expect((await failing(() => 'arn:aws:s3:::bucket/file.env')).title).toContain('ECS can’t read a value from');
  });
});

describe('what these credentials can’t read stays unknown, with the reason', () => {
  const skipping = async (found: Awaited<ReturnType<typeof read>>) => {
    const finding = findingOf(found, 'DATABASE_URL');
    expect(finding).toMatchObject({ rule: 'configuration/required', status: 'skip' });
    expect(found.lookup('DATABASE_URL')).toMatchObject({ state: 'unknown', fix: { text: finding?.fix } });
    return { title: finding?.title, fix: finding?.fix };
  };

  test('denied: the action, the secret and the statement', async () => {
    const server = await start();
    const secret = server.secrets.put('db', DATABASE_URL);
    const user = session('operator', { Action: ['ssm:GetParameters'], Resource: '*' });
    server.users = [user];
    expect(await skipping(await read([container({ DATABASE_URL: secret.arn })], callerOf(server, user)))).toEqual({
      title: `DATABASE_URL is not known here: the credentials lack secretsmanager:GetSecretValue on ${secret.arn}`,
      fix: `add this statement to the IAM policy of role/spacelift-operator:\n{"Effect":"Allow","Action":"secretsmanager:GetSecretValue","Resource":"${secret.arn}"}`,
    });
  });

  test('the key is denied', async () => {
    const server = await start();
    const key = server.keys.create();
    const secret = server.secrets.put('db', DATABASE_URL, { keyId: key.arn });
    server.parameters.put('/db', DATABASE_URL, { keyId: key.arn });
    const user = session('operator', { Action: ['ssm:*', 'secretsmanager:*'], Resource: '*' });
    server.users = [user];
    for (const from of [secret.arn, '/db']) {
      const { title } = await skipping(await read([container({ DATABASE_URL: from })], callerOf(server, user)));
      expect(title).toMatch(/the credentials lack kms:Decrypt on the key of the (secret|parameter)/);
    }
  });

  test('the credentials, or the way there', async () => {
    const server = await start();
    const secret = server.secrets.put('db', DATABASE_URL);
    const task = [container({ DATABASE_URL: secret.arn })];
    const unknown = await read(task, { ...callerOf(server), AWS_ACCESS_KEY_ID: 'AKIANOBODY' });
    expect((await skipping(unknown)).title).toContain('AWS does not recognize the access key');
    const nowhere = await read(task, { ...callerOf(server), AWS_ENDPOINT_URL_SECRETS_MANAGER: 'http://127.0.0.1:9' });
    expect((await skipping(nowhere)).title).toContain('127.0.0.1:9 refused the connection');
    server.faults = { statusFor: () => ({ status: 400, code: 'DecryptionFailure' }) };
    expect((await skipping(await read(task, callerOf(server)))).title).toContain(
      'refused the request: DecryptionFailure',
    );
  });

  test('another account does not have the names of this one', async () => {
    const server = await start();
    const stranger = { ...administrator, arn: 'arn:aws:iam::999999999999:user/stranger' };
    server.users = [stranger];
    const { title } = await skipping(await read([container({ DATABASE_URL: '/db' })], callerOf(server, stranger)));
    expect(title).toBe('DATABASE_URL is not known here: the credentials belong to account 999999999999');
  });

  test('too slow', async () => {
    const server = await start({ faults: { hangFor: () => true } });
    const found = await read([container({ DATABASE_URL: '/db' })], callerOf(server), { timeoutMs: 300 });
    expect((await skipping(found)).title).toBe('DATABASE_URL is not known here: reading it timed out');
  });
});

test('AWS keys that are kept behind a secret are unknown, not missing', async () => {
  const server = await start();
  const task = container(
    { AWS_SECRET_ACCESS_KEY: '/secret-key' },
    { AWS_ACCESS_KEY_ID: administrator.accessKeyId, OBJECT_STORAGE_TYPE: 'aws' },
  );
  const environment = {
    ...reaching(server),
    AWS_EC2_METADATA_DISABLED: 'true',
    AWS_SHARED_CREDENTIALS_FILE: '/nonexistent',
    AWS_CONFIG_FILE: '/nonexistent',
  };
  const source = await parseSource('task.json', JSON.stringify([task]));
  const result = await preflight([identity], [source], { environment });
  expect(result.ids('fail')).toEqual([]);
  expect(result.finding('identity/credentials')).toMatchObject({
    status: 'skip',
    title: 'AWS_SECRET_ACCESS_KEY is set, but its value is not known here',
  });
});

test('what stands in a valueFrom', () => {
  expect(keptBehind('name')).toEqual({ store: 'parameter', region: undefined, id: 'name' });
  const arn = 'arn:aws:ssm:eu-west-1:123456789012:parameter/a/b';
  expect(keptBehind(arn)).toEqual({ store: 'parameter', region: 'eu-west-1', id: arn });
  const secret = { store: 'secret', region: 'eu-central-1', account: '123456789012', id: `${SECRET}a-1` };
  const none = { key: undefined, stage: undefined, version: undefined };
  expect(keptBehind(`${SECRET}a-1`)).toEqual({ ...secret, ...none });
  expect(keptBehind(`${SECRET}a-1:k:s:v`)).toEqual({ ...secret, key: 'k', stage: 's', version: 'v' });
  expect(keptBehind('arn:aws:sqs:eu-west-1:123456789012:queue')).toBeUndefined();
});
