/** The methods of encryption, by ENCRYPTION_TYPE: the one place to register another. */

import type { EncryptionType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { kms } from './kms/index.ts';
import type { Provider } from './provider.ts';
import { rsa } from './rsa/index.ts';

export const PROVIDERS = { kms, rsa } satisfies Record<EncryptionType, Provider>;

/** @throws CheckStopped when the choice is found wrong, or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('ENCRYPTION_TYPE')];

/** As `providerOf`, but `undefined` where that stops. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const type = deployment.chosen('ENCRYPTION_TYPE');
  return type && PROVIDERS[type];
}
