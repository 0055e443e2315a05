import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, onTestFinished, test } from 'vitest';
import { CHECKS } from '../../../checks/index.ts';
import { administrator } from '../../services/aws/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { makeCa } from '../../services/tls.ts';
import { expectNoLeak } from '../../support/leaks.ts';
import { useDatabases } from '../message-queues/databases.ts';
import { ALL, type IotWorld, id, operatorWithout, roleOf, startIot, told } from './iotcore-world.ts';

const databases = useDatabases();

const FORM = id('well-formed');
const healthy = (...rules: string[]) => ({ fail: [], warn: [], pass: rules.map(id) });
const topicsOf = ({ aws }: IotWorld) => aws.published.map(({ topic }) => topic.replace(/[0-9a-f-]{36}/, '<run>'));

describe('healthy', () => {
  test('an operator: every rule passes, and nothing stays behind', async () => {
    const world = await startIot(databases.empty);
    const before = world.aws.snapshot();
    const result = await world.check();
    expect(told(result)).toEqual({ fail: [], warn: [], pass: [FORM, ...ALL] });
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
    expect(topicsOf(world).sort()).toEqual([
      'spacelift/readonly/preflight/<run>',
      'spacelift/readonly/preflight/<run>/mqtt',
      'spacelift/writeonly/preflight/<run>',
    ]);
    await expect.poll(() => world.aws.mqttClients()).toBe(0);
    expectNoLeak(world.variables, result.run, result.deployment);
  });

  test('beside the queues’ own trials, and who the caller is', async () => {
    const world = await startIot(databases.empty);
    const before = world.aws.snapshot();
    const result = await world.check({ checks: CHECKS, only: ['identity/*', 'message-queues/*', 'mqtt-broker/*'] });
    expect(result.ids('fail').concat(result.ids('warn'))).toEqual([]);
    expect(result.ids('pass')).toEqual(expect.arrayContaining([...ALL, 'message-queues/iot/access']));
    expect(result.run.leftovers).toEqual([]);
    expect(world.aws.snapshot()).toEqual(before);
  });

  test.each(['server', 'drain'] as const)('the %s, with exactly its permissions', async (service) => {
    const world = await startIot(databases.empty);
    const before = world.aws.snapshot();
    const result = await world.check({ as: roleOf(service), service });
    expect(told(result)).toEqual(healthy('well-formed', 'publish', 'control-plane'));
    expect(result.ids('skip')).toEqual(ALL.slice(1).filter((rule) => rule !== id('control-plane')));
    const signed = world.aws.requests.filter(({ user }) => user !== undefined);
    expect(signed.map(({ action }) => action)).toEqual(['Publish']);
    expect(world.aws.snapshot()).toEqual(before);
    expectNoLeak(world.variables, result.run, result.deployment);
  });

  test.each(['server', 'drain'] as const)(
    'the %s’s role without --service: skips that name the permission',
    async (service) => {
      const world = await startIot(databases.empty);
      const before = world.aws.snapshot();
      const result = await world.check({ as: roleOf(service) });
      expect(told(result)).toEqual(healthy('well-formed', 'publish', 'control-plane'));
      expect(result.finding(id('round-trip')).title).toContain('the credentials lack iot:Connect');
      expect(result.finding(id('endpoint')).title).toContain('the credentials lack iot:DescribeEndpoint');
      expect(result.finding(id('topic-rule')).title).toContain('the credentials lack iot:ListTopicRules');
      expect(result.finding(id('delivery')).title).toMatch(
        service === 'drain' ? /the credentials lack iot:Publish/ : /only the drain/,
      );
      expect(world.aws.snapshot()).toEqual(before);
      expect(result.run.leftovers).toEqual([]);
    },
  );

  test('the scheduler uses no broker', async () => {
    const world = await startIot(databases.empty);
    expect((await world.check({ as: roleOf('scheduler'), service: 'scheduler' })).findings).toEqual([]);
    expect(world.aws.requests).toEqual([]);
  });

  test('a worker has no credentials: the way is tried, and no more', async () => {
    const world = await startIot(databases.empty);
    const { MQTT_BROKER_ENDPOINT = '' } = world.variables;
    const variables = Object.fromEntries(Object.keys(world.variables).map((name) => [name, undefined]));
    const result = await world.check({ service: 'worker', variables: { ...variables, MQTT_BROKER_ENDPOINT } });
    expect(told(result)).toEqual(healthy('well-formed'));
    expect(result.finding(id('publish')).title).toMatch(/^127\.0\.0\.1:\d+ responds; nothing was published$/);
    expect(world.aws.requests).toEqual([]);
  });

  test('a custom domain, when publishing through it works', async () => {
    const world = await startIot(databases.empty);
    const variables = { MQTT_BROKER_ENDPOINT: 'mqtt.spacelift.corp.internal' };
    const result = await world.check({ variables });
    expect(told(result)).toEqual({ fail: [], warn: [], pass: [FORM, ...ALL] });
    expect(result.finding(id('endpoint')).title).toBe('mqtt.spacelift.corp.internal accepts this account’s messages');
  });

  test('another namespace, and a queue that is given by its name', async () => {
    const world = await startIot(databases.empty);
    world.rule.sql = world.rule.sql.replace("'spacelift/", "'acme/");
    const result = await world.check({
      variables: { MQTT_BROKER_IOTCORE_NAMESPACE: 'acme', MESSAGE_QUEUE_SQS_IOT_URL: 'spacelift-iot' },
    });
    expect(told(result)).toEqual({ fail: [], warn: [], pass: [FORM, ...ALL] });
  });

  test('temporary credentials: their token is no part of the WebSocket’s signature', async () => {
    const world = await startIot(databases.empty);
    const as = { ...administrator, accessKeyId: 'ASIATEMPORARY', sessionToken: 'a-long/session+token==' };
    const result = await world.check({ as, environment: { AWS_SESSION_TOKEN: as.sessionToken } });
    expect(told(result)).toEqual({ fail: [], warn: [], pass: [FORM, ...ALL] });
    expect(JSON.stringify(result.findings)).not.toContain('session+token');
  });

  test('at AWS’s own names, over TLS, through a proxy', async () => {
    const authority = await makeCa();
    const names = ['*.iot.eu-central-1.amazonaws.com', '*.eu-central-1.amazonaws.com'];
    const { keyPem: key, chainPem: cert } = await authority.issue({ names });
    const world = await startIot(databases.empty, { tls: { key, cert } });
    const port = Number(new URL(world.aws.url).port);
    const proxy = await startConnectProxy((host) => (host.endsWith('.eu-central-1.amazonaws.com') ? port : undefined));
    onTestFinished(() => proxy.close());
    const environment = { AWS_ENDPOINT_URL: undefined, HTTPS_PROXY: proxy.url };
    const result = await world.check({ environment, authorities: authority.certPem });
    expect(told(result)).toEqual({ fail: [], warn: [], pass: [FORM, ...ALL] });
    expect([...new Set(proxy.asked)].sort()).toEqual([
      `${world.aws.iotEndpoint}:443`,
      'iot.eu-central-1.amazonaws.com:443',
      'sqs.eu-central-1.amazonaws.com:443',
    ]);
  });

  test('leaves no connection open', async () => {
    const world = await startIot(databases.empty);
    const sockets = () => process.getActiveResourcesInfo().filter((name) => name === 'TCPSocketWrap').length;
    await world.check();
    await sleep(100);
    const before = sockets();
    for (let i = 0; i < 3; i++) await world.check({ as: i === 1 ? operatorWithout('iot:Subscribe') : administrator });
    await expect.poll(sockets).toBeLessThanOrEqual(before);
  });

  test('at 50 ms a request: no longer than the longest single chain', async () => {
    const world = await startIot(databases.empty);
    await world.check();
    world.aws.faults = { delayMs: 50 };
    const result = await world.check();
    const longest = Math.max(...result.findings.map(({ durationMs }) => durationMs));
    expect(told(result).fail).toEqual([]);
    expect(result.run.durationMs).toBeLessThan(longest * 1.3);
  });
});

describe('where nothing may be sent, or nothing is permitted: skips that say so', () => {
  const messagesOf = (world: IotWorld) => topicsOf(world).filter((topic) => topic.includes('writeonly'));

  test.each<[string, () => Parameters<IotWorld['check']>[0] & { database?: string }, RegExp]>([
    ['Spacelift is installed', () => ({ database: databases.installed }), /Spacelift is already installed/],
    ['--phase post-install', () => ({ phase: 'post-install' }), /\(phase post-install\)/],
    ['the database can’t be asked', () => ({ database: 'postgres://u:p@127.0.0.1:1/d' }), /does not show/],
    ['these credentials may not delete', () => ({ as: operatorWithout('sqs:deletemessage') }), /delete/],
  ])('%s', async (_, how, says) => {
    const { database = databases.empty, ...options } = how();
    const world = await startIot(database);
    const result = await world.check(options);
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding(id('delivery'))).toMatchObject({ status: 'skip', title: expect.stringMatching(says) });
    expect(result.ids('pass')).toEqual([FORM, ...ALL.slice(0, -1)]);
    expect(messagesOf(world)).toEqual([]);
  });

  test('the queue is not empty', async () => {
    const world = await startIot(databases.empty);
    world.queue('iot').send({ body: 'somebody’s', sender: 'x' });
    const before = world.aws.snapshot();
    const result = await world.check();
    expect(result.finding(id('delivery'))).toMatchObject({
      status: 'skip',
      title: expect.stringContaining('contains 1 message'),
    });
    expect(world.aws.snapshot()).toEqual(before);
    expect(messagesOf(world)).toEqual([]);
  });

  test('--read-only: nothing is published, and what can be read is', async () => {
    const world = await startIot(databases.empty);
    const result = await world.check({ readOnly: true });
    expect(told(result)).toEqual(healthy('well-formed', 'endpoint', 'topic-rule', 'control-plane'));
    expect(result.finding(id('publish')).title).toBe('nothing was published: --read-only');
    expect(world.aws.published).toEqual([]);
    const custom = await world.check({ readOnly: true, variables: { MQTT_BROKER_ENDPOINT: 'mqtt.corp.internal' } });
    expect(custom.finding(id('endpoint')).status).toBe('skip');
  });

  test.each([
    ['Connect', 'client/spacelift-preflight-*'],
    ['Subscribe', 'topicfilter/spacelift/readonly/preflight/*'],
    ['Receive', 'topic/spacelift/readonly/preflight/*'],
  ])('iot:%s denied', async (action, resource) => {
    const world = await startIot(databases.empty);
    const result = await world.check({ as: operatorWithout(`iot:${action}`) });
    expect(result.ids('fail')).toEqual([]);
    expect(result.ids('skip')).toEqual([id('round-trip')]);
    const finding = result.finding(id('round-trip'));
    expect(finding.title).toContain(`the credentials lack iot:${action}`);
    expect(finding.fix).toContain(
      `{"Effect":"Allow","Action":"iot:${action}","Resource":"arn:aws:iot:eu-central-1:123456789012:${resource}"}`,
    );
    await expect.poll(() => world.aws.mqttClients()).toBe(0);
  });

  test.each([
    ['DescribeEndpoint', 'endpoint'],
    ['ListTopicRules', 'topic-rule'],
    ['GetTopicRule', 'topic-rule'],
  ])('iot:%s denied', async (action, rule) => {
    const world = await startIot(databases.empty);
    const result = await world.check({ as: operatorWithout(`iot:${action}`) });
    expect(result.ids('fail').concat(result.ids('warn'))).toEqual([]);
    expect(result.ids('skip')).toEqual([id(rule)]);
    expect(result.finding(id(rule)).title).toContain(`the credentials lack iot:${action}`);
    expect(result.finding(id(rule)).fix).toContain(`"Action":"iot:${action}"`);
  });

  test('the control plane can’t be reached', async () => {
    const world = await startIot(databases.empty);
    const result = await world.check({ environment: { AWS_ENDPOINT_URL_IOT: 'http://127.0.0.1:1' } });
    expect(result.ids('fail').concat(result.ids('warn'))).toEqual([id('control-plane')]);
    expect(result.ids('skip')).toEqual([id('endpoint'), id('topic-rule')]);
    expect(result.finding(id('topic-rule')).title).toBe(
      'the topic rules could not be read: 127.0.0.1:1 refused the connection',
    );
  });
});
