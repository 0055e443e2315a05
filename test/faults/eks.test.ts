/** An installation as the vendor's EKS module makes it: KMS, S3, SQS and IoT Core, on healthy servers. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { CHECKS } from '../../checks/index.ts';
import type { Service } from '../../src/options.ts';
import { roleOf as iotRole, startIot } from '../checks/mqtt-broker/iotcore-world.ts';
import { role as s3Role } from '../checks/object-storage/aws-storage.ts';
import { real, startStorage } from '../checks/object-storage/storage.ts';
import { type AwsUser, administrator } from '../services/aws/index.ts';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { KMS_GRANTS } from '../support/aws.ts';
import { expectNoLeak } from '../support/leaks.ts';
import { preflight, type Variables } from '../support/preflight.ts';

const REGION = 'eu-central-1';
const ORIGIN = 'https://spacelift.corp.internal';

let postgres: PostgresServer;
let databaseUrl: string;
beforeAll(async () => {
  postgres = await startPostgres({ version: 16 });
  databaseUrl = await postgres.createDatabase({
    name: 'spacelift',
    owner: 'spacelift',
    password: 'a-long-db-password',
    roleOptions: 'CREATEROLE',
  });
});
afterAll(() => postgres.stop());

async function startEks() {
  const world = await startIot(databaseUrl);
  const { aws } = world;
  const keys = {
    encryption: aws.keys.create(),
    signing: aws.keys.create({ usage: 'SIGN_VERIFY', spec: 'RSA_4096' }),
  };
  const user = (service: Service): AwsUser => {
    const base = iotRole(service);
    const kms = (['encryption', 'signing'] as const).map((key) => ({
      Effect: 'Allow' as const,
      Action: KMS_GRANTS[key],
      Resource: keys[key].arn,
    }));
    const storage = service === 'scheduler' ? [] : [s3Role(service).Statement].flat();
    const granted = [base.policy?.Statement ?? []].flat();
    return { ...base, policy: { Version: '2012-10-17', Statement: [...granted, ...kms, ...storage] } };
  };
  const users = { operator: administrator, server: user('server'), drain: user('drain'), scheduler: user('scheduler') };
  aws.users = Object.values(users);
  const { store, variables: buckets } = await startStorage({ flavour: 'aws', region: REGION, users: aws.users });
  store.bucket(real('uploads')).cors = [{ AllowedOrigins: [ORIGIN], AllowedMethods: ['PUT', 'POST'] }];

  const onAws = ([name]: [string, unknown]) => !/MINIO|RSA|_TYPE$/.test(name);
  const variables: Variables = {
    ...Object.fromEntries(Object.entries(buckets).filter(onAws)),
    ...Object.fromEntries(Object.entries(world.variables).filter(onAws)),
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: store.url,
    ENCRYPTION_KMS_ENCRYPTION_KEY_ID: keys.encryption.arn,
    ENCRYPTION_KMS_SIGNING_KEY_ID: keys.signing.arn,
    MESSAGE_QUEUE_TYPE: 'sqs',
    MQTT_BROKER_TYPE: 'iotcore',
    LICENSE_TOKEN: '',
  };
  const check = (who: keyof typeof users) =>
    preflight(CHECKS, variables, {
      ...(who !== 'operator' && { service: who }),
      environment: {
        AWS_ENDPOINT_URL: aws.url,
        AWS_ENDPOINT_URL_S3: store.url,
        AWS_ACCESS_KEY_ID: users[who].accessKeyId,
        AWS_SECRET_ACCESS_KEY: users[who].secretAccessKey,
      },
    });
  return { aws, store, variables, check, close: () => store.close() };
}

describe('a healthy installation on EKS passes without a warning', () => {
  test.each(['operator', 'server', 'drain', 'scheduler'] as const)('as %s', async (who) => {
    const eks = await startEks();
    try {
      const [queues, objects] = [eks.aws.snapshot(), eks.store.snapshot()];
      const result = await eks.check(who);
      expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [] });
      expectNoLeak(eks.variables, result.run, result.deployment);
      expect(eks.aws.snapshot()).toEqual(queues);
      if (who === 'operator') {
        expect(eks.store.snapshot()).toEqual(objects);
        // What Spacelift checks itself, and what is not there yet.
        expect(result.ids('skip').filter((id) => !/^(network|licence)\//.test(id))).toEqual([]);
      }
    } finally {
      await eks.close();
    }
  });
});

test('all of AWS at 50 ms per request takes hardly longer than its longest check', { retry: 3 }, async () => {
  const eks = await startEks();
  try {
    await eks.check('operator');
    eks.aws.faults = { delayMs: 50 };
    eks.store.faults = { delayMs: 50 };
    const { run } = await eks.check('operator');
    const longest = Math.max(...run.checks.map(({ durationMs }) => durationMs));
    expect(run.durationMs).toBeLessThan(1.3 * longest);
  } finally {
    await eks.close();
  }
});
