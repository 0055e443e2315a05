import { describe, expect, test } from 'vitest';
import { identity } from '../../../checks/identity/index.ts';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import { administrator } from '../../services/aws/index.ts';
import { expectAtOnce } from '../../support/at-once.ts';
import { useDatabases } from './databases.ts';
import { ALL, arnOf, ids, judged, nameOf, POLICIES, role, roleOf, startWorld, type World } from './sqs-world.ts';

const databases = useDatabases();

const start = (): Promise<World> => startWorld(databases.empty);
const url = (world: World, queue: (typeof ALL)[number]): string => world.variables[QUEUES[queue]] ?? '';

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
    const variables = { MESSAGE_QUEUE_SQS_IOT_URL: url(world, 'iot').replace('eu-central-1', 'eu-west-1') };
    const result = await world.check({ variables });
    expect(judged(result)).toEqual({ fail: ['iot/exists'], warn: [] });
    expect(result.finding('message-queues/iot/exists').title).toBe(
      'spacelift-iot is in eu-west-1, but AWS_REGION is eu-central-1',
    );
  });

  test.each(['there', 'missing'])('a queue of another account (%s)', async (how) => {
    const world = await start();
    if (how === 'there') world.aws.queues.create('spacelift-iot', { account: '999999999999' });
    const variables = { MESSAGE_QUEUE_SQS_IOT_URL: url(world, 'iot').replace('123456789012', '999999999999') };
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

describe('kind', () => {
  test('two variables that are swapped are one failure', async () => {
    const world = await start();
    const variables = {
      MESSAGE_QUEUE_SQS_ASYNC_URL: url(world, 'async-fifo'),
      MESSAGE_QUEUE_SQS_ASYNC_FIFO_URL: url(world, 'async'),
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
      MESSAGE_QUEUE_SQS_DLQ_URL: url(world, 'dlq-fifo'),
      MESSAGE_QUEUE_SQS_DLQ_FIFO_URL: url(world, 'dlq'),
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
        `aws sqs set-queue-attributes --region eu-central-1 --queue-url ${url(world, queue)}`,
      ),
    });
  });

  test('two variables that name one queue', async () => {
    const world = await start();
    const result = await world.check({ variables: { MESSAGE_QUEUE_SQS_EVENTS_INBOX_URL: url(world, 'async') } });
    expect(judged(result)).toEqual({ fail: [], warn: ['events-inbox/settings'] });
    expect(result.finding('message-queues/events-inbox/settings').title).toBe(
      'spacelift-async differs from the recommended settings: MESSAGE_QUEUE_SQS_ASYNC_URL also names it',
    );
  });
});

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
        if (action !== 'SendMessage' || input.QueueUrl !== url(world, 'iot')) return false;
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
