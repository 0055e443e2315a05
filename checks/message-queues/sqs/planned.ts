/** The SQS queues in a Terraform plan. */
import { QUEUES, type Queue } from '../../../src/config/contract.ts';
import type { Resource } from '../../../src/config/terraform/model.ts';
import { isLater, type PlanView, subjectsOf, textOf } from '../../../src/config/terraform/view.ts';
import type { PlannedFinding, Run } from '../../../src/engine/check.ts';
import { knownLater, notIdentified, notShown, planned } from '../../../src/engine/planned.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../../src/outcome/outcome.ts';
import { membersOf } from '../../../src/util/json.ts';
import { lookup as ownOf } from '../../../src/util/lookup.ts';
import { MAX_RECEIVE_COUNT, REQUIREMENTS, usedIn } from '../requirements.ts';

/** What the vendor's modules call the queues, if not as the variables do. */
const VENDORS: Readonly<Record<string, Queue>> = {
  'async-jobs': 'async',
  'async-jobs-fifo': 'async-fifo',
  deadletter: 'dlq',
  'deadletter-fifo': 'dlq-fifo',
};
const SUBJECTS = Object.keys(QUEUES) as Queue[];
/** Of the eight, in one module. */
const LEAST = 6;

export function plannedQueues(run: Run): readonly PlannedFinding[] {
  const { plan, chosen, lookup } = run.deployment;
  if (plan === undefined || (chosen('MESSAGE_QUEUE_TYPE') ?? 'sqs') !== 'sqs') return [];
  const used = usedIn(run);
  const queues = plan.of('aws_sqs_queue');
  const found = subjectsOf(
    queues,
    {
      configured: (resource, queue) => {
        const held = lookup(QUEUES[queue]);
        return held.state === 'set' ? held.value.split('/').at(-1) === textOf(resource, 'name') : undefined;
      },
      vendors: (name) => ownOf(VENDORS, name) ?? SUBJECTS.find((queue) => queue === name),
      least: LEAST,
    },
    used,
  );
  const untold = used.filter((queue) => !found.has(queue) && chosen('MESSAGE_QUEUE_TYPE') === 'sqs');
  const skips = untold.flatMap((subject): PlannedFinding[] => {
    const outcome = notIdentified(run, QUEUES[subject], 'queue', queues);
    return outcome === undefined ? [] : RULES.map((rule) => ({ rule, subject, outcome }));
  });
  const told = [...found].flatMap(([subject, resource]): PlannedFinding[] => {
    if (!used.includes(subject)) return [];
    if (isLater(resource, 'fifo_queue')) {
      const outcome = notShown(`the kind of ${nameOf(resource)}`, resource, knownLater('fifo_queue'));
      return RULES.map((rule) => ({ rule, subject, outcome }));
    }
    const redrive = redriveOf(resource, plan);
    const kind = judgeKind(subject, resource, redrive);
    const isRight = kind.status === 'pass';
    return [
      { rule: '<queue>/kind', subject, outcome: kind },
      ...(isRight ? [{ rule: '<queue>/settings', subject, outcome: judgeSettings(subject, resource, redrive) }] : []),
    ];
  });
  return [...told, ...skips];
}

const RULES = ['<queue>/kind', '<queue>/settings'] as const;

interface Redrive {
  /** `undefined` if the plan does not tell. */
  readonly isSet: boolean | undefined;
  /** `undefined` if the plan does not tell. */
  readonly isFifo: boolean | undefined;
  readonly maxReceiveCount: number | undefined;
}

/** In the queue, or in a resource of its own. The target is usually known only after the apply. */
function redriveOf(queue: Resource, plan: PlanView): Redrive {
  const apart = plan.attachedTo(queue, 'aws_sqs_queue_redrive_policy', 'queue_url')?.[0];
  const holder = apart ?? queue;
  const text = textOf(holder, 'redrive_policy');
  const isLater = holder.unknown.redrive_policy === true;
  const { deadLetterTargetArn: arn, maxReceiveCount: count } = membersOf(text ?? '') ?? {};
  const target = plan.referredTo({ ...holder, values: {} }, 'redrive_policy', 'aws_sqs_queue');
  return {
    // The provider computes a policy that is not configured.
    isSet: text !== undefined || (isLater && holder.references && Object.hasOwn(holder.references, 'redrive_policy')),
    isFifo: typeof arn === 'string' ? arn.endsWith('.fifo') : target && target.values.fifo_queue === true,
    maxReceiveCount: count === undefined ? undefined : Number(count),
  };
}

const nameOf = (queue: Resource): string => textOf(queue, 'name') ?? queue.address;

function judgeKind(subject: Queue, queue: Resource, redrive: Redrive): Outcome {
  const { fifo, deadLetters } = REQUIREMENTS[subject];
  const [what, other] = fifo ? ['FIFO', 'standard'] : ['standard', 'FIFO'];
  const { address } = queue;
  if ((queue.values.fifo_queue === true) !== fifo) {
    const outcome = fail(`${nameOf(queue)} is a ${other} queue`, { expected: `a ${what} queue` });
    return planned(outcome, address, advice`in ${address}, set fifo_queue = ${String(fifo)}`);
  }
  if (deadLetters !== undefined && redrive.isFifo !== undefined && redrive.isFifo !== fifo) {
    const outcome = fail(`dead letters of ${nameOf(queue)} go to a ${other} queue`, { expected: `a ${what} queue` });
    return planned(
      outcome,
      address,
      advice`in ${address}, set deadLetterTargetArn in redrive_policy to the ARN of a ${what} queue`,
    );
  }
  return planned(pass(`${nameOf(queue)} is ${what}`), address);
}

function judgeSettings(subject: Queue, queue: Resource, redrive: Redrive): Outcome {
  const { visibility, retention, deadLetters } = REQUIREMENTS[subject];
  const { visibility_timeout_seconds: seconds, message_retention_seconds: kept } = queue.values;
  const found = [
    ...(typeof seconds === 'number' && seconds !== visibility
      ? [{ says: `visibility timeout ${seconds} s`, set: `visibility_timeout_seconds = ${visibility}` }]
      : []),
    ...(typeof kept === 'number' && retention !== undefined && kept !== retention
      ? [{ says: `retention ${kept} s`, set: `message_retention_seconds = ${retention}` }]
      : []),
    ...redriveFaults(deadLetters !== undefined, redrive),
  ];
  const { address } = queue;
  if (found.length === 0) return planned(pass(`${nameOf(queue)} has the recommended settings`), address);
  const says = found.map((one) => one.says).join(', ');
  const outcome = warn(`${nameOf(queue)} differs from the recommended settings: ${says}`, {
    expected: found.map(({ set }) => set).join(', '),
  });
  return planned(outcome, address, advice`in ${address}, set ${found.map(({ set }) => set).join(', ')}`);
}

function redriveFaults(isNeeded: boolean, { isSet, maxReceiveCount }: Redrive): { says: string; set: string }[] {
  if (!isNeeded) {
    return isSet
      ? [{ says: 'a redrive policy, which a dead-letter queue should not have', set: 'redrive_policy = null' }]
      : [];
  }
  if (isSet === false)
    return [{ says: 'no redrive policy', set: `redrive_policy with maxReceiveCount = ${MAX_RECEIVE_COUNT}` }];
  return maxReceiveCount === undefined || maxReceiveCount === MAX_RECEIVE_COUNT
    ? []
    : [
        {
          says: `max receive count ${maxReceiveCount}`,
          set: `maxReceiveCount = ${MAX_RECEIVE_COUNT} in redrive_policy`,
        },
      ];
}
