/** Google Cloud Storage. */
import { GOOGLE_CREDENTIALS } from '../../../src/clouds/signing.ts';
import type { Provider } from '../provider.ts';

export const gcp: Provider = {
  name: 'Google Cloud',
  where: () => 'Google Cloud Storage',
  signingCredentials: GOOGLE_CREDENTIALS,
  open: async (run) => (await import('./store.ts')).gcp(run),
  grants: async () => (await import('./grants.ts')).grants,
  programs: ['gcloud', 'gsutil'],
  permissions: {
    access: 'roles/storage.objectAdmin',
    presigned: 'also iam.serviceAccounts.signBlob, unless there is a key file',
    versioning: 'storage.buckets.get',
    retention: 'storage.buckets.get',
    public: 'storage.buckets.getIamPolicy',
  },
};
