/** The object storage types, keyed by OBJECT_STORAGE_TYPE: the one place to register another. */

import type { ObjectStorageType } from '../../src/config/contract.ts';
import { registry } from '../../src/engine/registry.ts';
import { aws } from './aws/index.ts';
import { azure } from './azure/index.ts';
import { gcp } from './gcp/index.ts';
import { minio } from './minio/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = { aws, azure, gcp, minio } satisfies Record<ObjectStorageType, Provider>;

export const { providerOf, knownProvider } = registry<'OBJECT_STORAGE_TYPE', Provider>(
  'OBJECT_STORAGE_TYPE',
  PROVIDERS,
);
