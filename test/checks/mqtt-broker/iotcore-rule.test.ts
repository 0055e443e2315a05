import { execFileSync } from 'node:child_process';
import { describe, expect, test } from 'vitest';
import { useDatabases } from '../message-queues/databases.ts';
import {
  allow,
  checked,
  expectOne,
  expectPointers,
  type IotWorld,
  id,
  operatorWithout,
  RULE_ROLE,
  SQL,
  startIot,
} from './iotcore-world.ts';

const databases = useDatabases();

/** What a shell makes of a command: its words, without running it. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `set -- ${command}\nfor word; do printf '%s\\0' "$word"; done`])
    .toString()
    .split('\0')
    .slice(0, -1);

describe('iotcore/topic-rule', () => {
  /** Of the last line: what stands before is a comment, or says what the command lacks. */
  const payloadOf = (fix: string | undefined) => {
    const words = wordsOf(fix?.split('\n').at(-1) ?? '');
    return { command: words.slice(0, -2).join(' '), payload: JSON.parse(words.at(-1) ?? '') };
  };
  const right = (world: IotWorld, roleArn = RULE_ROLE) => ({
    sql: SQL,
    awsIotSqlVersion: '2016-03-23',
    ruleDisabled: false,
    actions: [{ sqs: { queueUrl: world.queue('iot').url, roleArn, useBase64: true } }],
  });

  const ROLE_TO_FILL_IN = 'arn:aws:iam::123456789012:role/ROLE';

  test('disabled', async () => {
    const world = await startIot(databases.empty);
    world.rule.ruleDisabled = true;
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toBe('topic rule spacelift is disabled');
    expect(found.fix).toBe('aws iot enable-topic-rule --rule-name spacelift --region eu-central-1');
    expectPointers(found.result, id('topic-rule'), 'delivery');
  });

  test.each<[string, (world: IotWorld) => void, string]>([
    [
      'another filter',
      ({ rule }) => (rule.sql = SQL.replace('writeonly', 'readonly')),
      "selects from 'spacelift/readonly/#'",
    ],
    [
      'a level of the topic',
      ({ rule }) => (rule.sql = SQL.replace('topic(4)', 'topic(5)')),
      'selects topic(5) as worker_ulid, not topic(4)',
    ],
    ['no *', ({ rule }) => (rule.sql = SQL.replace('*, ', '')), 'does not select *'],
    ['the SQL version', ({ rule }) => (rule.awsIotSqlVersion = '2015-10-08'), 'has SQL version 2015-10-08'],
    ['no action', ({ rule }) => (rule.actions = []), 'has no SQS action'],
    [
      'no base64',
      ({ rule, queue }) => (rule.actions = [{ sqs: { queueUrl: queue('iot').url, roleArn: RULE_ROLE } }]),
      'sends without useBase64',
    ],
    [
      'another queue',
      ({ rule, queue }) =>
        (rule.actions = [{ sqs: { queueUrl: queue('webhooks').url, roleArn: RULE_ROLE, useBase64: true } }]),
      'sends to https://sqs.eu-central-1.amazonaws.com/123456789012/spacelift-webhooks, not to',
    ],
  ])('%s', async (_, change, says) => {
    const world = await startIot(databases.empty);
    change(world);
    const lacksRole = world.rule.actions.length === 0;
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toContain(`topic rule spacelift ${says}`);
    const { command, payload } = payloadOf(found.fix);
    expect(command).toBe('aws iot replace-topic-rule --rule-name spacelift --region eu-central-1');
    expect(payload).toEqual(right(world, lacksRole ? ROLE_TO_FILL_IN : RULE_ROLE));
    expect(found.fix?.startsWith('replace ROLE with a role that has sqs:SendMessage on spacelift-iot:')).toBe(
      lacksRole,
    );
  });

  test('several deviations at once: one failure that names them, and a command that mends them', async () => {
    const world = await startIot(databases.empty);
    const { rule, queue } = world;
    Object.assign(rule, {
      ruleDisabled: true,
      sql: SQL.replace('Timestamp() as timestamp, ', ''),
      description: "workers' messages",
    });
    rule.actions = [{ sqs: { queueUrl: queue('iot').url, roleArn: RULE_ROLE } }];
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toBe(
      'topic rule spacelift is disabled; does not select timestamp() as timestamp; sends without useBase64',
    );
    const { payload } = payloadOf(found.fix);
    expect(payload).toEqual({ ...right(world), description: "workers' messages" });
    Object.assign(rule, payload);
    expect((await checked(world)).ids('fail')).toEqual([]);
  });

  test('none: the command that makes it', async () => {
    const world = await startIot(databases.empty);
    world.aws.rules.delete(world.rule);
    world.aws.rules.create('others', { sql: "SELECT * FROM 'others/#'", actions: [] });
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toBe("no topic rule sends 'spacelift/writeonly/#' to spacelift-iot");
    const { command, payload } = payloadOf(found.fix);
    expect(command).toBe('aws iot create-topic-rule --rule-name spacelift --region eu-central-1');
    expect(payload).toEqual(right(world, ROLE_TO_FILL_IN));
    expect(found.fix).toContain('replace ROLE with a role that has sqs:SendMessage on spacelift-iot:');
  });

  test('more is selected: a warning; another rule on the same topic: nothing', async () => {
    const world = await startIot(databases.empty);
    world.aws.rules.create('archive', { sql: "SELECT * FROM 'spacelift/writeonly/#'", actions: [] });
    expect((await checked(world)).ids('warn')).toEqual([]);
    world.rule.sql = SQL.replace('*,', '*, clientid() as client,');
    const result = await checked(world);
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [id('topic-rule')] });
    const { title, fix } = result.finding(id('topic-rule'));
    expect(title).toContain('clientid() as client');
    const { command, payload } = payloadOf(fix);
    expect(command).toBe('aws iot replace-topic-rule --rule-name spacelift --region eu-central-1');
    expect(payload).toEqual(right(world));
  });
});

describe('iotcore/delivery', () => {
  test('the rule’s role may not send', async () => {
    const roles = [{ arn: RULE_ROLE, policy: { Statement: allow(['sqs:ReceiveMessage']) } }];
    const world = await startIot(databases.empty, { roles });
    const before = world.aws.snapshot();
    const found = await expectOne(world, id('delivery'));
    expect(found.title).toBe('messages published on spacelift/writeonly/preflight/… do not arrive in spacelift-iot');
    expect(found.fix).toContain('allow iot.amazonaws.com to assume role/spacelift-iot');
    expect(found.fix).toContain(
      '{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:spacelift-iot"}',
    );
    expect(world.aws.rules.events.map(({ outcome }) => outcome)).toEqual(['role-denied']);
    expect(world.aws.snapshot()).toEqual(before);
    expect(found.result.run.leftovers).toEqual([]);
  });

  test('the rule may not be read, and is wrong: what arrives is looked at', async () => {
    const world = await startIot(databases.empty);
    world.rule.sql = SQL.replace('topic(4)', 'topic(1)');
    const before = world.aws.snapshot();
    const as = operatorWithout('iot:ListTopicRules');
    const found = await expectOne(world, id('delivery'), { as });
    expect(found.title).toContain('arrive in spacelift-iot without a correct worker_ulid');
    expect(world.aws.snapshot()).toEqual(before);
    world.rule.actions = [{ sqs: { queueUrl: world.queue('iot').url, roleArn: RULE_ROLE } }];
    expect((await expectOne(world, id('delivery'), { as })).title).toContain('without base64 encoding');
    expect(world.queue('iot').messages).toEqual([]);
  });

  test('a run that ends before the message is taken out: it is taken out all the same', async () => {
    const world = await startIot(databases.empty);
    const before = world.aws.snapshot();
    const interrupt = new AbortController();
    world.aws.faults = {
      hangFor: ({ action }) =>
        action === 'ReceiveMessage' && world.aws.rules.events.length > 0 && !interrupt.signal.aborted,
    };
    const check = world.check({ interrupt: interrupt.signal });
    await expect.poll(() => world.queue('iot').messages.length).toBe(1);
    interrupt.abort();
    const result = await check;
    expect(result.run.interrupted).toBe(true);
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
  });
});
