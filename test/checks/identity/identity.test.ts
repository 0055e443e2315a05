import { expect, test } from 'vitest';
import { encryption } from '../../../checks/encryption/index.ts';
import { identity } from '../../../checks/identity/index.ts';
import { type AwsFaults, administrator, type FaultRequest } from '../../services/aws/index.ts';
import { start } from '../../services/aws/testing.ts';
import { place, reaching, session } from '../../support/aws.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';
import { startKms } from '../encryption/kms-support.ts';

const BOTH = ['identity/credentials', 'identity/account'];
const UNUSED = 'http://127.0.0.1:9';
/** No profile of whoever runs the tests, no metadata. */
const NOTHING = {
  AWS_SHARED_CREDENTIALS_FILE: '/nonexistent/credentials',
  AWS_CONFIG_FILE: '/nonexistent/config',
};
const UNSET = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined, AWS_SESSION_TOKEN: undefined };

const replyingAsSts = (status: number, code: string): AwsFaults => ({
  statusFor: ({ service }: FaultRequest) => (service === 'sts' ? { status, code } : undefined),
});

async function startSts(changes: Variables = {}) {
  const server = await start();
  const variables: Variables = { ...place(server), LICENSE_TYPE: 'jwt', OBJECT_STORAGE_TYPE: 'aws', ...changes };
  const run = (more: Variables = {}, { environment, ...options }: Options = {}) =>
    preflight(
      [identity],
      { ...variables, ...more },
      {
        environment: { ...reaching(server), ...environment },
        ...options,
      },
    );
  return { server, run };
}

test('names who the credentials are, by user and by role', async () => {
  const { server, run } = await startSts();
  const result = await run();
  expect(result.ids('pass')).toEqual(BOTH);
  expect(result.finding('identity/credentials')).toMatchObject({
    title: 'user/operator in account 123456789012',
    evidence: { account: '123456789012', arn: administrator.arn },
  });
  const drain = session('drain');
  server.users = [drain];
  expect((await run(place(server, drain))).finding('identity/credentials').title).toBe(
    'role/spacelift-drain in account 123456789012',
  );
});

test('applies where AWS is used, and to no worker', async () => {
  const { server, run } = await startSts();
  const none = {
    OBJECT_STORAGE_TYPE: 'minio',
    ENCRYPTION_TYPE: 'rsa',
    MESSAGE_QUEUE_TYPE: 'postgres',
    MQTT_BROKER_TYPE: 'builtin',
  };
  expect((await run(none)).findings).toEqual([]);
  expect((await run({}, { service: 'worker' })).findings).toEqual([]);
  expect(server.requests).toEqual([]);
  for (const one of [
    { LICENSE_TYPE: 'aws' },
    { OBSERVABILITY_VENDOR: 'AWS' },
    { ENCRYPTION_TYPE: 'kms' },
    { OBJECT_STORAGE_TYPE: undefined },
  ]) {
    expect((await run({ ...none, ...one })).ids('pass')).toEqual(BOTH);
  }
});

test('another account, and another partition', async () => {
  const { server, run } = await startSts();
  const account = await run({ AWS_ACCOUNT_ID: '000000000042' });
  expect(account.ids('fail')).toEqual(['identity/account']);
  expect(account.finding('identity/account')).toMatchObject({
    title: 'the credentials belong to account 123456789012, but AWS_ACCOUNT_ID is 000000000042',
    fix: expect.stringContaining('AWS_ACCOUNT_ID=123456789012'),
  });
  const gov = { ...administrator, arn: 'arn:aws-us-gov:iam::123456789012:user/operator' };
  server.users = [gov];
  const partition = await run();
  expect(partition.ids('fail')).toEqual(['identity/account']);
  expect(partition.finding('identity/account').title).toBe(
    'the credentials belong to partition aws-us-gov, but AWS_PARTITION is aws by default',
  );
  expect((await run({ AWS_PARTITION: 'aws-us-gov' })).ids('pass')).toEqual(BOTH);
});

const CREDENTIALS = [
  ['unknown', { AWS_ACCESS_KEY_ID: 'AKIANOBODY' }, 'AWS does not recognize the access key'],
  ['of another secret', { AWS_SECRET_ACCESS_KEY: 'another' }, 'AWS rejected the secret key'],
  ['absent', UNSET, 'no AWS credentials found'],
  ['half there', { AWS_SECRET_ACCESS_KEY: undefined }, 'no AWS credentials found'],
] as const;

test.each(CREDENTIALS)(
  'credentials that are %s are one failure, whoever else meets them',
  async (_, changes, title) => {
    const { run } = await startKms();
    for (const from of ['inside', 'outside'] as const) {
      const result = await run(changes, { from, environment: { ...NOTHING, AWS_EC2_METADATA_DISABLED: 'true' } });
      expect(result.ids('fail')).toEqual(['identity/credentials']);
      expect(result.finding('identity/credentials').title).toBe(title);
      expect(result.ids('pass')).toEqual(['encryption/choice']);
    }
  },
);

test('credentials that have expired', async () => {
  const { server, run } = await startKms();
  server.users = [{ ...administrator, expired: true }];
  const result = await run();
  expect(result.ids('fail')).toEqual(['identity/credentials']);
  expect(result.finding('identity/credentials').title).toBe('the AWS credentials have expired');
});

test.each([-3_600_000, 3_600_000])('a clock that differs by %d ms', async (clockOffsetMs) => {
  const { server, run } = await startKms();
  server.faults = { clockOffsetMs };
  const result = await run();
  expect(result.ids('fail')).toEqual(['identity/credentials']);
  expect(result.finding('identity/credentials')).toMatchObject({
    title: 'the clocks of this machine and AWS differ by 60 min',
    detail: `This machine’s clock is ${clockOffsetMs > 0 ? 'behind' : 'ahead'}.`,
  });
});

test('STS out of reach is no failure while the other services work', async () => {
  const { run } = await startKms();
  for (const from of ['inside', 'outside'] as const) {
    const result = await run({}, { from, environment: { AWS_ENDPOINT_URL_STS: UNUSED } });
    expect(result.ids('fail')).toEqual([]);
    expect(result.ids('warn')).toEqual([]);
    expect(result.ids('skip')).toEqual(BOTH);
    expect(result.ids('pass')).toHaveLength(4);
    expect(result.finding('identity/credentials')).toMatchObject({
      title: 'STS at 127.0.0.1:9 can’t be reached',
      evidence: { observed: 'refused' },
    });
  }
});

test('STS out of reach, and credentials that don’t work: one failure, of the first that meets them', async () => {
  const { run } = await startKms();
  const result = await run({ AWS_ACCESS_KEY_ID: 'AKIANOBODY' }, { environment: { AWS_ENDPOINT_URL_STS: UNUSED } });
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
  expect(result.finding('encryption/kms/encryption-key').title).toBe('AWS does not recognize the access key');
});

test('what an organization denies, and an STS that fails, are skips too', async () => {
  const { server, run } = await startSts();
  for (const [status, code] of [
    [403, 'AccessDenied'],
    [503, 'ServiceUnavailable'],
  ] as const) {
    server.faults = replyingAsSts(status, code);
    const result = await run();
    expect(result.ids('skip')).toEqual(BOTH);
    expect(result.finding('identity/credentials').title).toContain('did not return the identity of the credentials');
  }
});

test('an STS that swallows packets does not hold up the run for long', async () => {
  const { server, run } = await startSts();
  server.faults = { hangFor: ({ service }) => service === 'sts' };
  const result = await run();
  expect(result.ids('skip')).toEqual(BOTH);
  expect(server.requests.filter(({ service }) => service === 'sts')).toHaveLength(1);
});

test('without credentials here, a license that Spacelift checks out itself is no reason to fail', async () => {
  const { run } = await startSts({
    LICENSE_TYPE: 'aws',
    OBJECT_STORAGE_TYPE: 'minio',
    ENCRYPTION_TYPE: 'rsa',
    MESSAGE_QUEUE_TYPE: 'postgres',
    MQTT_BROKER_TYPE: 'builtin',
  });
  const environment = { ...NOTHING, AWS_EC2_METADATA_DISABLED: 'true' };
  const result = await run(UNSET, { environment });
  expect(result.ids('fail')).toEqual([]);
  expect(result.ids('skip')).toEqual(BOTH);
  expect(result.finding('identity/credentials').title).toContain('no credentials were found here');
  // Those that are there must be right.
  expect((await run({ AWS_ACCESS_KEY_ID: 'AKIANOBODY' }, { environment })).ids('fail')).toEqual([
    'identity/credentials',
  ]);
});

test('an account id that is not usable is judged where it was found', async () => {
  const { run } = await startSts();
  const result = await run({ AWS_ACCOUNT_ID: '42' });
  expect(result.ids('pass')).toEqual(['identity/credentials']);
  expect(result.finding('identity/account')).toMatchObject({
    status: 'fail',
    title: expect.stringContaining('AWS_ACCOUNT_ID'),
  });
});

test('one rule alone asks STS all the same', async () => {
  const { server, run } = await startSts();
  expect((await run({}, { only: ['identity/account'] })).ids('pass')).toEqual(['identity/account']);
  expect(server.requests).toHaveLength(1);
  const result = await run({ AWS_ACCESS_KEY_ID: 'AKIANOBODY' }, { only: ['identity/account'] });
  expect(result.ids('fail')).toEqual(['identity/account']);
});

test('the same of encryption alone', async () => {
  const { variables, server } = await startKms();
  const result = await preflight(
    [encryption],
    { ...variables, AWS_ACCESS_KEY_ID: 'AKIANOBODY' },
    {
      environment: reaching(server),
    },
  );
  expect(result.ids('fail')).toEqual(['encryption/kms/encryption-key']);
});
