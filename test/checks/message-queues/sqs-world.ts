/** The eight queues as the vendor's module makes them, on the AWS test server, and the check of them. */
import { onTestFinished } from 'vitest';
import { messageQueues } from '../../../checks/message-queues/index.ts';
import { REQUIREMENTS } from '../../../checks/message-queues/requirements.ts';
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import type { Service } from '../../../src/config/options.ts';
import type { Check } from '../../../src/engine/check.ts';
import {
  type AwsOptions,
  type AwsServer,
  type AwsUser,
  administrator,
  type Statement,
  startAws,
} from '../../services/aws/index.ts';
import { ONPREM } from '../../support/onprem.ts';
import { type Options, preflight, type Result } from '../../support/preflight.ts';
import { useDatabases } from './databases.ts';

export const ALL = Object.keys(QUEUES) as Queue[];
export const RULES = ['exists', 'kind', 'settings', 'access'] as const;
export const nameOf = (queue: string): string =>
  `spacelift-${queue.replace(/-fifo$/, '')}${queue.endsWith('-fifo') ? '.fifo' : ''}`;
export const arnOf = (queue: string): string => `arn:aws:sqs:eu-central-1:123456789012:${nameOf(queue)}`;

const READING = ['ReceiveMessage', 'DeleteMessage', 'ChangeMessageVisibility', 'GetQueueAttributes'];
const allow = (actions: readonly string[], queues: readonly string[]): Statement => ({
  Effect: 'Allow',
  Action: actions.map((action) => `sqs:${action}`),
  Resource: queues.map(arnOf),
});
const SENT = ['async', 'async-fifo', 'events-inbox', 'iot'];

/** The vendor's published policies (permissions, "SQS"). */
export const POLICIES: Readonly<Record<Service, readonly Statement[]>> = {
  server: [allow(['SendMessage'], [...SENT, 'webhooks'])],
  drain: [allow(['SendMessage'], SENT), allow(READING, ALL)],
  scheduler: [allow(['SendMessage'], ['cronjobs'])],
  'vcs-gateway': [],
};

/** The role of a service, or of anyone with these statements. */
export function role(name: string, statements: readonly Statement[]): AwsUser {
  return {
    accessKeyId: `AKIA${name.toUpperCase()}`,
    secretAccessKey: `secret-of-${name}-0123456789`,
    arn: `arn:aws:sts::123456789012:assumed-role/spacelift-${name}/task`,
    policy: { Version: '2012-10-17', Statement: [...statements] },
  };
}
export const roleOf = (service: Service): AwsUser => role(service, POLICIES[service]);

export interface World {
  readonly aws: AwsServer;
  readonly variables: Record<string, string>;
  queue(queue: Queue): ReturnType<AwsServer['queues']['create']>;
  /** Runs the check, as an operator unless told. */
  check(
    options?: Options & { as?: AwsUser; variables?: Record<string, string | undefined>; checks?: readonly Check[] },
  ): Promise<Result>;
  /** The SQS operations that were asked for since the server started. */
  asked(): string[];
}

/** Makes the eight queues; returns the variables that name them. */
export function makeQueues(aws: AwsServer): Record<string, string> {
  const urls = ALL.map((queue) => {
    const { visibility, retention, deadLetters } = REQUIREMENTS[queue];
    const { url } = aws.queues.create(nameOf(queue), {
      attributes: {
        VisibilityTimeout: String(visibility),
        ReceiveMessageWaitTimeSeconds: '20',
        ...(retention !== undefined && { MessageRetentionPeriod: String(retention) }),
        ...(deadLetters !== undefined && {
          RedrivePolicy: JSON.stringify({ deadLetterTargetArn: arnOf(deadLetters), maxReceiveCount: 3 }),
        }),
      },
    });
    return [QUEUES[queue], url];
  });
  return Object.fromEntries(urls);
}

/** @param database where Spacelift's tables would be; nothing listens there unless told */
export async function startWorld(database = 'postgres://u:p@127.0.0.1:1/d', options: AwsOptions = {}): Promise<World> {
  const aws = await startAws(options);
  onTestFinished(() => aws.close());
  const variables: Record<string, string> = {
    ...ONPREM,
    DATABASE_URL: database,
    MESSAGE_QUEUE_TYPE: 'sqs',
    AWS_ACCOUNT_ID: '123456789012',
    AWS_REGION: 'eu-central-1',
    AWS_DEFAULT_REGION: 'eu-central-1',
  };
  Object.assign(variables, makeQueues(aws));
  return {
    aws,
    variables,
    queue: (queue) => {
      const found = aws.queues.byArn(arnOf(queue));
      if (found === undefined) throw new Error(`no queue ${queue}`);
      return found;
    },
    check: ({
      as = administrator,
      variables: changed = {},
      checks = [messageQueues],
      environment = {},
      ...rest
    } = {}) => {
      if (!aws.users.includes(as)) aws.users = [...aws.users, as];
      const { accessKeyId, secretAccessKey } = as;
      return preflight(
        checks,
        { ...variables, ...changed },
        {
          ...rest,
          environment: {
            AWS_ENDPOINT_URL: aws.url,
            AWS_ACCESS_KEY_ID: accessKeyId,
            AWS_SECRET_ACCESS_KEY: secretAccessKey,
            ...environment,
          },
        },
      );
    },
    asked: () => aws.requests.filter(({ service }) => service === 'sqs').map(({ action }) => action),
  };
}

const short = (id: string): string => id.replace('message-queues/', '');

/** What failed and what warned. */
export const judged = (result: Result): { fail: string[]; warn: string[] } => ({
  fail: result.ids('fail').map(short),
  warn: result.ids('warn').map(short),
});

/** The ids of these rules for these queues. */
export const ids = (queues: readonly string[], ...rules: readonly string[]): string[] =>
  queues.flatMap((queue) => rules.map((rule) => `message-queues/${queue}/${rule}`));

/** Starts worlds whose database is empty, for the tests of the file that asks. */
export function useWorlds(): () => Promise<World> {
  const databases = useDatabases();
  return () => startWorld(databases.empty);
}

export const urlOf = (world: World, queue: Queue): string => world.variables[QUEUES[queue]] ?? '';
