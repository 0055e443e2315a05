/** Amazon SQS. */
import { AWS_CREDENTIALS } from '../../../src/clouds/signing.ts';
import type { Provider } from '../provider.ts';
import { usedIn } from '../requirements.ts';
import { RULES } from '../rules.ts';

const OF_EACH = Object.keys(RULES).filter((key) => key.startsWith('<queue>'));

export const sqs: Provider = {
  expects: (run) => usedIn(run).flatMap((queue) => OF_EACH.map((key) => key.replace('<queue>', queue))),
  plan: async (run) => (await import('./plan.ts')).plan(run),
  run: async (context) => (await import('./run.ts')).run(context),
  summary: (run) => `SQS in ${run.require('AWS_REGION')}, ${usedIn(run).length} queues`,
  removeLeftovers: async (run) => (await import('./leftovers.ts')).removeLeftovers(run),
  signingCredentials: AWS_CREDENTIALS,
  programs: ['aws'],
};
