/** Whether the method and the keys are those of the baseline: the one mistake after which the data is lost. */
import { isSamePinned } from '../../src/config/pinned.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip } from '../../src/outcome/outcome.ts';

/** What identifies the method and its keys, by name; `method` is always there. Never the keys themselves. */
export type Identity = Readonly<Record<string, string>>;

const NAMES: Readonly<Record<string, string>> = {
  method: 'encryption method',
  publicKeySha256: 'RSA key',
  encryptionKey: 'KMS encryption key',
  signingKey: 'KMS signing key',
};

/** Also if the baseline does not contain the method: that must be seen. */
export const isCompared = ({ options }: Run): boolean => options.pinned !== undefined;

/** @param now as in the evidence of `encryption/choice` */
export function pinned({ options }: Run, now: Identity): Outcome {
  const before = options.pinned?.encryption;
  if (before?.method === undefined) return skip('the baseline does not contain the encryption method');
  const evidence = { before: shown(before), now: shown(now) };
  if (before.method !== now.method) return changed('method', before, now, evidence);
  const keys = Object.keys(NAMES).filter((name) => before[name] !== undefined);
  const other = keys.find((name) => now[name] !== undefined && !isSamePinned(now[name], before[name] ?? ''));
  if (other !== undefined) return changed(other, before, now, evidence);
  const unknown = keys.find((name) => now[name] === undefined);
  if (unknown !== undefined) return skip(`the ${NAMES[unknown]} is not known here`, { evidence });
  const missing = Object.keys(NAMES).find((name) => now[name] !== undefined && before[name] === undefined);
  if (missing !== undefined) return skip(`the baseline does not contain the ${NAMES[missing]}`, { evidence });
  return pass('the method and the keys are those of the baseline', { evidence });
}

function changed(name: string, before: Identity, now: Identity, evidence: Record<string, readonly string[]>): Outcome {
  const [was, is] = [before[name] ?? 'unknown', now[name] ?? 'unknown'];
  const what = NAMES[name] ?? name;
  const by = name === 'publicKeySha256' ? 'the SHA-256 of its public key: ' : '';
  return fail(`the ${what} is not the one in the baseline`, {
    detail: `In the baseline, it is ${by}${was}; now, it is ${is}. No other key can decrypt the data in the database.`,
    expected: `${by}${was}`,
    fix: advice`restore the ${what} that Spacelift was installed with (${by}${was}); if this is another installation, compare with a report of its own`,
    evidence,
  });
}

const shown = (identity: Identity): string[] => Object.entries(identity).map(([name, value]) => `${name}=${value}`);
