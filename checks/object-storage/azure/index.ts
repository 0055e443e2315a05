/** Azure Blob Storage. */
import { AZURE_CREDENTIALS } from '../../../src/clouds/signing.ts';
import type { Provider } from '../provider.ts';

export const azure: Provider = {
  name: 'Azure',
  where: ({ require }) => `Azure Blob Storage at ${new URL(require('OBJECT_STORAGE_AZURE_ACCOUNT_URL')).host}`,
  signingCredentials: AZURE_CREDENTIALS,
  open: async (run) => (await import('./store.ts')).azure(run),
  grants: async (run) => (await import('./grants.ts')).grants(run),
  programs: ['az'],
};
