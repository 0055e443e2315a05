/** Encryption of secrets in the database, and the signing of tokens: AWS KMS or an RSA key. */
import { GATEWAY, type Perspective } from '../../src/config/options.ts';
import { defineCheck, type PlannedOperation } from '../../src/engine/check.ts';
import { isCompared, pinned } from './pinned.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { type EncryptionRule, RULES } from './rules.ts';

export { knownProvider as knownEncryption } from './providers.ts';

/** The only rule while the method is unknown or invalid. */
const OPEN: readonly EncryptionRule[] = ['choice'];

const COMPARES: PlannedOperation = {
  rules: ['pinned'],
  does: 'compares the method and the keys with the baseline',
  at: [],
};

const WITHOUT_KEYS: readonly (Perspective | undefined)[] = ['worker', GATEWAY];

export const encryption = defineCheck({
  id: 'encryption',
  title: 'Encryption',
  rules: RULES,
  variable: 'ENCRYPTION_TYPE',
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) => {
    if (WITHOUT_KEYS.includes(run.deployment.service)) return [];
    const provider = knownProvider(run);
    if (provider === undefined) return OPEN;
    return isCompared(run) ? [...provider.rules(run), 'pinned'] : provider.rules(run);
  },

  plan: async (run) => [...(await providerOf(run).plan(run)), ...(isCompared(run) ? [COMPARES] : [])],

  planned: async () => {
    const { plannedKeys } = await import('./kms/planned.ts');
    return (run) => (WITHOUT_KEYS.includes(run.deployment.service) ? [] : plannedKeys(run));
  },

  run: async (context) => {
    const provider = providerOf(context);
    await provider.run(context);
    if (isCompared(context))
      await context.check('pinned', async () => pinned(context, await provider.identity(context)));
  },
});
