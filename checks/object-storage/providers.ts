/** The object storage types, keyed by OBJECT_STORAGE_TYPE: the one place to register another. */

import type { ObjectStorageType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import { gcp } from './gcp/index.ts';
import { minio } from './minio/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = { aws, azure, gcp, minio } satisfies Record<ObjectStorageType, Provider>;

/** @throws CheckStopped if the choice is invalid, or not known here */
export const providerOf = (run: Pick<Run, 'choice'>): Provider => PROVIDERS[run.choice('OBJECT_STORAGE_TYPE')];

/** Like `providerOf`, but returns `undefined` instead of throwing. */
export function knownProvider({ deployment }: Pick<Run, 'deployment'>): Provider | undefined {
  const type = deployment.chosen('OBJECT_STORAGE_TYPE');
  return type && PROVIDERS[type];
}
