import { describe, expect, test } from 'vitest';
import { QUEUES } from '../../../src/config/contract.ts';
import type { Service } from '../../../src/config/options.ts';
import { useDatabases } from './databases.ts';
import { ALL, ids, judged, RULES, roleOf, startWorld } from './sqs-world.ts';

const databases = useDatabases();

describe('healthy', () => {
  test('an operator: every rule of every queue passes, and nothing stays behind', async () => {
    const world = await startWorld(databases.empty);
    const before = world.aws.snapshot();
    const result = await world.check();
    expect(result.ids('pass').sort()).toEqual(ids(ALL, ...RULES).sort());
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
    const sends = world.aws.requests.filter(({ action }) => action === 'SendMessage');
    expect(sends.map(({ target }) => target).sort()).toEqual(
      ALL.filter((queue) => !queue.startsWith('dlq'))
        .map((queue) => world.variables[QUEUES[queue]])
        .sort(),
    );
    expect(result.run.checks[0]?.summary).toBe('SQS in eu-central-1, 8 queues');
  });

  test.each<[Service, readonly string[], readonly string[]]>([
    ['server', [], ids(['async', 'async-fifo', 'events-inbox', 'iot', 'webhooks'], ...RULES)],
    ['drain', ids(ALL, ...RULES), []],
    ['scheduler', [], ids(['cronjobs'], ...RULES)],
  ])('the %s, with exactly its permissions: no failure and no warning', async (service, passing, skipped) => {
    const world = await startWorld(databases.empty);
    const before = world.aws.snapshot();
    const result = await world.check({ as: roleOf(service), service });
    expect({ pass: result.ids('pass').sort(), skip: result.ids('skip').sort(), ...judged(result) }).toEqual({
      pass: passing.toSorted(),
      skip: skipped.toSorted(),
      fail: [],
      warn: [],
    });
    expect(world.aws.snapshot()).toEqual(before);
    expect(world.aws.requests.filter(({ code }) => code === 'AccessDenied')).toEqual([]);
  });

  test.each(['server', 'drain', 'scheduler'] as const)(
    'the %s’s role without --service: skips that name who needs it',
    async (service) => {
      const world = await startWorld(databases.empty);
      const result = await world.check({ as: roleOf(service) });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      if (service === 'drain') {
        expect(result.ids('skip')).toEqual(ids(['cronjobs', 'webhooks'], 'access'));
        expect(result.finding('message-queues/webhooks/access')).toMatchObject({
          title: 'the credentials are not allowed to send to spacelift-webhooks; only the server needs to',
          fix: 'run with the server’s credentials and --service server',
        });
      } else {
        expect(result.ids('pass')).toEqual([]);
        expect(result.finding('message-queues/async/exists').title).toBe(
          'the credentials are not allowed to read the attributes of spacelift-async; only the drain needs to',
        );
      }
    },
  );

  test('a server has nothing to try, and asks SQS nothing', async () => {
    const world = await startWorld(databases.empty);
    const variables = { MESSAGE_QUEUE_SQS_IOT_URL: undefined, MESSAGE_QUEUE_SQS_DLQ_URL: undefined };
    const result = await world.check({ as: roleOf('server'), service: 'server', variables });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding('message-queues/async/access').title).toBe(
      'no test message was sent to spacelift-async: the server can’t remove it',
    );
    expect(result.finding('message-queues/iot/exists').title).toBe('MESSAGE_QUEUE_SQS_IOT_URL is not set');
    expect(world.aws.requests.map(({ user }) => user)).toEqual([undefined]);
  });

  test('bare names are queues of AWS_ACCOUNT_ID in AWS_REGION, and nobody asks for their URLs', async () => {
    const world = await startWorld(databases.empty);
    const variables = Object.fromEntries(
      ALL.map((queue) => [QUEUES[queue], world.variables[QUEUES[queue]]?.replace(/.*\//, '')]),
    );
    const result = await world.check({ variables });
    expect(result.ids('pass')).toHaveLength(32);
    expect(new Set(world.aws.requests.map(({ target }) => target))).toEqual(
      new Set(ALL.map((queue) => world.variables[QUEUES[queue]])),
    );
    expect(world.asked()).not.toContain('GetQueueUrl');
  });

  test('in China, under its own suffix', async () => {
    const world = await startWorld(databases.empty, {
      partition: 'aws-cn',
      region: 'cn-north-1',
      account: '123456789012',
    });
    const queue = world.aws.queues.create('bare');
    const result = await world.check({
      only: ['message-queues/async/*'],
      variables: {
        AWS_PARTITION: 'aws-cn',
        AWS_REGION: 'cn-north-1',
        AWS_DEFAULT_REGION: 'cn-north-1',
        MESSAGE_QUEUE_SQS_ASYNC_URL: 'bare',
      },
    });
    expect(result.finding('message-queues/async/exists')).toMatchObject({
      status: 'pass',
      evidence: { url: queue.url },
    });
    expect(queue.url).toContain('.amazonaws.com.cn/');
  });
});

describe('a live installation does not notice', () => {
  const READS = ['GetQueueAttributes'];

  test.each([
    ['an operator', undefined, READS],
    ['the drain', 'drain', ['ChangeMessageVisibility', 'DeleteMessage', ...READS]],
  ] as const)('%s', async (_, service, expected) => {
    const world = await startWorld(databases.installed);
    world.queue('async').send({ body: 'work', sender: 'server' });
    const before = world.aws.snapshot();
    const result = await world.check(service === undefined ? {} : { service, as: roleOf(service) });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.ids('skip').sort()).toEqual(ids(ALL, 'access').sort());
    expect(result.finding('message-queues/async/access').title).toBe(
      'no test message was sent: Spacelift is already installed (the database contains its tables)',
    );
    expect([...new Set(world.asked())].sort()).toEqual(expected);
    expect(world.aws.snapshot()).toEqual(before);
  });

  test('the drain’s permissions are proved all the same', async () => {
    const world = await startWorld(databases.installed);
    const result = await world.check({ service: 'drain', as: roleOf('drain') });
    expect(result.finding('message-queues/dlq/access')).toMatchObject({
      detail: expect.stringContaining(
        'The credentials are allowed to delete messages in spacelift-dlq and to change their visibility.',
      ),
      evidence: { permitted: ['sqs:DeleteMessage', 'sqs:ChangeMessageVisibility'] },
    });
  });

  test.each([
    ['--phase post-install', { phase: 'post-install' }, 'empty'],
    ['--read-only', { readOnly: true }, 'empty'],
    ['a database that can’t be read', {}, 'gone'],
    ['a database that can’t be read, with --phase pre-install', { phase: 'pre-install' }, 'gone'],
  ] as const)('%s', async (_, options, database) => {
    const world = await startWorld(database === 'empty' ? databases.empty : undefined);
    for (const service of [undefined, 'drain'] as const) {
      const result = await world.check({ ...options, ...(service !== undefined && { service }) });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(result.ids('skip').sort()).toEqual(ids(ALL, 'access').sort());
    }
    expect(world.asked()).not.toContain('SendMessage');
    expect(world.asked()).not.toContain('ReceiveMessage');
    if ('readOnly' in options) expect(new Set(world.asked())).toEqual(new Set(READS));
  });

  test.each(['visible', 'in flight', 'delayed'])('a message that is there already (%s) is left alone', async (how) => {
    const world = await startWorld(databases.empty);
    const iot = world.queue('iot');
    iot.send({ body: 'somebody’s', sender: 'server', delay: how === 'delayed' ? 300 : 0 });
    if (how === 'in flight') iot.receive(1, 300, () => undefined);
    const before = world.aws.snapshot();
    const result = await world.check();
    expect(result.ids('skip')).toEqual(['message-queues/iot/access']);
    expect(result.finding('message-queues/iot/access').title).toBe(
      'no message was sent to or received from spacelift-iot: it contains 1 message',
    );
    expect(world.aws.snapshot()).toEqual(before);
  });
});
