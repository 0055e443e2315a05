/** The encryption methods by ENCRYPTION_TYPE: the only place to register a new one. */

import type { EncryptionType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { kms } from './kms/index.ts';
import type { Provider } from './provider.ts';
import { rsa } from './rsa/index.ts';

export const PROVIDERS = { kms, rsa } satisfies Record<EncryptionType, Provider>;

/** @throws CheckStopped when the choice is invalid or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('ENCRYPTION_TYPE')];

/** Like `providerOf`, but returns `undefined` instead of stopping. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const type = deployment.chosen('ENCRYPTION_TYPE');
  return type && PROVIDERS[type];
}
