/** The permissions that Google Cloud Storage must grant. */
import type { Grants } from '../grants.ts';

export const grants: Grants = {
  objects: (bucket) => [{ system: 'gcp', action: 'roles/storage.objectAdmin', resource: `gs://${bucket}` }],
  removal: () => [],
  signing: () => [
    {
      system: 'gcp',
      action: 'roles/iam.serviceAccountTokenCreator (to sign as itself, without a key file)',
      resource: 'the service account itself',
    },
  ],
  settings: (bucket) => [
    {
      system: 'gcp',
      action: 'a custom role with storage.buckets.get and storage.buckets.getIamPolicy',
      resource: `gs://${bucket}`,
      further: true,
    },
  ],
};
