/** Queues of SQS that are not the kind that Spacelift needs. */
import { describe, expect, test } from 'vitest';
import type { Queue } from '../../../src/config/contract.ts';
import { type ALL, arnOf, ids, judged, nameOf, roleOf, urlOf, useWorlds, type World } from './sqs-world.ts';

const start = useWorlds();

describe('kind', () => {
  test('two variables that are swapped are one failure', async () => {
    const world = await start();
    const variables = {
      MESSAGE_QUEUE_SQS_ASYNC_URL: urlOf(world, 'async-fifo'),
      MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: urlOf(world, 'async'),
    };
    const result = await world.check({ variables });
    expect(judged(result)).toEqual({ fail: ['async/kind'], warn: [] });
    expect(result.finding('message-queues/async/kind')).toMatchObject({
      title: 'MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL and MESSAGE_QUEUE_SQS_ASYNC_URL are swapped',
      fix: 'swap the values of MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL and MESSAGE_QUEUE_SQS_ASYNC_URL',
    });
  });

  test('swapped dead-letter queues do not show elsewhere', async () => {
    const world = await start();
    const variables = {
      MESSAGE_QUEUE_SQS_DLQ_URL: urlOf(world, 'dlq-fifo'),
      MESSAGE_QUEUE_SQS_DLQ_FIFO_URL: urlOf(world, 'dlq'),
    };
    expect(judged(await world.check({ variables }))).toEqual({ fail: ['dlq/kind'], warn: [] });
  });

  test.each([undefined, 'server', 'drain'] as const)('a standard queue where it must be FIFO (%s)', async (service) => {
    const world = await start();
    const other = world.aws.queues.create('other');
    const result = await world.check({
      variables: { MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: other.url },
      ...(service !== undefined && { service }),
    });
    expect(judged(result)).toEqual({ fail: ['async-fifo/kind'], warn: [] });
    expect(result.finding('message-queues/async-fifo/kind').title).toBe(
      'other is a standard queue, but MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL must name a FIFO queue',
    );
    expect(world.aws.requests.filter(({ action, target }) => action === 'SendMessage' && target === other.url)).toEqual(
      [],
    );
  });

  const redrive = (
    world: World,
    queue: (typeof ALL)[number],
    deadLetterTargetArn: string,
    maxReceiveCount: number | string = 3,
  ) => {
    world.queue(queue).attributes.RedrivePolicy = JSON.stringify({ deadLetterTargetArn, maxReceiveCount });
  };

  test('dead letters that go to the wrong kind of queue', async () => {
    const world = await start();
    redrive(world, 'events-inbox', arnOf('dlq-fifo'));
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['events-inbox/kind'], warn: [] });
    expect(result.finding('message-queues/events-inbox/kind')).toMatchObject({
      title:
        'spacelift-events-inbox is a standard queue, but its dead letters go to spacelift-dlq.fifo, which is a FIFO queue',
      fix: expect.stringContaining(arnOf('dlq')),
    });
  });

  test('dead letters that go nowhere: one failure for all whom it hits', async () => {
    const world = await start();
    redrive(world, 'async', arnOf('gone'));
    redrive(world, 'iot', arnOf('gone'));
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['async/kind'], warn: [] });
    expect(result.finding('message-queues/async/kind')).toMatchObject({
      title: 'dead letters go to spacelift-gone, which does not exist',
      affected: ids(['async', 'iot'], 'kind'),
    });
  });

  test('dead letters that go to another queue than the config’s', async () => {
    const world = await start();
    world.aws.queues.create('spacelift-other');
    redrive(world, 'iot', arnOf('other'));
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: [], warn: ['iot/settings'] });
    expect(result.finding('message-queues/iot/settings')).toMatchObject({
      title: 'spacelift-iot differs from the recommended settings: dead letters go to spacelift-other',
      fix: expect.stringContaining(
        '{\\"deadLetterTargetArn\\":\\"arn:aws:sqs:eu-central-1:123456789012:spacelift-dlq\\"',
      ),
    });
    // Whose role may not look at that other queue.
    const drain = await world.check({ as: roleOf('drain'), service: 'drain' });
    expect(judged(drain)).toEqual({ fail: [], warn: ['iot/settings'] });
    expect(drain.finding('message-queues/iot/kind').fix).toBe(`allow sqs:GetQueueAttributes on ${arnOf('other')}`);
  });

  test.each<[string, Queue, (world: World) => unknown, string]>([
    [
      'a max receive count',
      'async',
      (world: World): void => redrive(world, 'async', arnOf('dlq'), '5'),
      'max receive count 5',
    ],
    [
      'no redrive',
      'async',
      (world: World) => void delete world.queue('async').attributes.RedrivePolicy,
      'no redrive policy',
    ],
    [
      'redrive of a dead-letter queue',
      'dlq',
      (world: World): void => redrive(world, 'dlq', arnOf('async')),
      'a redrive policy, which a dead-letter queue should not have',
    ],
    [
      'a visibility timeout',
      'webhooks',
      (world: World) => Object.assign(world.queue('webhooks').attributes, { VisibilityTimeout: '300' }),
      'visibility timeout 300 s',
    ],
    [
      'the default retention of cronjobs',
      'cronjobs',
      (world: World) => Object.assign(world.queue('cronjobs').attributes, { MessageRetentionPeriod: '345600' }),
      'retention 345600 s',
    ],
  ])('settings: %s', async (_, queue, arrange, says) => {
    const world = await start();
    arrange(world);
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: [], warn: [`${queue}/settings`] });
    expect(result.finding(`message-queues/${queue}/settings`)).toMatchObject({
      title: `${nameOf(queue)} differs from the recommended settings: ${says}`,
      fix: expect.stringContaining(
        `aws sqs set-queue-attributes --region eu-central-1 --queue-url ${urlOf(world, queue)}`,
      ),
    });
  });

  test('two variables that name one queue', async () => {
    const world = await start();
    const result = await world.check({ variables: { MESSAGE_QUEUE_SQS_EVENTS_INBOX_URL: urlOf(world, 'async') } });
    expect(judged(result)).toEqual({ fail: [], warn: ['events-inbox/settings'] });
    expect(result.finding('message-queues/events-inbox/settings').title).toBe(
      'spacelift-async differs from the recommended settings: MESSAGE_QUEUE_SQS_ASYNC_URL also names it',
    );
  });
});
