/** Topic rules, and what they do with a message. */
import { roleMay } from '../authorize.ts';
import type { Place } from '../place.ts';
import type { QueueStore } from '../sqs/queues.ts';
import type { AwsRole } from '../types.ts';
import { matches, type Published, parse, type Query, select } from './sql.ts';

export interface SqsAction {
  sqs: { queueUrl: string; roleArn: string; useBase64?: boolean };
}

export interface TopicRule {
  ruleName: string;
  sql: string;
  description: string;
  awsIotSqlVersion: string;
  ruleDisabled: boolean;
  actions: SqsAction[];
  createdAt: number;
  arn: string;
  region: string;
}

export interface RuleOptions {
  sql: string;
  actions: SqsAction[];
  /** Default `2016-03-23`. */
  awsIotSqlVersion?: string;
  /** Default false. */
  ruleDisabled?: boolean;
  description?: string;
  region?: string;
}

/** What became of a message in a rule: for tests that ask why nothing arrived. */
export interface RuleEvent {
  rule: string;
  topic: string;
  outcome: 'delivered' | 'sql-failed' | 'role-denied' | 'queue-missing' | 'queue-refused';
}

export class RuleStore {
  readonly events: RuleEvent[] = [];
  readonly #place: Place;
  readonly #now: () => number;
  readonly #rules: TopicRule[] = [];

  constructor(place: Place, now: () => number) {
    this.#place = place;
    this.#now = now;
  }

  /** The rule, whose fields may be changed while the server runs.
   * @throws {SyntaxError} for SQL that this server does not understand. */
  create(ruleName: string, { region = this.#place.region, ...options }: RuleOptions): TopicRule {
    parse(options.sql);
    const rule: TopicRule = {
      ruleName,
      description: '',
      awsIotSqlVersion: '2016-03-23',
      ruleDisabled: false,
      createdAt: this.#now(),
      arn: `arn:${this.#place.partition}:iot:${region}:${this.#place.account}:rule/${ruleName}`,
      region,
      ...options,
    };
    this.#rules.push(rule);
    return rule;
  }

  delete(rule: TopicRule): void {
    this.#rules.splice(this.#rules.indexOf(rule), 1);
  }

  all(): readonly TopicRule[] {
    return this.#rules;
  }

  find(name: string, region: string): TopicRule | undefined {
    return this.#rules.find((rule) => rule.ruleName === name && rule.region === region);
  }

  /** Runs every enabled rule of the region whose filter fits. */
  run(message: Published, region: string, queues: QueueStore, roles: AwsRole[] | undefined): void {
    for (const rule of this.#rules) {
      if (rule.ruleDisabled || rule.region !== region) continue;
      const query = parse(rule.sql);
      if (!matches(query.filter, message.topic)) continue;
      for (const { sqs } of rule.actions) {
        const outcome = deliver(sqs, query, message, queues, roles);
        this.events.push({ rule: rule.ruleName, topic: message.topic, outcome });
      }
    }
  }
}

function deliver(
  { queueUrl, roleArn, useBase64 = false }: SqsAction['sqs'],
  query: Query,
  message: Published,
  queues: QueueStore,
  roles: AwsRole[] | undefined,
): RuleEvent['outcome'] {
  const result = select(query, message);
  if (result === undefined) return 'sql-failed';
  const region = /\/\/sqs\.([^.]+)\./.exec(queueUrl)?.[1] ?? '';
  const queue = queues.all().find(({ url }) => url === queueUrl);
  const arn = queue?.arn ?? queues.address(queueUrl, region).arn;
  const role = roles === undefined ? { arn: roleArn } : roles.find((known) => known.arn === roleArn);
  if (role === undefined || !roleMay(role, 'sqs:SendMessage', arn)) return 'role-denied';
  if (queue === undefined) return 'queue-missing';
  // The action has no message group: a FIFO queue refuses it.
  if (queue.fifo) return 'queue-refused';
  queue.send({ body: useBase64 ? result.toString('base64') : result.toString(), sender: roleArn });
  return 'delivered';
}
