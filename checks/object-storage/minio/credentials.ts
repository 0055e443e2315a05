/** The owner of the MinIO keys: keys read from a secret store with the caller's credentials belong to the caller. */

import type { SigningCredentials } from '../../../src/clouds/signing.ts';
import type { Party } from '../../../src/config/options.ts';
import type { Run } from '../../../src/engine/check.ts';

const KEYS = ['OBJECT_STORAGE_MINIO_ACCESS_KEY_ID', 'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY'] as const;

export const ownerOfMinio = ({ deployment: { entry, partyOf } }: Run): Party =>
  KEYS.some((name) => entry(name)?.resolved === true || partyOf(name) === 'process') ? 'process' : 'config';

export const MINIO_CREDENTIALS: SigningCredentials = {
  inConfig: [KEYS],
  ownerOf: ownerOfMinio,
  standIn: () => false,
};
