/** Fixes for Azure: `az` commands that contain the real names of the account and the container. */

import { SET_CLOCK } from '../../../src/clouds/fixes.ts';
import { inspected } from '../../../src/net/messages.ts';
import { advice, command, type Fix, output, pipe, type Shell, sh } from '../../../src/outcome/fix.ts';
import { lookUp, passOn, RUN_LATER, removal, rename } from '../fixes.ts';
import type { StoreMessages } from '../store.ts';
import { AZURE_HOST, type StorageAccount } from './account.ts';

const STORAGE = 'Microsoft.Storage/storageAccounts';
const BLOBS = `${STORAGE}/blobServices/containers/blobs`;

export const ROLE = 'Storage Blob Data Contributor';
export const KEY_PERMISSION = `${STORAGE}/blobServices/generateUserDelegationKey/action`;

const PERMISSION: StoreMessages['permission'] = {
  put: `${BLOBS}/write`,
  get: `${BLOBS}/read`,
  list: `${BLOBS}/read`,
  delete: `${BLOBS}/delete`,
  'read versioning': `${STORAGE}/blobServices/read`,
  'read lifecycle': `${STORAGE}/managementPolicies/read`,
  'read policy': `${STORAGE}/blobServices/containers/read`,
  'read retention': `${STORAGE}/blobServices/containers/read`,
};

/** Shows a field of the account; all management-plane commands need its resource group or id. */
const show = (name: string, field: string): Shell =>
  sh`az storage account show --name ${name} --query ${field} --output tsv`;

/** Assigns the role on the account. */
export function assignRole({ name }: StorageAccount, assignee: string | undefined): Fix {
  const assign = (to: string) =>
    sh`az role assignment create --role ${ROLE} --assignee ${to} --scope ${output(show(name, 'id'))}`;
  return assignee === undefined
    ? advice`assign the role to Spacelift’s identity: ${assign('OBJECT_ID')}`
    : command(assign(assignee));
}

/** Ends what keeps the blobs of a container. */
export function release({ name }: StorageAccount, container: string, hasLegalHold: boolean): Fix {
  if (hasLegalHold) {
    const tags = sh`az storage container legal-hold show --account-name ${name} --container-name ${container} --query tags`;
    return advice`clear its legal holds, which are named here: ${tags}; and ${sh`az storage container legal-hold clear --account-name ${name} --container-name ${container} --tags TAG`}`;
  }
  const etag = sh`az storage container immutability-policy show --account-name ${name} --container-name ${container} --query etag --output tsv`;
  return command(
    sh`az storage container immutability-policy delete --account-name ${name} --container-name ${container} --if-match ${output(etag)}`,
    { note: 'nobody can delete a policy that is locked: use another container', destructive: true },
  );
}

/** @param assignee the object id of these credentials, once it is known */
export function azureMessages(account: StorageAccount, assignee: () => string | undefined): StoreMessages {
  const { name, url } = account;
  const group = output(show(name, 'resourceGroup'));
  const createPolicy = (policy: string) =>
    sh`az storage account management-policy create --account-name ${name} --resource-group ${group} --policy ${policy}`;
  const { host } = new URL(url);
  const isCloud = AZURE_HOST.test(host);
  const reach = advice`give Spacelift’s network access to ${host} on TCP 443: a service endpoint, or a private endpoint (az network private-endpoint create) with its DNS zone`;
  return {
    permission: PERMISSION,
    look: {
      'read versioning': sh`az storage account blob-service-properties show --account-name ${name} --resource-group ${group} --query isVersioningEnabled`,
      'read lifecycle': sh`az storage account management-policy show --account-name ${name} --resource-group ${group} --query policy.rules`,
      'read policy': sh`az storage container list --account-name ${name} --auth-mode login --query ${'[].{name: name, public: properties.publicAccess}'}`,
    },
    fixes: {
      // Fixes for credential errors come with the error: src/clouds/azure/credential-messages.ts.
      credentials: () =>
        advice`set AZURE_TENANT_ID, AZURE_CLIENT_ID and AZURE_CLIENT_SECRET, or give Spacelift an identity`,
      signature: () => advice`configure the proxy in between to pass requests to ${host} unchanged`,
      expired: () => command(sh`az login`),
      'clock-skew': () => SET_CLOCK,
      denied: () => assignRole(account, assignee()),
      'no-bucket': ({ bucket }) =>
        command(sh`az storage container create --account-name ${name} --name ${bucket} --auth-mode login`),
      'invalid-name': ({ bucket }) => rename('container', bucket),
      'wrong-region': () =>
        command(sh`az storage account show --name ${name} --query primaryLocation`, {
          note: 'find the account’s region',
        }),
      'slow-down': () =>
        advice`run again later; check the account’s load: ${sh`az monitor metrics list --metric Transactions --resource ${output(show(name, 'id'))}`}`,
      starting: () => RUN_LATER,
      full: () => RUN_LATER,
      quota: () => RUN_LATER,
      'too-large': () => advice`raise the limit of the proxy in front of ${host}`,
      'server-error': () =>
        advice`run again; if the error persists, check https://azure.status.microsoft and the log of any proxy in between`,
      'not-a-store': () =>
        advice`set OBJECT_STORAGE_AZURE_ACCOUNT_URL (now ${url}) to the account’s blob endpoint: ${sh`az storage account show --name ${name} --query primaryEndpoints.blob`}`,
      redirected: () => passOn(advice`set OBJECT_STORAGE_AZURE_ACCOUNT_URL to its address`),
      unsupported: ({ code }) => lookUp(code, 'the list of Blob service error codes'),
      other: ({ code }) => lookUp(code, 'the list of Blob service error codes'),
    },
    network: {
      dns: advice`correct the account in OBJECT_STORAGE_AZURE_ACCOUNT_URL (az storage account list --query "[].primaryEndpoints.blob"); with a private endpoint, link the DNS zone privatelink.blob.core.windows.net to Spacelift’s network`,
      timeout: reach,
      ...(isCloud && { tls: inspected(host) }),
      unreachable: reach,
    },
    versioning: () =>
      command(
        sh`az storage account blob-service-properties update --account-name ${name} --resource-group ${group} --enable-versioning true`,
      ),
    expire: (bucket, days) =>
      command(createPolicy(JSON.stringify({ rules: [expiring(bucket, days)] })), {
        note: 'include the existing rules: the command replaces all of them',
        destructive: true,
      }),
    keep: (bucket) => {
      const rules = sh`az storage account management-policy show --account-name ${name} --resource-group ${group} --query policy`;
      return advice`make sure that no rule that deletes base blobs matches ${bucket}/ (a rule without prefixMatch matches everything): edit the output of ${rules}, and apply it: ${createPolicy('@policy.json')}`;
    },
    makePrivate: (bucket) =>
      command(sh`az storage container set-permission --account-name ${name} --name ${bucket} --public-access off`),
    allowOrigin: (_, origin) =>
      command(
        sh`az storage cors add --account-name ${name} --services b --methods PUT POST --origins ${origin} --allowed-headers ${'*'} --exposed-headers ${'*'} --max-age 3600`,
      ),
    overTls: advice`set OBJECT_STORAGE_AZURE_ACCOUNT_URL to an https:// URL`,
    remove: (bucket, key, retention) => {
      const current = key.endsWith('/')
        ? sh`az storage blob delete-batch --account-name ${name} --source ${bucket} --pattern ${`${key}*`} --auth-mode login`
        : sh`az storage blob delete --account-name ${name} --container-name ${bucket} --name ${key} --auth-mode login`;
      return command([current, removeVersions(name, bucket, key)], removal(retention));
    },
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

/** Characters that `xargs` splits on or unquotes: names that contain them are not from this tool, and could inject options. */
const DIVIDING = [' ', '\t', '\n', "'", '"', '\\'];
/** A JMESPath query that prints each version as four words; a blob without versions prints nothing. */
const VERSIONS = `[?versionId && ${DIVIDING.map((text) => `!contains(name, \`${JSON.stringify(text)}\`)`).join(' && ')}].['--name', name, '--version-id', versionId]`;

/** Deleting a blob turns its current version into an older one, which can only then be deleted by its id. */
const removeVersions = (name: string, bucket: string, prefix: string): Shell =>
  pipe(
    sh`az storage blob list --account-name ${name} --container-name ${bucket} --prefix ${prefix} --include v --auth-mode login --query ${VERSIONS} --output tsv`,
    sh`xargs -r -n 4 az storage blob delete --account-name ${name} --container-name ${bucket} --auth-mode login`,
  );
