/** Encryption of secrets in the database, and the signing of tokens: AWS KMS or an RSA key. */
import { GATEWAY, type Perspective } from '../../src/config/options.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { plannedKeys } from './kms/planned.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { type EncryptionRule, RULES } from './rules.ts';

export { knownProvider as knownEncryption } from './providers.ts';

/** The only rule while the method is unknown or invalid. */
const OPEN: readonly EncryptionRule[] = ['choice'];

const WITHOUT_KEYS: readonly (Perspective | undefined)[] = ['worker', GATEWAY];

export const encryption = defineCheck({
  id: 'encryption',
  title: 'Encryption',
  rules: RULES,
  variable: 'ENCRYPTION_TYPE',
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) => (WITHOUT_KEYS.includes(run.deployment.service) ? [] : (knownProvider(run)?.rules(run) ?? OPEN)),

  plan: async (run) => providerOf(run).plan(run),

  planned: (run) => (WITHOUT_KEYS.includes(run.deployment.service) ? [] : plannedKeys(run)),

  run: async (context) => providerOf(context).run(context),
});
