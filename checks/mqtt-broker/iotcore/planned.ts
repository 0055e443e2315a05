/** The topic rule in a Terraform plan. */
import type { Resource } from '../../../src/config/terraform/model.ts';
import { blocksIn, isLater, textOf } from '../../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../../src/engine/check.ts';
import { knownLater, notIdentified, notShown, planned } from '../../../src/engine/planned.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { SQL_VERSION } from './topic-rule.ts';
import { compareSql, readSql, wantedSql } from './topic-sql.ts';

const NAMESPACE = 'MQTT_BROKER_IOTCORE_NAMESPACE';

/** A rule that another stack has is none of the plan's: nothing is said about a missing one. */
export function plannedRules(run: Run): readonly PlannedFinding[] {
  const { plan, chosen, lookup } = run.deployment;
  if (plan === undefined || (chosen('MQTT_BROKER_TYPE') ?? 'iotcore') !== 'iotcore') return [];
  const held = lookup(NAMESPACE);
  const all = plan.of('aws_iot_topic_rule');
  const open = notIdentified(run, NAMESPACE, 'topic rule', all);
  if (open !== undefined) return [{ rule: 'iotcore/topic-rule', outcome: open }];
  const namespace = 'value' in held ? held.value : 'spacelift';
  const rules = all.filter((rule) => isOurs(rule, namespace));
  const judged = rules.map((rule) => judge(rule, namespace));
  const outcome = judged.find(({ status }) => status === 'pass') ?? judged[0];
  return outcome === undefined ? [] : [{ rule: 'iotcore/topic-rule', outcome }];
}

/** It receives messages in the namespace and sends to a queue, or has the name that the vendor's modules give it. */
function isOurs(rule: Resource, namespace: string): boolean {
  const from = readSql(textOf(rule, 'sql') ?? '')?.from ?? '';
  const sends = blocksIn(rule.values, 'sqs').length > 0;
  return (from.startsWith(`${namespace}/`) && sends) || textOf(rule, 'name') === 'spacelift';
}

/** What Spacelift needs of it. */
const PATHS = [['enabled'], ['sql'], ['sql_version'], ['sqs', 'use_base64']] as const;

function judge(rule: Resource, namespace: string): Outcome {
  const [action] = blocksIn(rule.values, 'sqs');
  const sql = textOf(rule, 'sql');
  const version = textOf(rule, 'sql_version');
  const found = [
    ...(rule.values.enabled === false ? [{ says: 'is disabled', set: 'enabled = true' }] : []),
    ...(sql === undefined ? [] : compareSql(sql, namespace).faults).map((says) => ({
      says,
      set: `sql = "${wantedSql(namespace)}"`,
    })),
    ...(version === undefined || version === SQL_VERSION
      ? []
      : [{ says: `has SQL version ${version}, not ${SQL_VERSION}`, set: `sql_version = "${SQL_VERSION}"` }]),
    ...(action === undefined && !isLater(rule, 'sqs')
      ? [{ says: 'has no SQS action', set: 'an sqs block with use_base64 = true' }]
      : []),
    ...(action !== undefined && action.use_base64 !== true && !isLater(rule, 'sqs', 'use_base64')
      ? [{ says: 'sends without use_base64', set: 'sqs.use_base64 = true' }]
      : []),
  ];
  const name = textOf(rule, 'name') ?? rule.address;
  const later = PATHS.find((path) => isLater(rule, ...path));
  if (found.length === 0 && later !== undefined)
    return notShown(`whether topic rule ${name} is as Spacelift needs it`, rule, knownLater(later.join('.')));
  if (found.length === 0) return planned(pass(`topic rule ${name} is as Spacelift needs it`), rule.address);
  const outcome = fail(`topic rule ${name} ${found.map(({ says }) => says).join('; ')}`, {
    expected: `an enabled rule, SQL version ${SQL_VERSION}: ${wantedSql(namespace)}; an SQS action with use_base64`,
  });
  const sets = [...new Set(found.map(({ set }) => set))];
  return planned(outcome, rule.address, advice`in ${rule.address}, set ${sets.join(', ')}`);
}
