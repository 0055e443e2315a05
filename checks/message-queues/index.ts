/** The message queues: SQS, or Spacelift's own queues in PostgreSQL. */

import type { Sqs } from '../../src/clouds/aws/sqs/client.ts';
import { QUEUES } from '../../src/config/contract.ts';
import { GATEWAY, type Perspective } from '../../src/config/options.ts';
import { defineCheck, type Run } from '../../src/engine/check.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { RULES } from './rules.ts';
import type { IotQueue } from './sqs/iot-queue.ts';

export { knownProvider as knownQueue } from './providers.ts';
export { ACTIONS } from './requirements.ts';
/** For the IoT Core check, which delivers to one of the queues. @throws CheckStopped when the queue can't be inspected */
export const inspectIotQueue = async (run: Run, sqs: Sqs): Promise<IotQueue> =>
  (await import('./sqs/iot-queue.ts')).inspectIotQueue(run, sqs);

const WITHOUT_QUEUES: readonly (Perspective | undefined)[] = ['worker', GATEWAY];

export const messageQueues = defineCheck({
  id: 'message-queues',
  title: 'Message queues',
  rules: RULES,
  subjects: Object.keys(QUEUES),
  variable: 'MESSAGE_QUEUE_TYPE',
  subjectVariables: QUEUES,
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) => (WITHOUT_QUEUES.includes(run.deployment.service) ? [] : (knownProvider(run)?.expects(run) ?? [])),

  plan: async (run) => providerOf(run).plan(run),
  planned: async () => {
    const { plannedQueues } = await import('./sqs/planned.ts');
    return (run) => (WITHOUT_QUEUES.includes(run.deployment.service) ? [] : plannedQueues(run));
  },
  removeLeftovers: async (run) => (await knownProvider(run)?.removeLeftovers?.(run)) ?? [],

  run: async (context) => providerOf(context).run(context),
  summary: (run) => knownProvider(run)?.summary?.(run),
});
