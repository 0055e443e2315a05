/** The permissions that MinIO must grant: the same as S3. */
import type { Run } from '../../../src/engine/check.ts';
import { type Grants, s3Grants } from '../grants.ts';
import { minioMessages } from './messages.ts';

export function grants(run: Run): Grants {
  const endpoint = run.require('OBJECT_STORAGE_MINIO_ENDPOINT');
  return s3Grants('minio', 'aws', minioMessages({ accessKey: '', endpoint, secure: false }).permission);
}
