/** One KMS key may encrypt buckets, queues and Spacelift's own data: what is wrong with it is one failure. */
import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { encryption } from '../../checks/encryption/index.ts';
import { messageQueues } from '../../checks/message-queues/index.ts';
import { objectStorage } from '../../checks/object-storage/index.ts';
import { BUCKETS, QUEUES } from '../../src/config/contract.ts';
import type { KmsKey } from '../services/aws/index.ts';
import { type Eks, startEks } from '../support/eks.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight } from '../support/preflight.ts';
import { useDatabases } from './message-queues/databases.ts';
import { arnOf } from './message-queues/sqs-world.ts';
import { real } from './object-storage/storage.ts';

const CHECKS = [objectStorage, encryption, messageQueues];
const ENCRYPTION_KEY = 'encryption/kms/encryption-key';
const bucketIds = Object.keys(BUCKETS).map((bucket) => `object-storage/${bucket}/access`);
const queueIds = Object.keys(QUEUES).map((queue) => `message-queues/${queue}/access`);
const databases = useDatabases();
let eks: Eks;

beforeAll(async () => {
  eks = await startEks(`https://${ONPREM.SERVER_DOMAIN}`);
  return () => eks.close();
});

/** The keys that encrypt at rest, by bucket and by queue. S3 says of a disabled one which it is, and so does SQS. */
function encrypt({ bucket, queue }: { bucket?: (name: string) => KmsKey; queue?: (name: string) => KmsKey }): void {
  const ofBucket = new Map(Object.keys(BUCKETS).map((name) => [real(name), bucket?.(name)]));
  eks.s3.faults = {
    statusFor: ({ action, bucket: name = '' }) => {
      const key = ofBucket.get(name);
      if (key?.state !== 'Disabled' || !['PutObject', 'GetObject'].includes(action)) return undefined;
      return { status: 400, code: 'KMS.DisabledException', message: `${key.arn} is disabled.` };
    },
  };
  for (const name of Object.keys(QUEUES)) {
    const held = eks.aws.queues.byArn(arnOf(name));
    if (held !== undefined) held.attributes.KmsMasterKeyId = queue?.(name).arn ?? '';
  }
}

function disabled(key: KmsKey): KmsKey {
  key.state = 'Disabled';
  onTestFinished(() => {
    key.state = 'Enabled';
  });
  return key;
}

function check(changes: Readonly<Record<string, string>> = {}) {
  const { accessKeyId, secretAccessKey } = eks.users.operator;
  const choices = { MESSAGE_QUEUE_TYPE: 'sqs', ENCRYPTION_TYPE: 'kms', DATABASE_URL: databases.empty };
  return preflight(
    CHECKS,
    { ...ONPREM, ...choices, ...eks.variables, ...eks.buckets, ...changes },
    {
      environment: {
        ...eks.environment,
        AWS_ACCESS_KEY_ID: accessKeyId,
        AWS_SECRET_ACCESS_KEY: secretAccessKey,
      },
    },
  );
}

test('one disabled key of buckets, queues and encryption is one failure that names all three', async () => {
  const key = disabled(eks.keys.encryption);
  encrypt({ bucket: () => key, queue: () => key });
  const result = await check();
  expect(result.ids('fail')).toEqual([bucketIds[0]]);
  const failure = result.finding(bucketIds[0] ?? '');
  expect(failure).toMatchObject({
    title: `the KMS key ${key.arn} is disabled`,
    expected: 'an enabled key',
    fix: `aws kms enable-key --key-id ${key.arn} --region ${key.region}`,
    affected: [...bucketIds, ENCRYPTION_KEY, ...queueIds],
  });
  for (const id of [ENCRYPTION_KEY, ...queueIds]) {
    expect(result.finding(id)).toMatchObject({ status: 'skip', dependsOn: failure.id });
  }
});

test('the same, when encryption names the key by its alias', async () => {
  const key = disabled(eks.keys.encryption);
  eks.aws.keys.alias('spacelift', key);
  encrypt({ queue: () => key });
  const result = await check({ ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'alias/spacelift' });
  expect(result.ids('fail')).toEqual([ENCRYPTION_KEY]);
  expect(result.finding(ENCRYPTION_KEY)).toMatchObject({
    title: `the KMS key ${key.arn} is disabled`,
    affected: [ENCRYPTION_KEY, ...queueIds],
  });
});

test('two disabled keys are two failures', async () => {
  const [one, other] = [disabled(eks.keys.encryption), disabled(eks.aws.keys.create())];
  encrypt({ bucket: (name) => (name === 'states' ? other : one), queue: () => other });
  const result = await check();
  expect(result.ids('fail')).toEqual([bucketIds[0], 'object-storage/states/access']);
  expect(result.finding(bucketIds[0] ?? '')).toMatchObject({
    title: `the KMS key ${one.arn} is disabled`,
    affected: [...bucketIds.filter((id) => id !== 'object-storage/states/access'), ENCRYPTION_KEY],
  });
  expect(result.finding('object-storage/states/access')).toMatchObject({
    title: `the KMS key ${other.arn} is disabled`,
    affected: ['object-storage/states/access', ...queueIds],
  });
});

test('a disabled key that only one place uses is named there', async () => {
  const key = disabled(eks.aws.keys.create());
  encrypt({ bucket: (name) => (name === 'states' ? key : eks.keys.encryption) });
  const result = await check();
  expect(result.ids('fail')).toEqual(['object-storage/states/access']);
  expect(result.finding('object-storage/states/access')).toMatchObject({
    title: `the key that encrypts ${real('states')} can’t be used: KMS.DisabledException`,
    fix: `aws kms enable-key --key-id ${key.arn} --region ${key.region}`,
    evidence: { bucket: real('states'), key: key.arn },
  });
});
