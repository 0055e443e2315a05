/** The way out in Azure's own words: `az` commands with the account's and the container's real names. */
import { inspected } from '../../src/probe/words.ts';
import { AZURE_HOST, type StorageAccount } from './azure-account.ts';
import type { StoreWords } from './store.ts';

const STORAGE = 'Microsoft.Storage/storageAccounts';
const BLOBS = `${STORAGE}/blobServices/containers/blobs`;

export const ROLE = 'Storage Blob Data Contributor';
export const KEY_PERMISSION = `${STORAGE}/blobServices/generateUserDelegationKey/action`;

const PERMISSION: StoreWords['permission'] = {
  put: `${BLOBS}/write`,
  get: `${BLOBS}/read`,
  list: `${BLOBS}/read`,
  delete: `${BLOBS}/delete`,
  'read versioning': `${STORAGE}/blobServices/read`,
  'read lifecycle': `${STORAGE}/managementPolicies/read`,
  'read policy': `${STORAGE}/blobServices/containers/read`,
};

/** Gives the role on the account; the account's commands in the management plane all need its resource group or id. */
export const assignRole = ({ name }: StorageAccount, assignee: string | undefined): string =>
  `az role assignment create --role "${ROLE}" --assignee ${assignee ?? '<object id>'} --scope "$(az storage account show --name ${name} --query id --output tsv)"`;

/** @param assignee the object id of these credentials, once it is known */
export function azureWords(account: StorageAccount, assignee: () => string | undefined): StoreWords {
  const { name, url } = account;
  const group = `--resource-group "$(az storage account show --name ${name} --query resourceGroup --output tsv)"`;
  const policy = (verb: string) => `az storage account management-policy ${verb} --account-name ${name} ${group}`;
  const service = (verb: string) =>
    `az storage account blob-service-properties ${verb} --account-name ${name} ${group}`;
  const { host } = new URL(url);
  const isCloud = AZURE_HOST.test(host);
  const reach = `let Spacelift’s network reach ${host} on TCP 443: a service endpoint, or a private endpoint (az network private-endpoint create) with its DNS zone`;
  return {
    permission: PERMISSION,
    look: {
      'read versioning': `${service('show')} --query isVersioningEnabled`,
      'read lifecycle': `${policy('show')} --query policy.rules`,
      'read policy': `az storage container list --account-name ${name} --auth-mode login --query "[].{name: name, public: properties.publicAccess}"`,
    },
    mend: {
      // Those on credentials come with the error: `entra-words.ts`.
      credentials: () => 'set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give Spacelift an identity',
      signature: () => `let the proxy in between pass requests to ${host} as they are`,
      expired: () => 'az login',
      'clock-skew': () => 'set this machine’s clock: timedatectl set-ntp true',
      denied: () => assignRole(account, assignee()),
      'no-bucket': ({ bucket }) =>
        `az storage container create --account-name ${name} --name ${bucket} --auth-mode login`,
      'invalid-name': ({ bucket }) => `rename the container, and the variable that says ${bucket}`,
      'wrong-region': () => `see where it is: az storage account show --name ${name} --query primaryLocation`,
      'slow-down': () =>
        `run again later; see the account’s load: az monitor metrics list --metric Transactions --resource "$(az storage account show --name ${name} --query id --output tsv)"`,
      starting: () => 'run again later',
      full: () => 'run again later',
      quota: () => 'run again later',
      'too-large': () => `raise the limit of the proxy in front of ${host}`,
      'server-error': () =>
        'run again; if it stays, see https://azure.status.microsoft, and the log of a proxy in between',
      'not-a-store': () =>
        `set OBJECT_STORAGE_AZURE_ACCOUNT_URL, now ${url}, to the account’s blob endpoint: az storage account show --name ${name} --query primaryEndpoints.blob`,
      other: ({ code }) => `look ${code ?? 'the status'} up among the error codes of the Blob service`,
    },
    network: {
      dns: `correct the account in OBJECT_STORAGE_AZURE_ACCOUNT_URL (az storage account list --query "[].primaryEndpoints.blob"); with a private endpoint, link the DNS zone privatelink.blob.core.windows.net to Spacelift’s network`,
      timeout: reach,
      ...(isCloud && { tls: inspected(host) }),
      unreachable: reach,
    },
    versioning: () => `${service('update')} --enable-versioning true`,
    expire: (bucket, days) =>
      `add a rule to those that are there (the command replaces all): ${policy('create')} --policy '${JSON.stringify({ rules: [expiring(bucket, days)] })}'`,
    keep: (bucket) =>
      `let no rule that deletes base blobs match ${bucket}/ by its prefixMatch (without one it matches all): change what ${policy('show')} prints, and put it back: ${policy('create')} --policy @policy.json`,
    makePrivate: (bucket) =>
      `az storage container set-permission --account-name ${name} --name ${bucket} --public-access off`,
    allowOrigin: (_, origin) =>
      `az storage cors add --account-name ${name} --services b --methods PUT POST --origins ${origin} --allowed-headers '*' --exposed-headers '*' --max-age 3600`,
    overTls: 'set OBJECT_STORAGE_AZURE_ACCOUNT_URL to an https:// URL',
    remove: (bucket, key) =>
      key.endsWith('/')
        ? `az storage blob delete-batch --account-name ${name} --source ${bucket} --pattern '${key}*' --auth-mode login; ${versions(name, bucket, key)}`
        : `az storage blob delete --account-name ${name} --container-name ${bucket} --name ${key} --auth-mode login; ${versions(name, bucket, key)}`,
  };
}

const expiring = (bucket: string, days: number) => ({
  enabled: true,
  name: `expire-${bucket}`,
  type: 'Lifecycle',
  definition: {
    actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
    filters: { blobTypes: ['blockBlob'], prefixMatch: [`${bucket}/`] },
  },
});

const versions = (name: string, bucket: string, prefix: string): string =>
  `az storage blob list --account-name ${name} --container-name ${bucket} --prefix ${prefix} --include v --auth-mode login --query "[].[name, versionId]" --output tsv | while read -r blob version; do az storage blob delete --account-name ${name} --container-name ${bucket} --name "$blob" --version-id "$version" --auth-mode login; done`;
