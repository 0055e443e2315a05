import { once } from 'node:events';
import {
  DescribeEndpointCommand,
  GetPolicyCommand,
  GetTopicRuleCommand,
  IoTClient,
  ListTopicRulesCommand,
} from '@aws-sdk/client-iot';
import { IoTDataPlaneClient, PublishCommand } from '@aws-sdk/client-iot-data-plane';
import { connect, type MqttClient } from 'mqtt';
import { afterEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { makeCa } from '../tls.ts';
import { type AwsOptions, type AwsServer, type AwsUser, administrator, type RuleOptions } from './index.ts';
import { as, limited, refused, signedMqttUrl, start } from './testing.ts';

const roleArn = 'arn:aws:iam::123456789012:role/spacelift-iot';
const vendorSql =
  "SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid FROM 'spacelift/writeonly/#'";

async function withRule(rule: Partial<RuleOptions> = {}, options: AwsOptions = {}) {
  const aws = await start(options);
  const queue = aws.queues.create('iot');
  const actions = [{ sqs: { queueUrl: queue.url, roleArn, useBase64: true } }];
  const topicRule = aws.rules.create('spacelift', { sql: vendorSql, actions, ...rule });
  const iot = new IoTClient(as(aws));
  const publish = (topic: string, payload: string | Buffer = '{"a":1}', user?: AwsUser) =>
    new IoTDataPlaneClient(as(aws, user)).send(new PublishCommand({ topic, payload: Buffer.from(payload), qos: 1 }));
  const bodies = () => queue.messages.map(({ body }) => body);
  return { aws, queue, topicRule, iot, publish, bodies };
}

const clients: MqttClient[] = [];
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.endAsync(true)));
});

/** The arguments of a client's next event. */
const next = (client: MqttClient, event: 'connect' | 'close' | 'message') =>
  new Promise<unknown[]>((resolve) => client.once(event, (...args: unknown[]) => resolve(args)));

/** Resolves when connected; rejects when the connection closes instead. */
async function mqtt(server: AwsServer, user?: AwsUser, clientId = 'preflight') {
  const client = connect(signedMqttUrl(server, user), { protocolVersion: 4, reconnectPeriod: 0, clientId });
  clients.push(client);
  client.on('error', () => {});
  const connected = await Promise.race([
    next(client, 'connect').then(() => true),
    next(client, 'close').then(() => false),
  ]);
  if (!connected) throw new Error('closed');
  return client;
}

test('the control plane tells of endpoint and rules', async () => {
  const { aws, queue, topicRule, iot } = await withRule();
  expect(await iot.send(new DescribeEndpointCommand({ endpointType: 'iot:Data-ATS' }))).toMatchObject({
    endpointAddress: 'a1b2c3d4e5f6g7-ats.iot.eu-central-1.amazonaws.com',
  });
  expect(aws.iotEndpoint).toBe('a1b2c3d4e5f6g7-ats.iot.eu-central-1.amazonaws.com');
  const { ruleArn, rule } = await iot.send(new GetTopicRuleCommand({ ruleName: 'spacelift' }));
  expect(ruleArn).toBe(topicRule.arn);
  expect(rule).toMatchObject({
    sql: vendorSql,
    awsIotSqlVersion: '2016-03-23',
    ruleDisabled: false,
    actions: [{ sqs: { queueUrl: queue.url, roleArn, useBase64: true } }],
  });
  expect(rule?.createdAt).toBeInstanceOf(Date);
  aws.rules.create('other', { sql: "SELECT * FROM 'other/+'", actions: [] });
  const names = async (input = {}) =>
    ((await iot.send(new ListTopicRulesCommand(input))).rules ?? []).map(({ ruleName }) => ruleName);
  expect(await names()).toEqual(['spacelift', 'other']);
  expect(await names({ topic: 'other/x' })).toEqual(['other']);
  expect(await iot.send(new ListTopicRulesCommand({ maxResults: 1 }))).toMatchObject({ nextToken: '1' });
  const missing = iot.send(new GetTopicRuleCommand({ ruleName: 'missing' }));
  await expect(missing).rejects.toEqual(
    refused('UnauthorizedException', /^Access to topic rule 'missing' was denied$/),
  );
  const policy = iot.send(new GetPolicyCommand({ policyName: 'missing' }));
  await expect(policy).rejects.toEqual(refused('ResourceNotFoundException'));
});

test("the vendor's rule delivers what is published over HTTPS", async () => {
  const { aws, publish, bodies } = await withRule();
  await publish('spacelift/readonly/pool/worker');
  expect(bodies()).toEqual([]);
  await publish('spacelift/writeonly/POOL/WORKER', '{"run":"7"}');
  const decoded = bodies().map((body) => JSON.parse(Buffer.from(body, 'base64').toString()));
  expect(decoded).toEqual([
    { run: '7', timestamp: expect.any(Number), worker_pool_ulid: 'POOL', worker_ulid: 'WORKER' },
  ]);
  expect(Math.abs(decoded[0].timestamp - Date.now())).toBeLessThan(60_000);
  expect(aws.rules.events).toEqual([
    { rule: 'spacelift', topic: 'spacelift/writeonly/POOL/WORKER', outcome: 'delivered' },
  ]);
});

test.each([
  ['SELECT * FROM "a/+/c"', 'plain', 'plain'],
  [
    "select topic() as t, a.b, 'x' as fixed, 2 as two from 'a/#'",
    '{"a":{"b":1}}',
    '{"t":"a/b/c","b":1,"fixed":"x","two":2}',
  ],
  ["SELECT encode(*, 'base64') AS data, clientid() as id FROM '#'", 'plain', '{"data":"cGxhaW4=","id":""}'],
  ["SELECT concat(upper(k), '-', topic(1)) as k FROM 'a/b/c'", '{"k":"v"}', '{"k":"V-a"}'],
  ["SELECT *, topic(2) as second FROM 'a/b/c'", '', '{"second":"b"}'],
  ["SELECT * FROM 'a/+'", 'plain', undefined],
  ["SELECT * FROM 'a/b/c/+'", 'plain', undefined],
])('%s', async (sql, payload, expected) => {
  const { aws, queue, publish, bodies, topicRule } = await withRule({ sql });
  topicRule.actions = [{ sqs: { queueUrl: queue.url, roleArn } }];
  await publish('a/b/c', payload);
  expect(bodies()).toEqual(expected === undefined ? [] : [expected]);
  expect(aws.published.map(({ topic }) => topic)).toEqual(['a/b/c']);
});

test('a wildcard at the front does not match topics that begin with $', async () => {
  const { publish, bodies } = await withRule({ sql: "SELECT * FROM '#'" });
  await publish('$aws/things/x');
  await publish('aws/things/x');
  expect(bodies()).toHaveLength(1);
});

test('SQL that is not understood is refused where the rule is made', async () => {
  await expect(withRule({ sql: "SELECT * WHERE x FROM 'a'" })).rejects.toThrow(SyntaxError);
  await expect(withRule({ sql: "SELECT * FROM 'a' WHERE b = 1" })).rejects.toThrow(SyntaxError);
});

test('why a message does not arrive', async () => {
  const { aws, queue, topicRule, publish, bodies } = await withRule({}, { roles: [{ arn: roleArn }] });
  const topic = 'spacelift/writeonly/p/w';
  const outcome = async (payload?: string) => {
    await publish(topic, payload);
    return aws.rules.events.at(-1)?.outcome;
  };
  expect(await outcome('not JSON')).toBe('sql-failed');
  const [action] = topicRule.actions;
  const use = (sqs: object) => {
    topicRule.actions = [{ sqs: { queueUrl: queue.url, roleArn, ...action?.sqs, ...sqs } }];
  };
  use({ roleArn: 'arn:aws:iam::123456789012:role/other' });
  expect(await outcome()).toBe('role-denied');
  use({ queueUrl: `${queue.url}-gone` });
  expect(await outcome()).toBe('queue-missing');
  use({ queueUrl: aws.queues.create('iot.fifo').url });
  expect(await outcome()).toBe('queue-refused');
  topicRule.ruleDisabled = true;
  const events = aws.rules.events.length;
  await publish(topic);
  expect(aws.rules.events.length).toBe(events);
  expect(bodies()).toEqual([]);
});

test('what the vendor lets a service publish, and no more', async () => {
  const user = limited({ Action: 'iot:Publish', Resource: 'arn:aws:iot:*:*:topic/spacelift/readonly/*' });
  const { aws, publish } = await withRule({}, { users: [administrator, user] });
  await publish('spacelift/readonly/preflight/run', 'x', user);
  const denied = publish('spacelift/writeonly/preflight/run', 'x', user);
  await expect(denied).rejects.toEqual(refused('ForbiddenException', /^Forbidden$/));
  await expect(publish('a/+/b')).rejects.toEqual(refused('InvalidRequestException'));
  expect(aws.published.map(({ topic }) => topic)).toEqual(['spacelift/readonly/preflight/run']);
  expect(aws.requests.at(-1)).toMatchObject({ service: 'iotdata', action: 'Publish', target: 'a/+/b' });
});

test('MQTT over a signed WebSocket: round trip, from and to HTTPS, and through the rules', async () => {
  const { aws, publish, bodies } = await withRule();
  const client = await mqtt(aws);
  expect(aws.mqttClients()).toBe(1);
  await client.subscribeAsync('spacelift/readonly/#', { qos: 1 });
  const received = next(client, 'message');
  await client.publishAsync('spacelift/readonly/preflight/1', 'round trip', { qos: 1 });
  expect((await received).map(String).slice(0, 2)).toEqual(['spacelift/readonly/preflight/1', 'round trip']);
  const fromHttps = next(client, 'message');
  await publish('spacelift/readonly/pool/worker', 'job');
  expect(String((await fromHttps)[1])).toBe('job');
  await client.publishAsync('spacelift/writeonly/POOL/WORKER', JSON.stringify({ big: 'x'.repeat(100_000) }), {
    qos: 1,
  });
  expect(bodies()).toHaveLength(1);
  await client.endAsync();
  await expect.poll(() => aws.mqttClients()).toBe(0);
});

test('a WebSocket whose signature does not hold is refused before it opens', async () => {
  const temporary = { ...administrator, accessKeyId: 'ASIATEMPORARY', sessionToken: 'token' };
  const aws = await start({ users: [administrator, temporary] });
  const refusal = async (url: string) => {
    const socket = new WebSocket(url, 'mqtt').on('error', () => {});
    const [, response] = await once(socket, 'unexpected-response');
    response.setEncoding('utf8');
    let body = '';
    for await (const chunk of response) body += chunk;
    return { status: response.statusCode, type: response.headers['x-amzn-errortype'], ...JSON.parse(body) };
  };
  const forbidden = (message: RegExp) => ({
    status: 403,
    type: 'ForbiddenException',
    message: expect.stringMatching(message),
    traceId: expect.any(String),
  });
  const hourAgo = Date.now() - 60 * 60_000;
  const wrongSecret = { ...administrator, secretAccessKey: 'wrong' };
  expect(await refusal(aws.mqttUrl)).toEqual(forbidden(/^Missing Authentication Token$/));
  expect(await refusal(signedMqttUrl(aws, wrongSecret))).toEqual(forbidden(/^The request signature we calculated/));
  expect(await refusal(signedMqttUrl(aws, administrator, { at: hourAgo }))).toEqual(forbidden(/^Signature expired/));
  expect(await refusal(signedMqttUrl(aws, administrator, { region: 'us-east-1' }))).toEqual(forbidden(/valid region/));
  const tokenless = { ...administrator, accessKeyId: temporary.accessKeyId };
  expect(await refusal(signedMqttUrl(aws, tokenless))).toEqual(forbidden(/security token/));
  await mqtt(aws, temporary);
  expect(aws.requests.map(({ action, status }) => `${action} ${status}`)).toEqual([
    ...Array(5).fill('Connect 403'),
    'Connect 101',
  ]);
});

test('the WebSocket over TLS, and its faults', async () => {
  const authority = await makeCa();
  const { keyPem: key, certPem: cert } = await authority.issue({ names: ['127.0.0.1'] });
  const aws = await start({ tls: { key, cert } });
  const open = () => new WebSocket(signedMqttUrl(aws), 'mqtt', { ca: authority.certPem }).on('error', () => {});
  const socket = open();
  await once(socket, 'open');
  expect(socket.protocol).toBe('mqtt');
  aws.faults = { resetFor: ({ action }) => action === 'Connect' };
  const closed = (ended: WebSocket) => new Promise((resolve) => ended.once('close', resolve));
  await closed(open());
  aws.faults = { statusFor: () => ({ status: 503, code: 'ServiceUnavailableException' }) };
  const [, response] = await once(open(), 'unexpected-response');
  expect(response.statusCode).toBe(503);
  aws.faults = { hangFor: () => true };
  const hanging = open();
  const ends = Promise.all([closed(hanging), closed(socket)]);
  await expect.poll(() => aws.requests.map(({ status }) => status)).toEqual([101, 0, 503, 0]);
  expect(hanging.readyState).toBe(WebSocket.CONNECTING);
  await aws.close();
  await ends;
});

test('a policy that forbids closes the connection without a word', async () => {
  const arn = 'arn:aws:iot:eu-central-1:123456789012';
  const user = limited(
    { Action: 'iot:Connect', Resource: `${arn}:client/preflight*` },
    { Action: ['iot:Publish', 'iot:Receive'], Resource: `${arn}:topic/a/*` },
    { Action: 'iot:Subscribe', Resource: `${arn}:topicfilter/*` },
  );
  const { aws, publish } = await withRule({}, { users: [administrator, user] });
  await expect(mqtt(aws, user, 'someone-else')).rejects.toThrow('closed');
  const publisher = await mqtt(aws, user, 'preflight-1');
  const closed = next(publisher, 'close');
  publisher.publishAsync('b/c', 'x', { qos: 1 }).catch(() => {});
  await closed;
  const reader = await mqtt(aws, user, 'preflight-2');
  await reader.subscribeAsync('#');
  const received = next(reader, 'message');
  await publish('b/not-to-be-received');
  await publish('a/b');
  expect((await received)[0]).toBe('a/b');
  user.policy = { Statement: { Effect: 'Allow', Action: 'iot:Connect', Resource: '*' } };
  const subscriber = await mqtt(aws, user, 'preflight-3');
  const ended = next(subscriber, 'close');
  subscriber.subscribeAsync('a/b').catch(() => {});
  await ended;
  expect(aws.published.map(({ topic }) => topic)).toEqual(['b/not-to-be-received', 'a/b']);
});
