import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { CHECKS } from '../../../checks/index.ts';
import { type AwsUser, administrator, startAws } from '../../services/aws/index.ts';
import { type PostgresServer, startPostgres } from '../../services/postgres.ts';
import { startHttp } from '../../services/tcp.ts';
import { makeCa } from '../../services/tls.ts';
import { expectNoLeak } from '../../support/leaks.ts';
import type { Result } from '../../support/preflight.ts';
import { ALL, allow, type IotWorld, id, operatorWithout, RULE_ROLE, roleOf, SQL, startIot } from './iotcore-world.ts';

let server: PostgresServer;
let empty: string;
beforeAll(async () => {
  server = await startPostgres({ version: 16 });
  empty = await server.createDatabase({ name: 'empty', owner: 'spacelift', password: 'a-long-password' });
});
afterAll(() => server.stop());

const FORM = id('well-formed');
type How = Parameters<IotWorld['check']>[0];

/** All that has to do with the broker, among the checks as they are. */
async function checked(world: IotWorld, how: How = {}): Promise<Result> {
  const only = ['pairing/*', 'identity/*', 'message-queues/iot/*', 'mqtt-broker/*'];
  const result = await world.check({ checks: CHECKS, only, ...how });
  expectNoLeak(world.variables, result.run, result.deployment);
  return result;
}

/** Exactly one failure, and no warning. */
async function expectOne(world: IotWorld, rule: string, how: How = {}) {
  const result = await checked(world, how);
  expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [rule], warn: [] });
  return { ...result.finding(rule), result };
}

/** What depends on a failure points to it. */
const expectPointers = (result: Result, to: string, ...rules: string[]) => {
  for (const rule of rules) {
    expect(result.finding(id(rule))).toMatchObject({ status: 'skip', title: expect.stringContaining(to) });
  }
};

describe('endpoint', () => {
  test('malformed: nothing is tried', async () => {
    const world = await startIot(empty);
    const value = `https://${world.aws.iotEndpoint}`;
    const found = await expectOne(world, FORM, { variables: { MQTT_BROKER_ENDPOINT: value } });
    expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
    expectPointers(found.result, FORM, 'publish', 'round-trip', 'endpoint', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
  });

  test('without SQS: one failure, of the pairing', async () => {
    const world = await startIot(empty);
    const variables = { MESSAGE_QUEUE_TYPE: 'postgres' };
    const found = await expectOne(world, 'pairing/iotcore-needs-sqs', { variables });
    expect(found.title).toBe('IoT Core needs SQS, and the message queue is postgres');
    expect(world.aws.published).toEqual([]);
  });
});

describe('iotcore/publish', () => {
  test.each([
    ['an operator', () => ({ as: operatorWithout('iot:Publish') })],
    ['the server', () => ({ as: { ...roleOf('server'), policy: { Statement: [] } }, service: 'server' as const })],
  ])('denied to %s: the action, the resource and the statement', async (_, how) => {
    const world = await startIot(empty);
    const { result, ...found } = await expectOne(world, id('publish'), how());
    expect(found.title).toBe('iot:Publish is denied on spacelift/readonly/preflight/…');
    expect(found.fix).toContain(
      '{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:eu-central-1:123456789012:topic/spacelift/readonly/*"}',
    );
    expect(found.evidence).toMatchObject({ denied: 'iot:Publish' });
    expect(result.finding(id('delivery')).status).toBe('skip');
  });

  test.each<[string, Partial<AwsUser>, string]>([
    ['an unknown key', { accessKeyId: 'AKIAUNKNOWN' }, 'AWS does not know the access key'],
    ['a wrong secret', { secretAccessKey: 'a-wrong-secret-0123456789' }, 'the secret is another'],
  ])('%s: one failure for all of it', async (_, change, says) => {
    const world = await startIot(empty);
    const as = { ...administrator, ...change };
    const users = [...world.aws.users];
    const check = checked(world, { as });
    world.aws.users = users;
    const result = await check;
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({
      fail: ['identity/credentials'],
      warn: [],
    });
    expect(result.finding('identity/credentials').title).toContain(says);
    expectPointers(result, 'identity/credentials', 'publish', 'round-trip', 'endpoint', 'topic-rule', 'delivery');
  });

  test.each<[string, () => Partial<AwsUser>, number, string]>([
    ['expired credentials', () => ({ expired: true }), 0, 'the AWS credentials have expired'],
    ['a clock that is wrong', () => ({}), 3_600_000, 'the clocks of this machine and of AWS differ'],
  ])('%s, where nothing else tells: one failure', async (_, change, clockOffsetMs, says) => {
    const world = await startIot(empty);
    const as = { ...administrator, ...change() };
    world.aws.users = [as];
    world.aws.faults = { clockOffsetMs };
    const result = await world.check({ as });
    expect(result.ids('fail')).toEqual([id('publish')]);
    expect(result.finding(id('publish')).title).toContain(says);
    expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'topic-rule', 'delivery');
  });

  test('credentials of another account', async () => {
    const world = await startIot(empty);
    const as = { ...administrator, accessKeyId: 'AKIASTRANGER', arn: 'arn:aws:iam::210987654321:user/stranger' };
    const found = await expectOne(world, 'identity/account', { as });
    expect(found.title).toContain('210987654321');
  });

  test('a name that does not resolve: one failure for publishing, the WebSocket and the domain', async () => {
    const world = await startIot(empty);
    const { url } = world.aws;
    const environment = {
      AWS_ENDPOINT_URL: undefined,
      ...Object.fromEntries(['IOT', 'SQS', 'STS'].map((service) => [`AWS_ENDPOINT_URL_${service}`, url])),
    };
    const variables = { MQTT_BROKER_ENDPOINT: 'mqtt.spacelift.invalid' };
    const { result, ...found } = await expectOne(world, id('publish'), { environment, variables });
    expect(found.title).toMatch(/mqtt\.spacelift\.invalid/);
    expect(found.fix).toContain('MQTT_BROKER_ENDPOINT');
    expect(found.evidence).toMatchObject({ port: 443 });
    expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'delivery');
    expect(result.ids('pass')).toContain(id('topic-rule'));
    const worker = await world.check({ environment, variables, service: 'worker' });
    expect(worker.ids('fail')).toEqual([id('publish')]);
    const outside = await world.check({
      environment,
      variables: { MQTT_BROKER_ENDPOINT: 'mqtt.corp.internal' },
      from: 'outside',
    });
    expect(outside.ids('fail')).toEqual([]);
    expect(outside.finding(id('publish')).title).toMatch(/^mqtt\.corp\.internal can.t be reached/);
  });

  test.each([undefined, 'server', 'worker'] as const)(
    'the older endpoint, whose certificate is not trusted (%s): what to set instead',
    async (service) => {
      const world = await startIot(empty);
      const { keyPem: key, chainPem: cert } = await (await makeCa()).issue({ names: ['127.0.0.1'] });
      const behindTls = await startAws({ tls: { key, cert } });
      onTestFinished(() => behindTls.close());
      const { result, ...found } = await expectOne(world, id('publish'), {
        ...(service !== undefined && { service }),
        environment: { AWS_ENDPOINT_URL_IOT_DATA_PLANE: behindTls.url },
        variables: { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('-ats', '') },
      });
      expect(found.title).toContain('signed by an authority that is not trusted here');
      expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
      if (service === undefined) expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'delivery');
    },
  );

  test('something else answers', async () => {
    const world = await startIot(empty);
    const page = await startHttp(200, '<html>', { 'content-type': 'text/html' });
    onTestFinished(() => page.close());
    const environment = { AWS_ENDPOINT_URL_IOT_DATA_PLANE: `http://127.0.0.1:${page.port}` };
    const found = await expectOne(world, id('publish'), { environment });
    expect(found.title).toContain('is not IoT Core');
  });

  test('a namespace that is no topic', async () => {
    const world = await startIot(empty);
    const variables = { MQTT_BROKER_IOTCORE_NAMESPACE: 'acme/spacelift' };
    const found = await expectOne(world, id('publish'), { variables });
    expect(found.title).toBe('MQTT_BROKER_IOTCORE_NAMESPACE is no level of a topic: "acme/spacelift"');
    expectPointers(found.result, id('publish'), 'round-trip', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
  });

  test('a service that hangs', async () => {
    const world = await startIot(empty);
    world.aws.faults = { hangFor: ({ service }) => service === 'iotdata' || service === 'iotdevicegateway' };
    const { result, ...found } = await expectOne(world, id('publish'));
    expect(found.title).toContain('does not answer in time');
    expectPointers(result, id('publish'), 'round-trip', 'delivery');
  });
});

describe('iotcore/round-trip', () => {
  test('a proxy that lets no WebSocket through', async () => {
    const world = await startIot(empty);
    world.aws.faults = {
      statusFor: ({ action }) => (action === 'Connect' ? { status: 426, code: 'UpgradeRequired' } : undefined),
    };
    const found = await expectOne(world, id('round-trip'));
    expect(found.title).toMatch(/^127\.0\.0\.1:\d+ opens no WebSocket \(HTTP 426\)$/);
    expect(found.fix).toContain('Upgrade: websocket');
    expect(found.result.ids('pass')).toEqual(
      expect.arrayContaining([FORM, ...ALL.filter((rule) => rule !== id('round-trip'))]),
    );
  });

  test('a connection that is reset', async () => {
    const world = await startIot(empty);
    world.aws.faults = { resetFor: ({ action }) => action === 'Connect' };
    expect((await expectOne(world, id('round-trip'))).title).toContain('closes the connection');
  });
});

describe('iotcore/endpoint', () => {
  test('of another region: nothing is published there', async () => {
    const world = await startIot(empty);
    const variables = { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('eu-central-1', 'eu-west-1') };
    const found = await expectOne(world, id('endpoint'), { variables });
    expect(found.title).toBe('MQTT_BROKER_ENDPOINT is of eu-west-1, and AWS_REGION is eu-central-1');
    expectPointers(found.result, id('endpoint'), 'publish', 'round-trip', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
    const asServer = await expectOne(world, id('endpoint'), { variables, as: roleOf('server'), service: 'server' });
    expect(asServer.title).toBe(found.title);
  });

  test('of another account', async () => {
    const world = await startIot(empty);
    const variables = { MQTT_BROKER_ENDPOINT: `zzzz${world.aws.iotEndpoint}` };
    const found = await expectOne(world, id('endpoint'), { variables });
    expect(found.title).toBe(`zzzz${world.aws.iotEndpoint} is not the endpoint of account 123456789012`);
    expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
  });

  test('of another account, which refuses what is published: one failure', async () => {
    const world = await startIot(empty);
    const forbidden = { status: 403, code: 'ForbiddenException', message: 'Forbidden' };
    world.aws.faults = {
      statusFor: ({ service }) => (['iotdata', 'iotdevicegateway'].includes(service) ? forbidden : undefined),
    };
    const variables = { MQTT_BROKER_ENDPOINT: `zzzz${world.aws.iotEndpoint}` };
    const found = await expectOne(world, id('endpoint'), { variables });
    expectPointers(found.result, id('endpoint'), 'publish', 'delivery');
  });

  test('the account’s older endpoint, where it is still trusted: a warning', async () => {
    const world = await startIot(empty);
    const variables = { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('-ats', '') };
    const result = await checked(world, { variables });
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [id('endpoint')] });
    expect(result.finding(id('endpoint')).fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
  });
});

/** What a shell makes of a command: its words, without running it. */
const wordsOf = (command: string): string[] =>
  execFileSync('sh', ['-c', `set -- ${command}\nfor word; do printf '%s\\0' "$word"; done`])
    .toString()
    .split('\0')
    .slice(0, -1);

describe('iotcore/topic-rule', () => {
  const payloadOf = (fix: string | undefined) => {
    const words = wordsOf(fix ?? '');
    return { command: words.slice(0, -2).join(' '), payload: JSON.parse(words.at(-1) ?? '') };
  };
  const right = (world: IotWorld, roleArn = RULE_ROLE) => ({
    sql: SQL,
    awsIotSqlVersion: '2016-03-23',
    ruleDisabled: false,
    actions: [{ sqs: { queueUrl: world.queue('iot').url, roleArn, useBase64: true } }],
  });

  test('disabled', async () => {
    const world = await startIot(empty);
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
    const world = await startIot(empty);
    change(world);
    const role = world.rule.actions.length === 0 ? expect.stringContaining('role that may sqs:SendMessage') : RULE_ROLE;
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toContain(`topic rule spacelift ${says}`);
    const { command, payload } = payloadOf(found.fix);
    expect(command).toBe('aws iot replace-topic-rule --rule-name spacelift --region eu-central-1');
    expect(payload).toEqual(right(world, role));
  });

  test('several deviations at once: one failure that names them, and a command that mends them', async () => {
    const world = await startIot(empty);
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
    const world = await startIot(empty);
    world.aws.rules.delete(world.rule);
    world.aws.rules.create('others', { sql: "SELECT * FROM 'others/#'", actions: [] });
    const found = await expectOne(world, id('topic-rule'));
    expect(found.title).toBe("no topic rule sends 'spacelift/writeonly/#' to spacelift-iot");
    const { command, payload } = payloadOf(found.fix);
    expect(command).toBe('aws iot create-topic-rule --rule-name spacelift --region eu-central-1');
    expect(payload).toEqual(right(world, expect.stringContaining('role that may sqs:SendMessage')));
  });

  test('more is selected: a warning; another rule on the same topic: nothing', async () => {
    const world = await startIot(empty);
    world.aws.rules.create('archive', { sql: "SELECT * FROM 'spacelift/writeonly/#'", actions: [] });
    expect((await checked(world)).ids('warn')).toEqual([]);
    world.rule.sql = SQL.replace('*,', '*, clientid() as client,');
    const result = await checked(world);
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [id('topic-rule')] });
    expect(result.finding(id('topic-rule')).title).toContain('clientid() as client');
  });
});

describe('iotcore/delivery', () => {
  test('the rule’s role may not send', async () => {
    const roles = [{ arn: RULE_ROLE, policy: { Statement: allow(['sqs:ReceiveMessage']) } }];
    const world = await startIot(empty, { roles });
    const before = world.aws.snapshot();
    const found = await expectOne(world, id('delivery'));
    expect(found.title).toBe('what is published on spacelift/writeonly/preflight/… does not arrive in spacelift-iot');
    expect(found.fix).toContain('let iot.amazonaws.com assume role/spacelift-iot');
    expect(found.fix).toContain(
      '{"Effect":"Allow","Action":"sqs:SendMessage","Resource":"arn:aws:sqs:eu-central-1:123456789012:spacelift-iot"}',
    );
    expect(world.aws.rules.events.map(({ outcome }) => outcome)).toEqual(['role-denied']);
    expect(world.aws.snapshot()).toEqual(before);
    expect(found.result.run.leftovers).toEqual([]);
  });

  test('the rule may not be read, and is wrong: what arrives is looked at', async () => {
    const world = await startIot(empty);
    world.rule.sql = SQL.replace('topic(4)', 'topic(1)');
    const before = world.aws.snapshot();
    const as = operatorWithout('iot:ListTopicRules');
    const found = await expectOne(world, id('delivery'), { as });
    expect(found.title).toContain('arrives in spacelift-iot without a right worker_ulid');
    expect(world.aws.snapshot()).toEqual(before);
    world.rule.actions = [{ sqs: { queueUrl: world.queue('iot').url, roleArn: RULE_ROLE } }];
    expect((await expectOne(world, id('delivery'), { as })).title).toContain('without base64');
    expect(world.queue('iot').messages).toEqual([]);
  });

  test('a run that ends before the message is taken out: it is taken out all the same', async () => {
    const world = await startIot(empty);
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
