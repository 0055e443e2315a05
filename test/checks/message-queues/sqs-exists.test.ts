/** Queues of SQS that are not there, or not where the config says, and how many failures that is. */
import { describe, expect, test } from 'vitest';
import { identity } from '../../../checks/identity/index.ts';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { QUEUES } from '../../../src/config/contract.ts';
import { ALL, ids, judged, nameOf, role, urlOf, useWorlds, type World } from './sqs-world.ts';

const start = useWorlds();

describe('exists', () => {
  test('a missing queue is one failure, and the rest of it is skipped', async () => {
    const world = await start();
    world.aws.queues.delete(world.queue('webhooks'));
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['webhooks/exists'], warn: [] });
    expect(result.ids('skip')).toEqual(ids(['webhooks'], 'kind', 'settings', 'access'));
    expect(result.finding('message-queues/webhooks/exists')).toMatchObject({
      title: 'queue spacelift-webhooks does not exist in eu-central-1, account 123456789012',
      fix: expect.stringContaining(
        `# correct MESSAGE_QUEUE_SQS_WEBHOOKS_URL, or create the queue\naws sqs create-queue --region eu-central-1 --queue-name spacelift-webhooks --attributes '{"VisibilityTimeout":"600","RedrivePolicy":`,
      ),
    });
    expect(result.finding('message-queues/webhooks/access').dependsOn).toBe('message-queues/webhooks/exists');
  });

  test('a missing queue whose name is of the wrong kind besides is one failure', async () => {
    const world = await start();
    const result = await world.check({ variables: { MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: 'spacelift-async-fifo' } });
    expect(judged(result)).toEqual({ fail: ['async-fifo/exists'], warn: [] });
    expect(result.finding('message-queues/async-fifo/exists').fix).toBe(
      'set MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL to a FIFO queue, whose name ends in .fifo',
    );
  });

  test('a missing dead-letter queue is one failure, and those that redrive to it point to it', async () => {
    const world = await start();
    world.aws.queues.delete(world.queue('dlq'));
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['dlq/exists'], warn: [] });
    expect(result.finding('message-queues/async/kind')).toMatchObject({
      status: 'skip',
      dependsOn: 'message-queues/dlq/exists',
    });
    expect(result.finding('message-queues/async/access').status).toBe('pass');
  });

  test.each([
    (name: string) => `https://sqs.us-east-1.amazonaws.com/123456789012/${name}`,
    (name: string) => `https://us-east-1.queue.amazonaws.com/123456789012/${name}`,
    (name: string) => `https://queue.amazonaws.com/123456789012/${name}`,
    (name: string) => `https://vpce-0a1b-2c3d.sqs.us-east-1.vpce.amazonaws.com/123456789012/${name}`,
    (name: string) => `https://sqs-fips.us-east-1.amazonaws.com/123456789012/${name}`,
  ])('URLs of another region are one failure that names the eight (%#)', async (of) => {
    const world = await start();
    const variables = Object.fromEntries(ALL.map((queue) => [QUEUES[queue], of(nameOf(queue))]));
    const result = await world.check({ variables });
    expect(judged(result)).toEqual({ fail: ['async/exists'], warn: [] });
    expect(result.finding('message-queues/async/exists')).toMatchObject({
      title: 'AWS_REGION is eu-central-1, but the config names resources in us-east-1',
      affected: ids(ALL, 'exists'),
    });
    expect(world.asked()).toEqual([]);
  });

  test('one URL of another region', async () => {
    const world = await start();
    const variables = { MESSAGE_QUEUE_SQS_IOT_URL: urlOf(world, 'iot').replace('eu-central-1', 'eu-west-1') };
    const result = await world.check({ variables });
    expect(judged(result)).toEqual({ fail: ['iot/exists'], warn: [] });
    expect(result.finding('message-queues/iot/exists').title).toBe(
      'spacelift-iot is in eu-west-1, but AWS_REGION is eu-central-1',
    );
  });

  test.each(['there', 'missing'])('a queue of another account (%s)', async (how) => {
    const world = await start();
    if (how === 'there') world.aws.queues.create('spacelift-iot', { account: '999999999999' });
    const variables = { MESSAGE_QUEUE_SQS_IOT_URL: urlOf(world, 'iot').replace('123456789012', '999999999999') };
    const result = await world.check({ variables });
    expect(judged(result)).toEqual({ fail: ['iot/exists'], warn: [] });
    expect(result.finding('message-queues/iot/exists')).toMatchObject({
      title: expect.stringContaining('account 999999999999'),
      fix: 'correct the account in MESSAGE_QUEUE_SQS_IOT_URL',
    });
  });

  test('a queue of another account that lets these credentials in is no finding', async () => {
    const world = await start();
    const theirs = world.aws.queues.create('theirs', {
      account: '999999999999',
      attributes: { ...world.queue('iot').attributes },
    });
    const Statement = [{ Effect: 'Allow', Principal: { AWS: '123456789012' }, Action: 'sqs:*', Resource: theirs.arn }];
    theirs.attributes.Policy = JSON.stringify({ Statement });
    const result = await world.check({ variables: { MESSAGE_QUEUE_SQS_IOT_URL: theirs.url } });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
  });

  test('credentials of another account: the failure of the identity check', async () => {
    const world = await start();
    const stranger = { ...role('stranger', []), arn: 'arn:aws:iam::999999999999:user/stranger' };
    const result = await world.check({ as: stranger, service: 'drain', checks: [identity, messageQueues] });
    expect(result.ids('fail')).toEqual(['identity/account']);
    const { policy: _, ...powerful } = stranger;
    expect((await world.check({ as: powerful, checks: [identity, messageQueues] })).ids('fail')).toEqual([
      'identity/account',
    ]);
  });
});

describe('one cause, one failure', () => {
  const one = async (world: World, options: Parameters<World['check']>[0] = {}) => {
    const result = await world.check(options);
    expect(judged(result)).toEqual({ fail: ['async/exists'], warn: [] });
    const finding = result.finding('message-queues/async/exists');
    expect(finding).toMatchObject({ expected: expect.any(String), fix: expect.any(String) });
    expect(finding.affected).toEqual(expect.arrayContaining(ids(['async', 'webhooks'], 'exists')));
    return finding.title;
  };

  test('credentials', async () => {
    const world = await start();
    expect(await one(world, { environment: { AWS_ACCESS_KEY_ID: 'AKIANOBODY' } })).toBe(
      'AWS does not recognize the access key',
    );
    expect(await one(world, { environment: { AWS_SECRET_ACCESS_KEY: 'another-secret' } })).toBe(
      'AWS rejected the secret key',
    );
    world.aws.faults = { clockOffsetMs: 20 * 60_000 };
    expect(await one(world)).toBe('the clocks of this machine and AWS differ by 20 min');
  });

  test.each([undefined, 'server'] as const)('no way to SQS (%s)', async (service) => {
    const world = await start();
    const options = service === undefined ? {} : { service };
    expect(await one(world, { ...options, environment: { AWS_ENDPOINT_URL: 'http://127.0.0.1:1' } })).toBe(
      '127.0.0.1:1 refused the connection',
    );
    world.aws.faults = { resetFor: () => true };
    expect(await one(world, options)).toBe(`${world.aws.endpoint} closed the connection`);
  });

  test('something else answers', async () => {
    const world = await start();
    world.aws.faults = { statusFor: () => ({ status: 500, code: 'InternalError' }) };
    expect(await one(world)).toBe('SQS failed (HTTP 500)');
  });

  test('a service that throttles is not verified, and no finding', async () => {
    const world = await start();
    world.aws.faults = { statusFor: () => ({ status: 400, code: 'ThrottlingException' }) };
    expect(judged(await world.check())).toEqual({ fail: [], warn: [] });
  });
});
