/** Finds the topic rule among the account's rules, and checks it. */
import type { TopicRuleListItem } from '@aws-sdk/client-iot';
import { ask } from '../../../src/clouds/aws/call.ts';
import { addressIn } from '../../../src/clouds/aws/sqs/queue-url.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { boundPages } from '../../../src/net/limits.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, type Issue, type Outcome, pass, type Skip, skip, warn } from '../../../src/outcome/outcome.ts';
import { mqttFinding } from '../rules.ts';
import { iotArn, openControl, unread } from './clients.ts';
import { checkControlPlane } from './control-plane.ts';
import { otherRegion } from './owner.ts';
import { namespaceOf } from './publish.ts';
import {
  accepts,
  compareRule,
  type Found,
  type Judged,
  missingRule,
  replacement,
  ruleIssue,
  type Wanted,
} from './topic-rule.ts';

const QUEUE = 'MESSAGE_QUEUE_SQS_IOT_URL';
/** How many rules to inspect if none has the right filter: a nearly correct rule is worth finding. */
const MOST = 20;

export interface RuleFound {
  readonly outcome: Outcome;
  /** The role that a correct rule uses to send. */
  readonly roleArn?: string | undefined;
  /** The name of a wrong rule that sends Spacelift's own messages to the queue. */
  readonly brings?: string | undefined;
}

export const findRule = oncePerRun(async (run): Promise<RuleFound> => {
  const { service } = run.deployment;
  if (service !== undefined) {
    const outcome = skip(`not checked: the ${service}’s role is not allowed to read topic rules`, {
      detail: 'No Spacelift role has iot:ListTopicRules or iot:GetTopicRule.',
      fix: advice`run this tool without --service, with an operator’s credentials`,
    });
    return { outcome };
  }
  const wanted = wantedIn(run);
  const elsewhere = otherRegion(run);
  if (elsewhere !== undefined) throw new CheckStopped(elsewhere);
  let listed: TopicRuleListItem[];
  try {
    listed = await list(run);
  } catch (error) {
    const title = 'the topic rules could not be read';
    return { outcome: await unread(run, error, { title, action: 'iot:ListTopicRules', resource: '*' }) };
  }
  const filter = `${wanted.namespace}/writeonly/#`;
  const exact = listed.filter(({ topicPattern }) => topicPattern === filter);
  const others = listed
    .filter((item) => !exact.includes(item))
    .sort((a, b) => nearness(b) - nearness(a))
    .slice(0, MOST);
  const found = await look(run, exact, wanted);
  if ('outcome' in found) return found;
  const right = found.rules.find(({ faults }) => faults.length === 0);
  if (right !== undefined) return { outcome: approved(right, wanted), roleArn: right.roleArn };
  const arriving = found.rules.filter(({ arrives }) => arrives);
  const further = arriving.length > 0 ? { rules: arriving } : await look(run, others, wanted);
  const near = 'outcome' in further ? [] : further.rules.filter(({ arrives }) => arrives);
  const [nearest] = [...near, ...found.rules].toSorted(byFaults);
  if (nearest === undefined) await mustBeControlPlane(run);
  const bringing = near.find(({ rule }) => accepts(rule, `${wanted.namespace}/readonly/preflight/x`));
  return {
    outcome: nearest === undefined ? missingRule(wanted) : ruleIssue(nearest, wanted),
    brings: bringing?.name,
  };
});

/** A server that is not IoT Core's control plane lists no rules either. */
async function mustBeControlPlane(run: Run): Promise<void> {
  const outcome = await checkControlPlane(run);
  if (outcome.status !== 'fail') return;
  throw new CheckStopped({ ...outcome, cause: outcome.cause ?? cause.finding(mqttFinding('iotcore/control-plane')) });
}

function wantedIn(run: Run): Wanted {
  const { url, name, account } = addressIn(run, QUEUE);
  return { namespace: namespaceOf(run), region: run.require('AWS_REGION'), queue: { url, name, account } };
}

const nearness = ({ topicPattern = '', ruleName = '' }: TopicRuleListItem): number =>
  Number(/writeonly/i.test(topicPattern)) * 2 + Number(/spacelift/i.test(ruleName));

/** Rules that send to the queue come first, ordered by their number of faults. */
const byFaults = (a: Judged, b: Judged): number =>
  Number(b.arrives) - Number(a.arrives) || a.faults.length - b.faults.length;

function approved(judged: Judged, wanted: Wanted): Outcome {
  const { name, besides } = judged;
  const { queue } = wanted;
  const evidence = { rule: name, queue: queue.url };
  if (besides.length === 0) {
    return pass(`topic rule ${name} sends to ${queue.name}`, {
      detail: 'mqtt-broker/iotcore/delivery tests whether its role is allowed to send.',
      evidence,
    });
  }
  return warn(`topic rule ${name} selects more than Spacelift expects: ${besides.join(', ')}`, {
    detail: 'If a message has a member with that name, that member is overwritten.',
    expected: 'only the members that Spacelift expects',
    fix: replacement(judged, wanted, { note: 'remove it from the SQL' }),
    evidence,
  });
}

async function list(run: Run): Promise<TopicRuleListItem[]> {
  const { client } = await openControl(run);
  const { ListTopicRulesCommand } = await import('@aws-sdk/client-iot');
  const rules: TopicRuleListItem[] = [];
  let nextToken: string | undefined;
  const another = boundPages();
  do {
    const command = new ListTopicRulesCommand(nextToken === undefined ? {} : { nextToken });
    const page = await ask(run, client, (how) => client.send(command, how), { mayBeEmpty: true });
    another(page.rules?.length ?? 0);
    rules.push(...(page.rules ?? []));
    nextToken = page.nextToken;
  } while (nextToken !== undefined);
  return rules;
}

/** The full rules; deleted or unreadable ones are left out, unless that leaves none. */
async function look(
  run: Run,
  items: readonly TopicRuleListItem[],
  wanted: Wanted,
): Promise<{ rules: Judged[] } | { outcome: Issue | Skip }> {
  const { client } = await openControl(run);
  const { GetTopicRuleCommand } = await import('@aws-sdk/client-iot');
  const asked = await Promise.all(
    items.map(async ({ ruleName }): Promise<Found | { name: string | undefined; error: unknown }> => {
      try {
        const command = new GetTopicRuleCommand({ ruleName });
        const { rule = {} } = await ask(run, client, (how) => client.send(command, how));
        return { name: ruleName ?? '', rule };
      } catch (error) {
        if (run.signal.aborted) throw error;
        return { name: ruleName, error };
      }
    }),
  );
  const rules = asked.flatMap((found) => ('rule' in found ? [compareRule(found, wanted)] : []));
  const refused = asked.find((found) => 'error' in found);
  if (rules.length > 0 || refused === undefined) return { rules };
  const title = `topic rule ${refused.name} exists, but could not be read`;
  return {
    outcome: await unread(run, refused.error, {
      title,
      action: 'iot:GetTopicRule',
      resource: iotArn(run, `rule/${refused.name}`),
    }),
  };
}
