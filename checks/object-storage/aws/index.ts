/** AWS S3. */
import { AWS_CREDENTIALS } from '../../../src/clouds/signing.ts';
import type { Provider } from '../provider.ts';

export const aws = {
  name: 'S3',
  where: ({ require }) => `S3 in ${require('AWS_REGION')}`,
  signingCredentials: AWS_CREDENTIALS,
  open: async (run) => (await import('./store.ts')).aws(run),
  grants: async (run) => (await import('./grants.ts')).grants(run),
  programs: ['aws'],
  permissions: {
    access: 's3:PutObject, s3:GetObject, s3:ListBucket, and s3:DeleteObject',
    presigned: 's3:PutObject and s3:GetObject',
    versioning: 's3:GetBucketVersioning',
    retention: 's3:GetLifecycleConfiguration',
    public: 's3:GetBucketPolicy',
  },
} satisfies Provider;
