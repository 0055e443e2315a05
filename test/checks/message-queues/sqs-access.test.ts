/** Who may use the queues of SQS, and that trying it leaves nothing behind. */
import { describe, expect, test } from 'vitest';
import { administrator } from '../../services/aws/index.ts';
import { expectAtOnce } from '../../support/at-once.ts';
import { ALL, arnOf, ids, judged, POLICIES, role, roleOf, startWorld, urlOf, useWorlds } from './sqs-world.ts';

const start = useWorlds();

describe('access', () => {
  const drainWithout = (...denied: string[]) =>
    role('drain', [...POLICIES.drain, { Effect: 'Deny', Action: denied, Resource: '*' }]);

  test('a role that lacks one action: one failure with the statement for all its queues', async () => {
    const world = await start();
    const withoutDelete = role(
      'drain',
      POLICIES.drain.map((statement) => ({
        ...statement,
        Action: [statement.Action ?? []].flat().filter((action) => action !== 'sqs:DeleteMessage'),
      })),
    );
    const result = await world.check({ as: withoutDelete, service: 'drain' });
    expect(judged(result)).toEqual({ fail: ['async/access'], warn: [] });
    expect(result.finding('message-queues/async/access')).toMatchObject({
      title: 'the credentials lack sqs:DeleteMessage',
      expected: 'sqs:DeleteMessage, which the drain needs',
      fix: `add this statement to the IAM policy of role/spacelift-drain:\n${JSON.stringify({
        Effect: 'Allow',
        Action: 'sqs:DeleteMessage',
        Resource: ALL.map(arnOf),
      })}`,
      affected: ids(ALL, 'access'),
    });
    expect(world.asked()).not.toContain('SendMessage');
  });

  test.each([
    [['sqs:GetQueueAttributes'], 'async/access'],
    [['sqs:ReceiveMessage', 'sqs:ChangeMessageVisibility'], 'async/access'],
    [['sqs:SendMessage'], 'async/access'],
  ])('%s denied explicitly', async (actions, failing) => {
    const world = await start();
    const before = world.aws.snapshot();
    const result = await world.check({ as: drainWithout(...actions), service: 'drain' });
    expect(judged(result)).toEqual({ fail: [failing], warn: [] });
    const { title, fix } = result.finding(`message-queues/${failing}`);
    for (const action of actions) expect(title).toContain(action);
    expect(fix).toContain('remove the Deny');
    expect(world.aws.snapshot()).toEqual(before);
    expect(result.run.leftovers).toEqual([]);
  });

  test('no policy at all for the drain’s queues: one failure, in GetQueueAttributes', async () => {
    const world = await start();
    const result = await world.check({ as: role('drain', []), service: 'drain' });
    expect(judged(result)).toEqual({ fail: ['async/access'], warn: [] });
    expect(result.ids('skip')).toHaveLength(31);
  });

  test('a policy of the queue that denies', async () => {
    const world = await start();
    const Statement = [{ Effect: 'Deny', Principal: '*', Action: 'sqs:SendMessage', Resource: '*' }];
    world.queue('iot').attributes.Policy = JSON.stringify({ Statement });
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['iot/access'], warn: [] });
    expect(result.finding('message-queues/iot/access')).toMatchObject({
      title: 'the credentials lack sqs:SendMessage on spacelift-iot',
      fix: `remove the Deny for sqs:SendMessage on ${arnOf('iot')} from the queue policy`,
    });
  });

  test('DRAIN_SCHEDULER_ENABLED: the drain sends to cronjobs, which its policy does not allow', async () => {
    const world = await start();
    const variables = { DRAIN_SCHEDULER_ENABLED: 'true' };
    const result = await world.check({ as: roleOf('drain'), service: 'drain', variables });
    expect(judged(result)).toEqual({ fail: ['cronjobs/access'], warn: [] });
    expect(result.finding('message-queues/cronjobs/access')).toMatchObject({
      title: 'the credentials lack sqs:SendMessage on spacelift-cronjobs',
      fix: expect.stringContaining(arnOf('cronjobs')),
    });
    const live = await startWorld();
    expect(judged(await live.check({ as: roleOf('drain'), service: 'drain', variables }))).toEqual({
      fail: [],
      warn: [],
    });
  });

  test('from release 6.4.0 on, the drain sends to cronjobs without being told', async () => {
    const check = async (tag: string, more: Readonly<Record<string, string>> = {}) => {
      const world = await start();
      const variables = { LAUNCHER_IMAGE_TAG: tag, ...more };
      return judged(await world.check({ as: roleOf('drain'), service: 'drain', variables })).fail;
    };
    expect(await check('v6.4.0')).toEqual(['cronjobs/access']);
    expect(await check('v6.4.0', { DRAIN_SCHEDULER_ENABLED: 'false' })).toEqual([]);
    expect(await check('v6.3.0')).toEqual([]);
    expect(await check('latest')).toEqual([]);
  });

  test('a key that encrypts the queues: its denial is told apart from one by SQS', async () => {
    const world = await start();
    const key = world.aws.keys.create();
    for (const queue of ALL) world.queue(queue).attributes.KmsMasterKeyId = key.arn;
    expect(judged(await world.check())).toEqual({ fail: [], warn: [] });
    const result = await world.check({ as: roleOf('drain'), service: 'drain' });
    expect(judged(result)).toEqual({ fail: ['async/access'], warn: [] });
    expect(result.finding('message-queues/async/access')).toMatchObject({
      title: 'the credentials lack kms:Decrypt on the key that encrypts the queues',
      detail: 'SQS itself allows the operation, but AWS KMS denies the use of the key.',
      fix: expect.stringContaining(`"Action":["kms:GenerateDataKey","kms:Decrypt"],"Resource":"${key.arn}"`),
      evidence: { key: key.arn },
      affected: ids(ALL, 'access'),
    });
    key.state = 'Disabled';
    const disabled = await world.check();
    expect(judged(disabled)).toEqual({ fail: ['async/access'], warn: [] });
    expect(disabled.finding('message-queues/async/access')).toMatchObject({
      title: `the KMS key ${key.arn} is disabled`,
      fix: `aws kms enable-key --key-id ${key.arn} --region ${world.aws.region}`,
    });
  });
});

describe('nothing stays behind', () => {
  test('a send whose answer is lost: the message is removed in the end', async () => {
    const world = await start();
    const before = world.aws.snapshot();
    // The queue has it, the caller never hears of it.
    world.aws.faults = {
      resetFor: ({ action, input }) => {
        if (action !== 'SendMessage' || input.QueueUrl !== urlOf(world, 'iot')) return false;
        world.queue('iot').send({ body: String(input.MessageBody), sender: 'someone' });
        return true;
      },
    };
    const result = await world.check();
    expect(judged(result)).toEqual({ fail: ['iot/access'], warn: [] });
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
  });

  test('messages that come late are waited for, and others are put back', async () => {
    const world = await start();
    const iot = world.queue('iot');
    const before = world.aws.snapshot();
    let stranger: ReturnType<typeof iot.send> | undefined;
    world.aws.faults = {
      statusFor: ({ action, input }) => {
        if (action === 'SendMessage' && input.QueueUrl === iot.url) {
          stranger ??= iot.send({ body: 'somebody’s', sender: 'server' });
          setTimeout(() => iot.send({ body: String(input.MessageBody), sender: 'us' }), 1200);
          return { status: 500, code: 'InternalError' };
        }
        return undefined;
      },
    };
    const result = await world.check({ only: ['message-queues/iot/access'] });
    expect(result.run.leftovers).toEqual([]);
    expect(iot.messages).toEqual([expect.objectContaining({ body: 'somebody’s', receiveCount: 1 })]);
    expect(iot.messages[0]?.visibleAt).toBeLessThanOrEqual(Date.now());
    if (stranger !== undefined) iot.remove(stranger);
    expect(world.aws.snapshot()).toEqual(before);
  });

  test('interrupted while the message travels', async () => {
    const world = await start();
    const before = world.aws.snapshot();
    const interrupt = new AbortController();
    world.aws.faults = {
      statusFor: ({ action }) => {
        if (action === 'SendMessage') interrupt.abort();
        return undefined;
      },
    };
    const result = await world.check({ interrupt: interrupt.signal });
    expect(result.run.interrupted).toBe(true);
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
  });

  test('what somebody else takes is a failure, and listed with the command that removes it', async () => {
    const world = await start();
    const iot = world.queue('iot');
    const send = iot.send.bind(iot);
    iot.send = (sending) => {
      const message = send(sending);
      message.visibleAt = Date.now() + 60_000;
      return message;
    };
    const result = await world.check({ only: ['message-queues/iot/*'] });
    expect(judged(result)).toEqual({ fail: ['iot/access'], warn: [] });
    expect(result.finding('message-queues/iot/access').title).toBe(
      'the message sent to spacelift-iot did not come back within 5 s',
    );
    expect(result.run.leftovers).toEqual([
      {
        what: expect.stringContaining('a message in spacelift-iot'),
        command: expect.stringContaining('aws sqs receive-message'),
      },
    ]);
  });
});

test('eight queues are checked at once, with seven requests each at most', async () => {
  const world = await start();
  const asked: string[] = [];
  world.aws.faults = {
    delayMs: 50,
    hangFor: ({ input: { QueueUrl } }) => {
      if (typeof QueueUrl === 'string') asked.push(QueueUrl);
      return false;
    },
  };
  const result = await world.check();
  expect(result.ids('pass')).toHaveLength(32);
  expectAtOnce(asked, 8);
  expect(Math.max(...asked.map((url) => asked.filter((one) => one === url).length))).toBe(7);
});

test('no secret in any finding', async () => {
  const world = await start();
  const result = await world.check({ environment: { AWS_SECRET_ACCESS_KEY: 'another-secret' } });
  expect(JSON.stringify(result.findings)).not.toContain('another-secret');
  expect(JSON.stringify(result.findings)).not.toContain(administrator.secretAccessKey);
});
