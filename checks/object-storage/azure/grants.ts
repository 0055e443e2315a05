/** The permissions that the storage account must grant: the roles apply to the account, not to a container. */
import type { Run } from '../../../src/engine/check.ts';
import type { Grants } from '../grants.ts';

export function grants(run: Run): Grants {
  const resource = `the storage account of ${run.require('OBJECT_STORAGE_AZURE_ACCOUNT_URL')}`;
  return {
    objects: () => [{ system: 'azure', action: 'Storage Blob Data Contributor', resource }],
    removal: (_, { deployment }) =>
      deployment.service === undefined
        ? [{ system: 'azure', action: 'Storage Blob Data Owner', resource, further: true }]
        : [],
    signing: () => [],
    settings: () => [{ system: 'azure', action: 'Reader', resource, further: true }],
  };
}
