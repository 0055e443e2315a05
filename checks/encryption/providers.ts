/** The encryption methods by ENCRYPTION_TYPE: the only place to register a new one. */

import type { EncryptionType } from '../../src/config/contract.ts';
import { registry } from '../../src/engine/registry.ts';
import { kms } from './kms/index.ts';
import type { Provider } from './provider.ts';
import { rsa } from './rsa/index.ts';

export const PROVIDERS = { kms, rsa } satisfies Record<EncryptionType, Provider>;

export const { providerOf, knownProvider } = registry<'ENCRYPTION_TYPE', Provider>('ENCRYPTION_TYPE', PROVIDERS);
