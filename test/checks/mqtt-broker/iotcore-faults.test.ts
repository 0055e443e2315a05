import { describe, expect, onTestFinished, test } from 'vitest';
import { type AwsUser, administrator, startAws } from '../../services/aws/index.ts';
import { startHttp } from '../../services/tcp.ts';
import { makeCa } from '../../services/tls.ts';
import { useDatabases } from '../message-queues/databases.ts';
import { ALL, checked, expectOne, expectPointers, id, operatorWithout, roleOf, startIot } from './iotcore-world.ts';

const databases = useDatabases();

const FORM = id('well-formed');
describe('endpoint', () => {
  test('malformed: nothing is tried', async () => {
    const world = await startIot(databases.empty);
    const value = `https://${world.aws.iotEndpoint}`;
    const found = await expectOne(world, FORM, { variables: { MQTT_BROKER_ENDPOINT: value } });
    expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
    expectPointers(found.result, FORM, 'publish', 'round-trip', 'endpoint', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
  });

  test('without SQS: one failure, of the pairing', async () => {
    const world = await startIot(databases.empty);
    const variables = { MESSAGE_QUEUE_TYPE: 'postgres' };
    const found = await expectOne(world, 'pairing/iotcore-needs-sqs', { variables });
    expect(found.title).toBe('IoT Core needs SQS, but the message queue is postgres');
    expect(world.aws.published).toEqual([]);
  });
});

describe('iotcore/publish', () => {
  test.each([
    ['an operator', () => ({ as: operatorWithout('iot:Publish') })],
    ['the server', () => ({ as: { ...roleOf('server'), policy: { Statement: [] } }, service: 'server' as const })],
  ])('denied to %s: the action, the resource and the statement', async (_, how) => {
    const world = await startIot(databases.empty);
    const { result, ...found } = await expectOne(world, id('publish'), how());
    expect(found.title).toBe('the credentials lack iot:Publish on spacelift/readonly/preflight/…');
    expect(found.fix).toContain(
      '{"Effect":"Allow","Action":"iot:Publish","Resource":"arn:aws:iot:eu-central-1:123456789012:topic/spacelift/readonly/*"}',
    );
    expect(found.evidence).toMatchObject({ denied: 'iot:Publish' });
    expect(result.finding(id('delivery')).status).toBe('skip');
  });

  test.each<[string, Partial<AwsUser>, string]>([
    ['an unknown key', { accessKeyId: 'AKIAUNKNOWN' }, 'AWS does not recognize the access key'],
    ['a wrong secret', { secretAccessKey: 'a-wrong-secret-0123456789' }, 'rejected the secret key'],
  ])('%s: one failure for all of it', async (_, change, says) => {
    const world = await startIot(databases.empty);
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
    ['a clock that is wrong', () => ({}), 3_600_000, 'the clocks of this machine and AWS differ'],
  ])('%s, where nothing else tells: one failure', async (_, change, clockOffsetMs, says) => {
    const world = await startIot(databases.empty);
    const as = { ...administrator, ...change() };
    world.aws.users = [as];
    world.aws.faults = { clockOffsetMs };
    const result = await world.check({ as });
    expect(result.ids('fail')).toEqual([id('publish')]);
    expect(result.finding(id('publish')).title).toContain(says);
    expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'topic-rule', 'delivery');
  });

  test('credentials of another account', async () => {
    const world = await startIot(databases.empty);
    const as = { ...administrator, accessKeyId: 'AKIASTRANGER', arn: 'arn:aws:iam::210987654321:user/stranger' };
    const found = await expectOne(world, 'identity/account', { as });
    expect(found.title).toContain('210987654321');
  });

  test('a name that does not resolve: one failure for publishing, the WebSocket and the domain', async () => {
    const world = await startIot(databases.empty);
    const { url } = world.aws;
    const environment = {
      AWS_ENDPOINT_URL: undefined,
      ...Object.fromEntries(['IOT', 'SQS', 'STS'].map((service) => [`AWS_ENDPOINT_URL_${service}`, url])),
    };
    const variables = { MQTT_BROKER_ENDPOINT: 'mqtt.spacelift.invalid' };
    const allowCredentialsTo = ['mqtt.spacelift.invalid', 'mqtt.corp.internal'];
    const { result, ...found } = await expectOne(world, id('publish'), { environment, variables, allowCredentialsTo });
    expect(found.title).toMatch(/mqtt\.spacelift\.invalid/);
    expect(found.fix).toContain('MQTT_BROKER_ENDPOINT');
    expect(found.evidence).toMatchObject({ port: 443 });
    expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'delivery');
    expect(result.ids('pass')).toContain(id('topic-rule'));
    const worker = await world.check({ environment, variables, allowCredentialsTo, service: 'worker' });
    expect(worker.ids('fail')).toEqual([id('publish')]);
    const outside = await world.check({
      environment,
      allowCredentialsTo,
      variables: { MQTT_BROKER_ENDPOINT: 'mqtt.corp.internal' },
      from: 'outside',
    });
    expect(outside.ids('fail')).toEqual([]);
    expect(outside.finding(id('publish')).title).toMatch(/^mqtt\.corp\.internal can.t be reached/);
  });

  test.each([undefined, 'server', 'worker'] as const)(
    'the older endpoint, whose certificate is not trusted (%s): what to set instead',
    async (service) => {
      const world = await startIot(databases.empty);
      const { keyPem: key, chainPem: cert } = await (await makeCa()).issue({ names: ['127.0.0.1'] });
      const behindTls = await startAws({ tls: { key, cert } });
      onTestFinished(() => behindTls.close());
      const { result, ...found } = await expectOne(world, id('publish'), {
        ...(service !== undefined && { service }),
        environment: { AWS_ENDPOINT_URL_IOT_DATA_PLANE: behindTls.url },
        variables: { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('-ats', '') },
      });
      expect(found.title).toContain('a certificate authority (CA) that is not trusted here');
      expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
      if (service === undefined) expectPointers(result, id('publish'), 'round-trip', 'endpoint', 'delivery');
    },
  );

  test('something else answers', async () => {
    const world = await startIot(databases.empty);
    const page = await startHttp(200, '<html>', { 'content-type': 'text/html' });
    onTestFinished(() => page.close());
    const environment = { AWS_ENDPOINT_URL_IOT_DATA_PLANE: `http://127.0.0.1:${page.port}` };
    const found = await expectOne(world, id('publish'), { environment });
    expect(found.title).toContain('does not look like IoT Core');
  });

  test('a namespace that is no topic', async () => {
    const world = await startIot(databases.empty);
    const variables = { MQTT_BROKER_IOTCORE_NAMESPACE: 'acme/spacelift' };
    const found = await expectOne(world, id('publish'), { variables });
    expect(found.title).toBe('MQTT_BROKER_IOTCORE_NAMESPACE is not a single topic level: "acme/spacelift"');
    expectPointers(found.result, id('publish'), 'round-trip', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
  });

  test('a service that hangs', async () => {
    const world = await startIot(databases.empty);
    world.aws.faults = { hangFor: ({ service }) => service === 'iotdata' || service === 'iotdevicegateway' };
    const { result, ...found } = await expectOne(world, id('publish'));
    expect(found.title).toMatch(/^connected to .* within 10 s$/);
    expectPointers(result, id('publish'), 'round-trip', 'delivery');
  });
});

describe('iotcore/round-trip', () => {
  test('a proxy that lets no WebSocket through', async () => {
    const world = await startIot(databases.empty);
    world.aws.faults = {
      statusFor: ({ action }) => (action === 'Connect' ? { status: 426, code: 'UpgradeRequired' } : undefined),
    };
    const found = await expectOne(world, id('round-trip'));
    expect(found.title).toMatch(/^127\.0\.0\.1:\d+ did not open a WebSocket connection \(HTTP 426\)$/);
    expect(found.fix).toContain('Upgrade: websocket');
    expect(found.result.ids('pass')).toEqual(
      expect.arrayContaining([FORM, ...ALL.filter((rule) => rule !== id('round-trip'))]),
    );
  });

  test('a connection that is reset', async () => {
    const world = await startIot(databases.empty);
    world.aws.faults = { resetFor: ({ action }) => action === 'Connect' };
    expect((await expectOne(world, id('round-trip'))).title).toContain('closed the connection');
  });
});

describe('iotcore/endpoint', () => {
  test('of another region: nothing is published there', async () => {
    const world = await startIot(databases.empty);
    const variables = { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('eu-central-1', 'eu-west-1') };
    const found = await expectOne(world, id('endpoint'), { variables });
    expect(found.title).toBe('MQTT_BROKER_ENDPOINT is in eu-west-1, but AWS_REGION is eu-central-1');
    expectPointers(found.result, id('endpoint'), 'publish', 'round-trip', 'topic-rule', 'delivery');
    expect(world.aws.published).toEqual([]);
    const asServer = await expectOne(world, id('endpoint'), { variables, as: roleOf('server'), service: 'server' });
    expect(asServer.title).toBe(found.title);
  });

  test('of another account', async () => {
    const world = await startIot(databases.empty);
    const variables = { MQTT_BROKER_ENDPOINT: `zzzz${world.aws.iotEndpoint}` };
    const found = await expectOne(world, id('endpoint'), { variables });
    expect(found.title).toBe(`zzzz${world.aws.iotEndpoint} does not belong to account 123456789012`);
    expect(found.fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
  });

  test('of another account, which refuses what is published: one failure', async () => {
    const world = await startIot(databases.empty);
    const forbidden = { status: 403, code: 'ForbiddenException', message: 'Forbidden' };
    world.aws.faults = {
      statusFor: ({ service }) => (['iotdata', 'iotdevicegateway'].includes(service) ? forbidden : undefined),
    };
    const variables = { MQTT_BROKER_ENDPOINT: `zzzz${world.aws.iotEndpoint}` };
    const found = await expectOne(world, id('endpoint'), { variables });
    expectPointers(found.result, id('endpoint'), 'publish', 'delivery');
  });

  test('the account’s older endpoint, where it is still trusted: a warning', async () => {
    const world = await startIot(databases.empty);
    const variables = { MQTT_BROKER_ENDPOINT: world.aws.iotEndpoint.replace('-ats', '') };
    const result = await checked(world, { variables });
    expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [], warn: [id('endpoint')] });
    expect(result.finding(id('endpoint')).fix).toBe(`set MQTT_BROKER_ENDPOINT=${world.aws.iotEndpoint}`);
  });
});
