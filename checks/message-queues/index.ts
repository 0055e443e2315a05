/** The message queues: SQS, or Spacelift's own queues in PostgreSQL. */

import type { Sqs } from '../../src/clouds/aws/sqs/client.ts';
import { QUEUES } from '../../src/config/contract.ts';
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { usedIn } from './requirements.ts';
import { RULES, type RuleKey } from './rules.ts';
import type { IotQueue } from './sqs/iot-queue.ts';

/** The checks of one type of queue, in its own file. */
interface Provider {
  /** The finding ids that this deployment must get. */
  readonly expects: (run: Run) => readonly string[];
  readonly run: (context: Context<RuleKey>) => Promise<void>;
  readonly summary?: (run: Run) => string;
}

const OF_EACH = Object.keys(RULES).filter((key) => key.startsWith('<queue>'));

const PROVIDERS: Readonly<Record<string, Provider>> = {
  postgres: {
    expects: () => ['postgres'],
    run: async (context) => (await import('./postgres/run.ts')).judgePostgres(context),
  },
  sqs: {
    expects: (run) => usedIn(run).flatMap((queue) => OF_EACH.map((key) => key.replace('<queue>', queue))),
    run: async (context) => (await import('./sqs/run.ts')).judgeSqs(context),
    summary: (run) => `SQS in ${run.require('AWS_REGION')}, ${usedIn(run).length} queues`,
  },
};

/** The type in effect; `undefined` if the variable is invalid, or its value is not known here. */
function typeOf({ deployment }: Pick<Run, 'deployment'>): string | undefined {
  const found = deployment.lookup('MESSAGE_QUEUE_TYPE');
  return found.state === 'set' || found.state === 'default' ? found.value : undefined;
}

export { ACTIONS } from './requirements.ts';
/** For the IoT Core check, which delivers to one of the queues. @throws CheckStopped when the queue can't be inspected */
export const inspectIotQueue = async (run: Run, sqs: Sqs): Promise<IotQueue> =>
  (await import('./sqs/iot-queue.ts')).inspectIotQueue(run, sqs);

export const messageQueues = defineCheck({
  id: 'message-queues',
  title: 'Message queues',
  rules: RULES,
  subjects: Object.keys(QUEUES),

  expects: (run) => (run.deployment.service === 'worker' ? [] : (PROVIDERS[typeOf(run) ?? '']?.expects(run) ?? [])),

  plan: async (run) => (await import('./plan.ts')).plan(run),
  removeLeftovers: async (run) => (typeOf(run) === 'sqs' ? (await import('./sqs/sweep.ts')).sweep(run) : []),

  run: async (context) => PROVIDERS[context.require('MESSAGE_QUEUE_TYPE')]?.run(context),
  summary: (run) => PROVIDERS[typeOf(run) ?? '']?.summary?.(run),
});
