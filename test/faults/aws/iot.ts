/** Faults of IoT Core, and of the X-Ray daemon beside it. */
import { ENDPOINT } from '../../../checks/mqtt-broker/endpoint.ts';
import type { TopicRule } from '../../services/aws/index.ts';
import { refusedPort } from '../../services/tcp.ts';
import { config, elsewhere, once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';
import { awsFaults, denies, fields, lacks } from './arrange.ts';

const RULE = ['mqtt-broker/iotcore/topic-rule'];
const PUBLISH = ['mqtt-broker/iotcore/publish'];
const endpoint = (change: (value: string) => string): Arrange =>
  config((variables) => ({ [ENDPOINT]: change(variables[ENDPOINT] ?? '') }));
const rule = (change: (rule: TopicRule) => Partial<TopicRule>): Arrange =>
  fields(
    (eks) => eks.rule,
    (_, held) => change(held),
  );
const action = (change: (sqs: TopicRule['actions'][number]['sqs']) => object): Arrange =>
  rule(({ actions }) => ({ actions: actions.map(({ sqs }) => ({ sqs: { ...sqs, ...change(sqs) } })) }));
const failing = (code: string, status: number, when: (request: string) => boolean = () => true): Arrange =>
  awsFaults({
    statusFor: ({ service, action: of }) =>
      service === 'iotdata' && when(of) ? { status, code, headers: { 'retry-after': '1' } } : undefined,
  });

export const IOT: readonly Fault[] = [
  {
    name: 'an IoT Core endpoint with a scheme',
    arrange: endpoint((value) => `https://${value}`),
    fail: ['mqtt-broker/endpoint'],
    says: /MQTT_BROKER_ENDPOINT starts with https:\/\//,
  },
  {
    name: 'an IoT Core endpoint with a port',
    arrange: endpoint((value) => `${value}:8883`),
    fail: ['mqtt-broker/endpoint'],
    says: /MQTT_BROKER_ENDPOINT has a port: .*:8883/,
  },
  {
    name: 'an IoT Core endpoint of another region',
    arrange: endpoint((value) => value.replace('eu-central-1', 'eu-west-1')),
    fail: ['mqtt-broker/iotcore/endpoint'],
    says: /MQTT_BROKER_ENDPOINT is in eu-west-1, but AWS_REGION is eu-central-1/,
  },
  {
    name: 'an IoT Core endpoint of another account',
    arrange: endpoint((value) => value.replace(/^[^-]+/, 'a0b1c2d3e4f5g6')),
    fail: ['mqtt-broker/iotcore/endpoint'],
    says: /a0b1c2d3e4f5g6-ats\.iot\.eu-central-1\.amazonaws\.com does not belong to account 123456789012/,
  },
  {
    name: 'the older endpoint of IoT Core',
    arrange: endpoint((value) => value.replace('-ats', '')),
    warn: ['mqtt-broker/iotcore/endpoint'],
    says: /is this account’s legacy endpoint, with a certificate that few systems still trust/,
  },
  {
    name: 'a namespace of two levels',
    arrange: config(() => ({ MQTT_BROKER_IOTCORE_NAMESPACE: 'corp/spacelift' })),
    fail: ['mqtt-broker/iotcore/publish'],
    says: /MQTT_BROKER_IOTCORE_NAMESPACE is not a single topic level: "corp\/spacelift"/,
  },
  {
    name: 'a namespace that the topic rule does not have',
    arrange: config(() => ({ MQTT_BROKER_IOTCORE_NAMESPACE: 'production' })),
    fail: RULE,
    says: /topic rule spacelift selects from 'spacelift\/writeonly\/#', not 'production\/writeonly\/#'/,
  },
  {
    name: 'the topic rule disabled',
    arrange: rule(() => ({ ruleDisabled: true })),
    fail: RULE,
    says: /topic rule spacelift is disabled/,
  },
  {
    name: 'a topic rule on the topics of the server',
    arrange: rule(({ sql }) => ({ sql: sql.replace('writeonly', 'readonly') })),
    fail: RULE,
    says: /topic rule spacelift selects from 'spacelift\/readonly\/#'/,
  },
  {
    name: 'a topic rule that takes the wrong level of the topic',
    arrange: rule(({ sql }) => ({ sql: sql.replace('topic(4)', 'topic(5)') })),
    fail: RULE,
    says: /topic rule spacelift selects topic\(5\) as worker_ulid, not topic\(4\)/,
  },
  {
    name: 'a topic rule of an older SQL version',
    arrange: rule(() => ({ awsIotSqlVersion: '2015-10-08' })),
    fail: RULE,
    says: /topic rule spacelift has SQL version 2015-10-08, not 2016-03-23/,
  },
  {
    name: 'a topic rule that does not encode',
    arrange: action(() => ({ useBase64: false })),
    fail: RULE,
    says: /topic rule spacelift sends without useBase64/,
  },
  {
    name: 'a topic rule that sends to another queue',
    arrange: action(({ queueUrl }) => ({ queueUrl: queueUrl.replace('spacelift-iot', 'spacelift-async') })),
    fail: RULE,
    says: /topic rule spacelift sends to https:\S+spacelift-async, not to https:\S+spacelift-iot/,
  },
  {
    name: 'a topic rule without an action',
    arrange: rule(() => ({ actions: [] })),
    fail: RULE,
    says: /topic rule spacelift has no SQS action/,
  },
  {
    name: 'a topic rule that selects more',
    arrange: rule(({ sql }) => ({ sql: sql.replace('SELECT *', 'SELECT *, clientid() as client') })),
    warn: RULE,
    says: /topic rule spacelift selects more than Spacelift expects: clientid\(\) as client/,
  },
  {
    name: 'the topic rule in another region',
    arrange: rule(() => ({ region: 'eu-west-1' })),
    fail: RULE,
    says: /no topic rule sends 'spacelift\/writeonly\/#' to spacelift-iot/,
  },
  {
    name: 'iot:Publish denied to an operator',
    arrange: denies('operator', 'iot:Publish'),
    fail: PUBLISH,
    says: /the credentials lack iot:Publish on spacelift\/readonly\/preflight\/…/,
  },
  {
    name: 'iot:Publish denied to the server',
    as: 'server',
    arrange: lacks('server', ['iot:Publish']),
    fail: PUBLISH,
    says: /the credentials lack iot:Publish on spacelift\/readonly\/preflight\/…/,
    leaves: true,
  },
  {
    name: 'a role of the topic rule that may not send',
    arrange: fields(
      ({ ruleRole }) => ruleRole,
      () => ({ policy: { Version: '2012-10-17', Statement: [] } }),
    ),
    fail: ['mqtt-broker/iotcore/delivery'],
    says: /messages published on spacelift\/writeonly\/preflight\/… do not arrive in spacelift-iot\n.*the rule’s action failed, most often because of its role/,
  },
  { name: 'an operator who may not connect to IoT Core', arrange: denies('operator', ['iot:Connect']) },
  { name: 'an operator who may not read topic rules', arrange: denies('operator', ['iot:ListTopicRules']) },
  { name: 'an IoT Core that fails once', arrange: (there) => failing('InternalFailure', 500, once())(there) },
  {
    name: 'an IoT Core that always fails',
    arrange: failing('InternalFailure', 500),
    fail: PUBLISH,
    says: /IoT Core failed \(HTTP 500\)/,
  },
  {
    name: 'a load balancer that knows no WebSockets',
    arrange: awsFaults({
      statusFor: ({ action: of }) => (of === 'Connect' ? { status: 400, code: 'BadRequest' } : undefined),
    }),
    fail: ['mqtt-broker/iotcore/round-trip'],
    says: /did not open a WebSocket connection \(HTTP 400\)/,
  },
  {
    name: 'a topic rule on all topics',
    arrange: rule(({ sql }) => ({ sql: sql.replace('spacelift/writeonly/#', 'spacelift/#') })),
    fail: RULE,
    says: /topic rule spacelift selects from 'spacelift\/#', not 'spacelift\/writeonly\/#'/,
  },
  {
    name: 'an X-Ray daemon that does not resolve',
    arrange: config(() => ({ AWS_XRAY_DAEMON_ADDRESS: 'xray.does-not-exist.invalid:2000' })),
    warn: ['observability/xray'],
    says: /xray\.does-not-exist\.invalid does not resolve/,
  },
  {
    name: 'an X-Ray daemon beside Spacelift that can’t be reached from here',
    arrange: elsewhere('AWS_XRAY_DAEMON_ADDRESS', refusedPort),
  },
];
