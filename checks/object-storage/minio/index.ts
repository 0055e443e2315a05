/** MinIO, or another server with the S3 protocol. */
import type { Provider } from '../provider.ts';
import { MINIO_CREDENTIALS } from './credentials.ts';

export const minio: Provider = {
  name: 'MinIO',
  where: ({ require }) => `MinIO at ${require('OBJECT_STORAGE_MINIO_ENDPOINT')}`,
  signingCredentials: MINIO_CREDENTIALS,
  open: async (run) => (await import('./store.ts')).minio(run),
  grants: async (run) => (await import('./grants.ts')).grants(run),
  programs: ['mc'],
};
