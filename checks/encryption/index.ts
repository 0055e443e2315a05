/** Encryption of what is secret in the database, and the signing of tokens: AWS KMS, or an RSA key. */
import { type Context, defineCheck, type Run, skip } from '../../src/check.ts';
import { type EncryptionRule, RULES } from './rules.ts';

interface Method {
  readonly rules: readonly EncryptionRule[];
  run(context: Context<EncryptionRule>): Promise<void>;
}

const METHODS: Readonly<Record<string, Method>> = {
  rsa: {
    rules: ['choice', 'rsa/key', 'rsa/size', 'rsa/round-trip', 'rsa/exposure'],
    run: async (context) => (await import('./rsa.ts')).run(context),
  },
};

/** While the method is not known, and for one that this version does not check. */
const OTHERS: Method = {
  rules: ['choice'],
  run: async ({ judge }) => {
    await judge('choice', () =>
      skip('this version does not check AWS KMS keys', {
        detail: 'Encryption by AWS KMS is in force. It cannot be changed to RSA after installation.',
        evidence: { method: 'kms' },
      }),
    );
  },
};

function methodOf({ deployment }: Run): Method {
  const type = deployment.lookup('ENCRYPTION_TYPE');
  return (type.state === 'set' || type.state === 'default' ? METHODS[type.value] : undefined) ?? OTHERS;
}

export const encryption = defineCheck({
  id: 'encryption',
  title: 'Encryption',
  rules: RULES,

  expects: (run) => (run.deployment.service === 'worker' ? [] : methodOf(run).rules),

  async run(context) {
    context.need('ENCRYPTION_TYPE');
    await methodOf(context).run(context);
  },
});
