/** A self-managed RSA key: all operations run on this machine. */
import type { PlannedOperation } from '../../../src/engine/check.ts';
import type { Provider } from '../provider.ts';

const HERE = 'only on this machine';

const PLAN: readonly PlannedOperation[] = [
  { rules: ['choice', 'rsa/key', 'rsa/size', 'rsa/exposure'], does: `reads the RSA key, ${HERE}`, at: [] },
  { rules: ['rsa/round-trip'], does: `wraps a key, encrypts, decrypts, signs, and verifies, ${HERE}`, at: [] },
];

export const rsa: Provider = {
  rules: () => ['choice', 'rsa/key', 'rsa/size', 'rsa/round-trip', 'rsa/exposure'],
  plan: async () => PLAN,
  run: async (context) => (await import('./run.ts')).run(context),
  identity: async (run) => (await import('./run.ts')).identity(run),
  programs: ['openssl'],
};
