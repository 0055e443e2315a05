/** Whose MinIO's keys are: read from a store of secrets with the caller's credentials, they are the caller's. */

import type { Party } from '../../../src/config/options.ts';
import type { Run } from '../../../src/engine/check.ts';

const KEYS = ['OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY', 'OBJECT_STORAGE_MINIO_ACCESS_KEY_ID'] as const;

export const ownerOfMinio = ({ deployment: { entry, partyOf } }: Run): Party =>
  KEYS.some((name) => entry(name)?.resolved === true || partyOf(name) === 'process') ? 'process' : 'config';
