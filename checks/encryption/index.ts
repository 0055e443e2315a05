/** Encryption of secrets in the database, and the signing of tokens: AWS KMS or an RSA key. */
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { type EncryptionRule, RULES } from './rules.ts';

interface Method {
  rules(run: Run): readonly EncryptionRule[];
  run(context: Context<EncryptionRule>): Promise<void>;
}

const METHODS: Readonly<Record<string, Method>> = {
  rsa: {
    rules: () => ['choice', 'rsa/key', 'rsa/size', 'rsa/round-trip', 'rsa/exposure'],
    run: async (context) => (await import('./rsa/run.ts')).run(context),
  },
  kms: {
    rules: ({ deployment }) => [
      'choice',
      'kms/encryption-key',
      'kms/signing-key',
      'kms/distinct',
      ...(deployment.lookup('AWS_SECONDARY_REGION').state === 'unset' ? [] : (['kms/multi-region'] as const)),
    ],
    run: async (context) => (await import('./kms/run.ts')).run(context),
  },
};

/** The only rule while the method is unknown or invalid. */
const OPEN: readonly EncryptionRule[] = ['choice'];

function methodOf({ deployment }: Run): Method | undefined {
  const type = deployment.lookup('ENCRYPTION_TYPE');
  return type.state === 'set' || type.state === 'default' ? METHODS[type.value] : undefined;
}

export const encryption = defineCheck({
  id: 'encryption',
  title: 'Encryption',
  rules: RULES,

  expects: (run) => (run.deployment.service === 'worker' ? [] : (methodOf(run)?.rules(run) ?? OPEN)),

  plan: async (run) => (await import('./plan.ts')).plan(run),

  async run(context) {
    context.require('ENCRYPTION_TYPE');
    await methodOf(context)?.run(context);
  },
});
