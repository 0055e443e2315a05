/** AWS KMS. */
import { AWS_CREDENTIALS } from '../../../src/clouds/signing.ts';
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Provider } from '../provider.ts';

export const kms: Provider = {
  rules: ({ deployment }) => [
    'choice',
    'kms/encryption-key',
    'kms/signing-key',
    'kms/distinct',
    ...(usesSecondaryRegion(deployment) ? (['kms/multi-region'] as const) : []),
  ],
  plan: async (run) => (await import('./plan.ts')).plan(run),
  run: async (context) => (await import('./run.ts')).run(context),
  identity: async (run) => (await import('./run.ts')).identity(run),
  signingCredentials: AWS_CREDENTIALS,
  programs: ['aws'],
};
