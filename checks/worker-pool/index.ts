/** The credentials of a worker pool, which its workers have and Spacelift's services do not. */
import type { Deployment } from '../../src/config/deployment.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { type Credentials, credentialsIn } from './credentials.ts';
import { RULES } from './rules.ts';

export const workerPool = defineCheck({
  id: 'worker-pool',
  title: 'Worker pool',
  rules: RULES,
  programs: ['openssl'],

  expects: ({ deployment }) => (heldBy(deployment) === undefined ? [] : ['token', 'private-key']),

  plan: () => [
    { rules: ['token', 'private-key'], does: 'reads the token and the private key, only on this machine', at: [] },
  ],

  async run(context) {
    const held = heldBy(context.deployment);
    if (held !== undefined) await (await import('./run.ts')).checkCredentials(context, held);
  },
});

const heldBy = (deployment: Deployment): Credentials | undefined =>
  deployment.service === 'worker' ? credentialsIn(deployment) : undefined;
