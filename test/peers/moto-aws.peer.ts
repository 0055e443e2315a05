import { DisableTopicRuleCommand, EnableTopicRuleCommand } from '@aws-sdk/client-iot';
import { SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Service } from '../../src/config/options.ts';
import { arnOf } from '../checks/message-queues/sqs-world.ts';
import { allow, roleOf } from '../checks/mqtt-broker/iotcore-world.ts';
import { KMS_GRANTS } from '../support/aws.ts';
import type { Options, Variables } from '../support/preflight.ts';
import { type Moto, startMoto } from './moto.ts';
import { LAX, makeParts, type Parts, SIGNING } from './moto-aws.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

let world: World;
beforeAll(async () => {
  world = await startWorld();
});
afterAll(() => world?.stop());

const check = ({ moto, parts }: { moto: Moto; parts: Parts }, changed: Variables = {}, options: Options = {}) =>
  world.check(
    { ...moto.variables, ...parts.variables, ...changed },
    { environment: moto.environment, skip: LAX, ...options },
  );

describe('moto’s KMS, SQS and IoT Core, where everything is allowed', () => {
  let moto: Moto;
  let parts: Parts;
  beforeAll(async () => {
    moto = await startMoto();
    parts = await makeParts(moto);
  });
  afterAll(async () => {
    parts?.close();
    await moto?.stop();
  });

  test('healthy, as an operator', async () => {
    const result = await check({ moto, parts });
    expect(judged(result)).toEqual(HEALTHY);
    for (const id of [
      'identity/account',
      'encryption/kms/encryption-key',
      'message-queues/async-fifo/access',
      'message-queues/dlq/access',
      'mqtt-broker/iotcore/publish',
      'mqtt-broker/iotcore/topic-rule',
    ]) {
      expect(result.finding(id)).toMatchObject({ status: 'pass' });
    }
  });

  test('keys by alias, queues by name', async () => {
    const variables = {
      ENCRYPTION_KMS_ENCRYPTION_KEY_ID: 'alias/spacelift-encryption',
      ENCRYPTION_KMS_SIGNING_KEY_ID: 'alias/spacelift-signing',
      MESSAGE_QUEUE_SQS_ASYNC_URL: 'spacelift-async',
      MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: 'spacelift-async.fifo',
    };
    expect(judged(await check({ moto, parts }, variables))).toEqual(HEALTHY);
  });

  test('a signature that does not verify is told: moto hashes a digest once more', async () => {
    const result = await check({ moto, parts }, {}, { skip: LAX.filter((id) => id !== SIGNING) });
    expect(judged(result)).toEqual({ fail: [SIGNING], warn: [] });
    expect(result.finding(SIGNING).title).toContain('does not verify with the public key');
  });

  const key = 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID';
  test.each<[name: string, changed: (parts: Parts) => Variables, fail: string, warn?: string]>([
    ['another account', () => ({ AWS_ACCOUNT_ID: '210987654321' }), 'identity/account'],
    ['a key that is not there', () => ({ [key]: 'alias/spacelift-nowhere' }), 'encryption/kms/encryption-key'],
    ['one key for both', ({ keys }) => ({ [key]: keys.signing }), 'encryption/kms/distinct'],
    ['one key for both, by its alias', () => ({ [key]: 'alias/spacelift-signing' }), 'encryption/kms/distinct'],
    [
      'a queue that is not there',
      () => ({ MESSAGE_QUEUE_SQS_WEBHOOKS_URL: 'spacelift-nowhere' }),
      'message-queues/webhooks/exists',
    ],
  ])('%s', async (_, changed, fail) => {
    expect(judged(await check({ moto, parts }, changed(parts)))).toEqual({ fail: [fail], warn: [] });
  });

  test('a FIFO queue where a standard one must be', async () => {
    const { MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL } = parts.variables;
    const result = await check({ moto, parts }, { MESSAGE_QUEUE_SQS_ASYNC_URL: MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL });
    expect(result.ids('fail')).toEqual(['message-queues/async/kind']);
  });

  const settings = async (Attributes: Record<string, string>) => {
    const QueueUrl = parts.variables.MESSAGE_QUEUE_SQS_WEBHOOKS_URL;
    await parts.sqs.send(new SetQueueAttributesCommand({ QueueUrl, Attributes }));
  };
  const redrive = (maxReceiveCount: number) => ({
    RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf('dlq'), maxReceiveCount }),
  });
  const rule = { ruleName: 'spacelift' };
  test.each<
    [name: string, breaks: () => Promise<unknown>, mends: () => Promise<unknown>, fail: string[], warn: string[]]
  >([
    [
      'a visibility timeout',
      () => settings({ VisibilityTimeout: '30' }),
      () => settings({ VisibilityTimeout: '600' }),
      [],
      ['message-queues/webhooks/settings'],
    ],
    [
      'a receive count',
      () => settings(redrive(9)),
      () => settings(redrive(3)),
      [],
      ['message-queues/webhooks/settings'],
    ],
    [
      'a topic rule that is disabled',
      () => parts.iot.send(new DisableTopicRuleCommand(rule)),
      () => parts.iot.send(new EnableTopicRuleCommand(rule)),
      ['mqtt-broker/iotcore/topic-rule'],
      [],
    ],
  ])('%s', async (_, breaks, mends, fail, warn) => {
    await breaks();
    expect(judged(await check({ moto, parts }))).toEqual({ fail, warn });
    await mends();
    expect(judged(await check({ moto, parts }))).toEqual(HEALTHY);
  });
});

describe('where IAM policies hold', () => {
  let moto: Moto;
  let parts: Parts;
  const users: Record<string, Variables> = {};
  beforeAll(async () => {
    moto = await startMoto();
    parts = await makeParts(moto);
    // moto knows of no single key or topic when it looks whether an action is allowed, and has another name for one.
    const everywhere = (actions: readonly string[], without?: string) =>
      allow(actions.filter((action) => action !== without));
    const policy = (service: Service, without?: string) => ({
      Version: '2012-10-17',
      Statement: [
        ...[roleOf(service).policy?.Statement ?? []].flat(),
        everywhere(KMS_GRANTS.encryption),
        everywhere(KMS_GRANTS.signing, without),
        ...(service === 'scheduler' ? [] : [everywhere(['iotdata:Publish'])]),
      ],
    });
    for (const service of ['server', 'drain', 'scheduler'] as const) {
      users[service] = await moto.user(service, policy(service));
    }
    users.unsigning = await moto.user('unsigning', policy('drain', 'kms:Sign'));
    await moto.enforce();
  });
  afterAll(async () => {
    parts?.close();
    await moto?.stop();
  });

  test.each(['server', 'drain', 'scheduler'] as const)('the vendor’s policies for the %s', async (service) => {
    const result = await check({ moto, parts }, users[service], { service });
    expect(judged(result)).toEqual(HEALTHY);
    expect(result.finding('encryption/kms/encryption-key').status).toBe('pass');
  });

  test('without kms:Sign: one failure that names it', async () => {
    const skip = LAX.filter((id) => id !== SIGNING);
    const result = await check({ moto, parts }, users.unsigning, { service: 'drain', skip });
    expect(judged(result)).toEqual({ fail: [SIGNING], warn: [] });
    expect(result.finding(SIGNING).title).toContain('kms:Sign');
    expect(result.finding(SIGNING).fix).toContain(parts.keys.signing);
  });

  test.each([
    ['a wrong secret', { AWS_SECRET_ACCESS_KEY: 'not-the-secret' }],
    ['an unknown key', { AWS_ACCESS_KEY_ID: 'AKIANOBODYNOBODYNOBO' }],
  ])('%s is one failure for all of AWS', async (_, variables) => {
    const result = await check({ moto, parts }, variables);
    expect(judged(result)).toEqual({ fail: ['identity/credentials'], warn: [] });
  });
});
