/** The topic rule that sends workers' messages to the IoT queue, and the faults of an existing one. */
import type { TopicRule } from '@aws-sdk/client-iot';
import { advice, command, type Fix, type Shell, sh } from '../../../src/outcome/fix.ts';
import { fail, type Issue } from '../../../src/outcome/outcome.ts';
import { compareSql, readSql, wantedSql } from './topic-sql.ts';

export const SQL_VERSION = '2016-03-23';

/** The destination that the rule must have. */
export interface Wanted {
  readonly namespace: string;
  readonly region: string;
  readonly queue: { readonly url: string; readonly name: string; readonly account: string };
}

export interface Found {
  readonly name: string;
  readonly rule: TopicRule;
}

/** A rule compared with the one that Spacelift needs. */
export interface Judged extends Found {
  readonly faults: readonly string[];
  /** Additional members that it selects. */
  readonly besides: readonly string[];
  /** Whether it sends to the configured queue. */
  readonly arrives: boolean;
  /** The role that it uses to send. */
  readonly roleArn: string | undefined;
}

type SqsAction = NonNullable<NonNullable<TopicRule['actions']>[number]['sqs']>;

const sqsActions = ({ actions = [] }: TopicRule): SqsAction[] => actions.flatMap(({ sqs }) => sqs ?? []);

/** The URL of the same queue may use another of the region's host names. */
function leadsTo({ queueUrl = '' }: SqsAction, { queue, region }: Wanted): boolean {
  const [, host = '', account, name] = /^https?:\/\/([^/]+)\/(\d{12})\/([^/]+)\/?$/.exec(queueUrl) ?? [];
  const another = /(?:^|\.)([a-z]{2,}(?:-[a-z]+)+-\d)\./.exec(host)?.[1];
  return account === queue.account && name === queue.name && (another === undefined || another === region);
}

export function compareRule({ name, rule }: Found, wanted: Wanted): Judged {
  const { faults: sql, besides } = compareSql(rule.sql ?? '', wanted.namespace);
  const actions = sqsActions(rule);
  const right = actions.find((action) => leadsTo(action, wanted));
  const version = rule.awsIotSqlVersion ?? '2015-10-08';
  const faults = [
    ...(rule.ruleDisabled === true ? ['is disabled'] : []),
    ...sql,
    ...(version === SQL_VERSION ? [] : [`has SQL version ${version}, not ${SQL_VERSION}`]),
    ...(actions.length === 0 ? ['has no SQS action'] : []),
    ...(actions.length > 0 && right === undefined
      ? [`sends to ${actions[0]?.queueUrl}, not to ${wanted.queue.url}`]
      : []),
    ...(right !== undefined && right.useBase64 !== true ? ['sends without useBase64'] : []),
  ];
  return { name, rule, faults, besides, arrives: right !== undefined, roleArn: right?.roleArn };
}

/** Whether the rule receives the messages on a topic (MQTT 3.1.1, section 4.7). */
export function accepts({ sql = '', ruleDisabled }: TopicRule, topic: string): boolean {
  const filter = readSql(sql)?.from.split('/');
  if (filter === undefined || ruleDisabled === true) return false;
  const levels = topic.split('/');
  const all = filter.indexOf('#');
  const end = all === -1 ? filter.length : all;
  if (all === -1 && filter.length !== levels.length) return false;
  return filter.slice(0, end).every((level, at) => level === '+' || level === levels[at]);
}

const expectedOf = ({ namespace, queue }: Wanted): string =>
  `an enabled rule, SQL version ${SQL_VERSION}: ${wantedSql(namespace)}; SQS action to ${queue.url} with useBase64`;

/** The failure of a rule with faults: all of them, and the one command that fixes them. */
export function ruleIssue({ name, rule, faults }: Judged, wanted: Wanted): Issue {
  const onlyDisabled = faults.length === 1 && rule.ruleDisabled === true;
  return fail(`topic rule ${name} ${faults.join('; ')}`, {
    ...(faults.length > 1 && {
      detail: `The rule differs from the one that Spacelift needs in ${faults.length} ways.`,
    }),
    expected: expectedOf(wanted),
    fix: onlyDisabled
      ? command(sh`aws iot enable-topic-rule --rule-name ${name} --region ${wanted.region}`)
      : replacement({ name, rule }, wanted),
    evidence: { rule: name, deviations: faults, queue: wanted.queue.url },
  });
}

/** Replaces an existing rule with the one that Spacelift needs, and keeps its other actions. */
export const replacement = ({ name, rule }: Found, wanted: Wanted, notes: { readonly note?: string } = {}): Fix =>
  complete(
    wanted,
    rule,
    (text) => sh`aws iot replace-topic-rule --rule-name ${name} --region ${wanted.region} --topic-rule-payload ${text}`,
    { ...notes, destructive: true },
  );

/** A command that contains the rule; it can be pasted only if the role is known. */
function complete(
  wanted: Wanted,
  rule: TopicRule,
  make: (payload: string) => Shell,
  notes: { readonly note?: string; readonly destructive?: boolean } = {},
): Fix {
  const shell = make(JSON.stringify(payload(wanted, rule)));
  if (sqsActions(rule)[0]?.roleArn !== undefined) return command(shell, notes);
  return advice`replace ROLE with a role that has sqs:SendMessage on ${wanted.queue.name}:\n${shell}`;
}

export function missingRule(wanted: Wanted): Issue {
  const { namespace, region, queue } = wanted;
  return fail(`no topic rule sends '${namespace}/writeonly/#' to ${queue.name}`, {
    expected: expectedOf(wanted),
    fix: complete(
      wanted,
      {},
      (text) =>
        sh`aws iot create-topic-rule --rule-name ${namespace.replace(/\W/g, '_')} --region ${region} --topic-rule-payload ${text}`,
    ),
    evidence: { topic: `${namespace}/writeonly/#`, queue: queue.url },
  });
}

/** The payload that replaces a rule; its other parts stay. */
function payload({ namespace, queue }: Wanted, rule: TopicRule): object {
  const { description, errorAction, actions = [] } = rule;
  const roleArn = sqsActions(rule)[0]?.roleArn ?? `arn:aws:iam::${queue.account}:role/ROLE`;
  return {
    sql: wantedSql(namespace),
    awsIotSqlVersion: SQL_VERSION,
    ruleDisabled: false,
    ...(description !== undefined && description !== '' && { description }),
    actions: [
      { sqs: { queueUrl: queue.url, roleArn, useBase64: true } },
      ...actions.filter(({ sqs }) => sqs === undefined),
    ],
    ...(errorAction !== undefined && { errorAction }),
  };
}
