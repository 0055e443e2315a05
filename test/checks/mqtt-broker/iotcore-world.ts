/** IoT Core as the vendor's module sets it up, beside its queues, on the AWS test server, and the check of it. */
import { expect } from 'vitest';
import { CHECKS } from '../../../checks/index.ts';
import { mqttBroker } from '../../../checks/mqtt-broker/index.ts';
import type { Service } from '../../../src/config/options.ts';
import type { AwsOptions, AwsRole, AwsServer, AwsUser, Statement, TopicRule } from '../../services/aws/index.ts';
import { expectNoLeak } from '../../support/leaks.ts';
import type { Result } from '../../support/preflight.ts';
import { arnOf, POLICIES, role, startWorld, type World } from '../message-queues/sqs-world.ts';

export const RULE_ROLE = 'arn:aws:iam::123456789012:role/spacelift-iot';
export const SQL =
  "SELECT *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, topic(4) as worker_ulid FROM 'spacelift/writeonly/#'";
export const ALL = ['publish', 'round-trip', 'endpoint', 'topic-rule', 'control-plane', 'delivery'].map(id);

export function id(rule: string): string {
  return `mqtt-broker/${rule === 'well-formed' ? 'endpoint' : `iotcore/${rule}`}`;
}

const iotArn = (resource: string): string => `arn:aws:iot:*:123456789012:${resource}`;

export const allow = (actions: readonly string[], ...resources: readonly string[]): Statement => ({
  Effect: 'Allow',
  Action: [...actions],
  Resource: resources.length === 0 ? '*' : [...resources],
});

const CERTIFICATES = ['DeleteCertificate', 'DetachPolicy', 'UpdateCertificate', 'DescribeCertificate', 'GetPolicy'];
const SETTING_UP = ['AttachPolicy', 'CreateKeysAndCertificate', 'CreatePolicy', 'RegisterCertificate'];
const PUBLISHING = allow(['iot:Publish'], iotArn('topic/spacelift/readonly/*'));
const may = (actions: readonly string[]): Statement => allow(actions.map((action) => `iot:${action}`));

/** The vendor's published policies (permissions, "IoT Core" and "SQS"). */
export function roleOf(service: Service): AwsUser {
  const iot = {
    server: [may([...CERTIFICATES, ...SETTING_UP]), PUBLISHING],
    drain: [may(CERTIFICATES), PUBLISHING],
    scheduler: [],
    'vcs-gateway': [],
  }[service];
  return role(service, [...POLICIES[service], ...iot]);
}

/** What an operator needs of this check, less some of it. */
export function operatorWithout(...denied: readonly string[]): AwsUser {
  return role('operator', [allow(['*']), { Effect: 'Deny', Action: [...denied], Resource: '*' }]);
}

/** Whom the topic rule acts as. */
export const RULE_USER: AwsRole = {
  arn: RULE_ROLE,
  policy: { Version: '2012-10-17', Statement: allow(['sqs:SendMessage'], arnOf('iot')) },
};

/** Makes the rule that sends workers' messages to a queue. */
export const makeRule = (aws: AwsServer, queueUrl = ''): TopicRule =>
  aws.rules.create('spacelift', {
    sql: SQL,
    actions: [{ sqs: { queueUrl, roleArn: RULE_ROLE, useBase64: true } }],
  });

export interface IotWorld extends World {
  readonly rule: TopicRule;
}

/** @param database where Spacelift's tables would be; nothing listens there unless told */
export async function startIot(database?: string, options: AwsOptions = {}): Promise<IotWorld> {
  const world = await startWorld(database, { roles: [RULE_USER], ...options });
  const { aws, variables } = world;
  Object.assign(variables, { MQTT_BROKER_TYPE: 'iotcore', MQTT_BROKER_ENDPOINT: aws.iotEndpoint });
  const rule = makeRule(aws, variables.MESSAGE_QUEUE_SQS_IOT_URL);
  return { ...world, rule, check: ({ checks = [mqttBroker], ...rest } = {}) => world.check({ checks, ...rest }) };
}

/** What failed and what warned, and what was seen to work. */
export const told = (result: Result) => ({
  fail: result.ids('fail'),
  warn: result.ids('warn'),
  pass: result.ids('pass'),
});

type How = Parameters<IotWorld['check']>[0];

/** All that has to do with the broker, among the checks as they are. */
export async function checked(world: IotWorld, how: How = {}): Promise<Result> {
  const only = ['pairing/*', 'identity/*', 'message-queues/iot/*', 'mqtt-broker/*'];
  const result = await world.check({ checks: CHECKS, only, ...how });
  expectNoLeak(world.variables, result.run, result.deployment);
  return result;
}

/** Exactly one failure, and no warning. */
export async function expectOne(world: IotWorld, rule: string, how: How = {}) {
  const result = await checked(world, how);
  expect({ fail: result.ids('fail'), warn: result.ids('warn') }).toEqual({ fail: [rule], warn: [] });
  return { ...result.finding(rule), result };
}

/** What depends on a failure points to it. */
export const expectPointers = (result: Result, to: string, ...rules: string[]) => {
  for (const rule of rules) {
    expect(result.finding(id(rule))).toMatchObject({ status: 'skip', title: expect.stringContaining(to) });
  }
};
