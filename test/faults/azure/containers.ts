/** What the service's role may do in its containers, and how the account is set up. */
import { ACCOUNT, expiry, HEALTHY_RULES, URL_OF_ACCOUNT } from '../../checks/object-storage/azure-storage.ts';
import { NAMES, real } from '../../checks/object-storage/storage.ts';
import type { ManagementRule } from '../../services/azure/index.ts';
import { bucketVariable, config, FIRST, SIGNED } from '../arrange.ts';
import type { Fault } from '../fault.ts';
import {
  account,
  as,
  cors,
  HOST,
  isBlob,
  kept,
  noDelegation,
  onAks,
  only,
  owned,
  refusing,
  roleless,
  serving,
  without,
} from './arrange.ts';

const SETTING = 'OBJECT_STORAGE_AZURE_ACCOUNT_URL';
const SUGGESTED = ['modules', 'run-logs', 'uploads', 'user-uploaded-workspaces', 'workspace'];
const EXPIRING = NAMES.filter((name) => name !== 'modules' && name !== 'states');

/** A value that is not the URL of the account's blobs. */
const url = (name: string, value: string, says: RegExp): Fault => ({
  name,
  arrange: config(() => ({ [SETTING]: value })),
  fail: [FIRST],
  says,
});

const denied = (operation: 'read' | 'write' | 'delete', bucket: string): Fault => ({
  name: `blobs/${operation} denied in the ${bucket} container`,
  as: 'server',
  arrange: without(operation, [bucket]),
  fail: [`object-storage/${bucket}/access`],
  says: new RegExp(`^the credentials lack Microsoft\\.Storage\\/.*\\/blobs\\/${operation} on ${real(bucket)}`),
  leaves: true,
});

/** The account itself refuses. */
const refused = (name: string, status: number, code: string, says: RegExp): Fault => ({
  name,
  arrange: refusing(isBlob, { status, code }),
  fail: [FIRST],
  says,
});

const everywhere: ManagementRule = {
  name: 'expire',
  type: 'Lifecycle',
  definition: {
    actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: 30 } } },
    filters: { blobTypes: ['blockBlob'] },
  },
};

const KEPT = /^a retention policy or hold prevents the deletion of objects in spacelift-metadata\nSpacelift overwrites/;

export const CONTAINERS: readonly Fault[] = onAks(
  url(
    'an Azure account URL with a container in it',
    `${URL_OF_ACCOUNT}/spacelift-states`,
    /: it has a path, \/spacelift-states\n/,
  ),
  url('an Azure account URL of Data Lake', `https://${ACCOUNT}.dfs.core.windows.net`, /Data Lake Storage/),
  url('an Azure account URL without an account', 'https://blob.core.windows.net', /: it does not name an account/),
  url(
    'an Azure account URL with a shared access signature',
    `${URL_OF_ACCOUNT}/?sv=2024-01-01&sig=c2VjcmV0LXNpZ25hdHVyZQ`,
    /: it contains credentials\n/,
  ),
  url(
    'an Azure account URL of the secondary endpoint',
    `https://${ACCOUNT}-secondary.blob.core.windows.net`,
    /: it is the secondary endpoint, which is read-only/,
  ),
  {
    name: 'an Azure account URL of plain HTTP',
    arrange: config(() => ({ [SETTING]: `http://${HOST}` })),
    fail: ['configuration/value'],
    says: /^OBJECT_STORAGE_AZURE_ACCOUNT_URL is not an https:\/\/ URL: "http:\/\/preflighttest\.blob\.core\.windows\.net"/,
  },
  {
    name: 'an Azure account URL with a slash at its end',
    arrange: config(() => ({ [SETTING]: `${URL_OF_ACCOUNT}/` })),
  },
  {
    name: 'an Azure account that does not exist',
    arrange: () => ({
      variables: { [SETTING]: 'https://nosuchaccount.invalid' },
      environment: { NO_PROXY: '.invalid,127.0.0.1,localhost' },
    }),
    options: { allowCredentialsTo: ['nosuchaccount.invalid'] },
    fail: [FIRST],
    says: /^nosuchaccount\.invalid does not resolve/,
  },
  {
    name: 'an account of nobody’s at Azure, to which the caller’s token is not sent',
    arrange: config(() => ({ [SETTING]: 'https://blobs.corp.invalid' })),
  },
  {
    name: 'an Azure container that is not there',
    arrange: config(() => bucketVariable('states', 'corp-states')),
    fail: ['object-storage/states/access'],
    says: /^container corp-states does not exist in the storage account preflighttest/,
  },
  {
    name: 'a container’s name that is one letter off',
    arrange: config(() => bucketVariable('run-logs', 'spacelift-run-log')),
    fail: ['object-storage/run-logs/access'],
    says: /^container spacelift-run-log does not exist .*\nspacelift-run-logs exists, and no variable names it\.$/,
  },
  {
    name: 'an Azure container name with capitals',
    arrange: config(() => bucketVariable('states', 'Corp_States')),
    fail: ['object-storage/states/access'],
    says: /^Corp_States is not a valid container name/,
  },
  denied('write', 'deliveries'),
  denied('read', 'states'),
  denied('delete', 'metadata'),
  {
    name: 'blobs/write denied in all containers',
    as: 'server',
    arrange: without('write'),
    fail: [FIRST],
    says: /^the credentials lack Microsoft\.Storage\/.*\/blobs\/write/,
  },
  {
    name: 'blobs/read denied in all containers',
    as: 'drain',
    arrange: without('read'),
    fail: [FIRST],
    says: /^the credentials lack .*blobs\/read/,
    leaves: true,
  },
  {
    name: 'a role on all containers but one',
    as: 'server',
    arrange: only(NAMES.filter((name) => name !== 'workspace')),
    fail: ['object-storage/workspace/access'],
    says: /spacelift-workspace/,
    leaves: true,
  },
  {
    name: 'no role for the data of the Azure account',
    as: 'server',
    arrange: roleless,
    fail: [FIRST],
    says: /^the credentials have no data role on the storage account preflighttest\nEvery operation is denied/,
  },
  {
    name: 'an application in the config that has no role for the data of the Azure account',
    arrange: owned(as((azure) => azure.createPrincipal())),
    fail: [FIRST],
    says: /^the credentials have no data role on the storage account preflighttest\nEvery operation is denied/,
  },
  {
    name: 'an operator without any role for the data of the Azure account',
    arrange: as((azure) => azure.createPrincipal('Reader')),
  },
  { name: 'an application in the config that has its role', arrange: owned(() => ({})) },
  { name: 'a scheduler without any role at Azure', as: 'scheduler', arrange: roleless },
  {
    name: 'no user delegation key at Azure',
    as: 'server',
    arrange: noDelegation,
    fail: [SIGNED],
    says: /^the credentials can’t sign URLs for the storage account preflighttest\nThey lack .*generateUserDelegationKey\/action/,
    leaves: true,
  },
  refused(
    'an Azure firewall that refuses this network',
    403,
    'AuthorizationFailure',
    /^the network rules of the storage account preflighttest block this machine\nA role does not help/,
  ),
  refused('a disabled Azure account', 403, 'AccountIsDisabled', /^the storage account preflighttest is disabled/),
  refused(
    'a Key Vault key of the Azure account that is gone',
    403,
    'KeyVaultEncryptionKeyNotFound',
    /^the key that encrypts the storage account preflighttest can’t be used: KeyVaultEncryptionKeyNotFound/,
  ),
  {
    name: 'shared keys disabled at Azure',
    arrange: serving({
      statusFor: ({ headers }) =>
        headers.authorization?.startsWith('SharedKey')
          ? { status: 403, code: 'KeyBasedAuthenticationNotPermitted' }
          : undefined,
    }),
  },
  {
    name: 'a time-based retention policy on an Azure container',
    arrange: kept('metadata', { policy: 'container' }),
    fail: ['object-storage/metadata/access'],
    says: KEPT,
    leaves: true,
  },
  {
    name: 'a legal hold on an Azure container',
    arrange: kept('metadata', { legalHold: true }),
    fail: ['object-storage/metadata/access'],
    says: KEPT,
    leaves: true,
  },
  {
    name: 'a retention policy for the versions in an Azure container',
    arrange: kept('states', { ofVersions: true, policy: 'container' }),
    leaves: true,
  },
  {
    name: 'a retention policy for versions of the Azure account, which the container does not show',
    arrange: kept('states', { ofVersions: true, policy: 'account' }),
    leaves: true,
  },
  {
    // Only a version that is no longer current can be deleted, and by then a policy would have kept it: the constant object stays.
    name: 'an Azure container that could have a policy for its versions',
    arrange: kept('states', { ofVersions: true }),
    leaves: true,
  },
  {
    name: 'versioning off on the Azure account',
    arrange: account({ versioning: false }),
    fail: ['object-storage/states/versioning'],
    warn: SUGGESTED.map((name) => `object-storage/${name}/versioning`),
    says: /^versioning is not enabled on spacelift-/,
  },
  {
    name: 'a lifecycle rule of Azure on states',
    arrange: account({ managementRules: [...HEALTHY_RULES, expiry([real('states')], 30)] }),
    fail: ['object-storage/states/retention'],
    says: /^objects in spacelift-states expire\nexpire: after 30 days/,
  },
  {
    name: 'a lifecycle rule of Azure on every container',
    arrange: account({ managementRules: [everywhere, ...HEALTHY_RULES] }),
    fail: ['object-storage/modules/retention'],
    says: /^a lifecycle rule deletes objects that must be kept: expire: after 30 days/,
  },
  {
    name: 'a lifecycle rule of Azure on a container of another name',
    arrange: account({ managementRules: [...HEALTHY_RULES, expiry(['spacelift-states-old'])] }),
  },
  {
    name: 'no lifecycle rule of Azure on uploads',
    arrange: account({ managementRules: [expiry(EXPIRING.filter((name) => name !== 'uploads').map(real))] }),
    warn: ['object-storage/uploads/retention'],
    says: /^objects in spacelift-uploads never expire/,
  },
  {
    name: 'an Azure container that everyone can read',
    arrange: account({ allowBlobPublicAccess: true }, ['states']),
    warn: ['object-storage/states/public'],
    says: /^anyone can read spacelift-states/,
  },
  { name: 'a public Azure container that the account closes', arrange: account({}, ['states']) },
  {
    name: 'a management plane of Azure that denies',
    arrange: refusing(({ plane }) => plane === 'arm', { status: 403, code: 'AuthorizationFailed' }),
  },
  {
    name: 'a management plane of Azure that fails',
    arrange: refusing(({ plane }) => plane === 'arm', { status: 500, code: 'InternalServerError' }),
  },
  {
    name: 'no CORS on the Azure account',
    arrange: cors(),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS on the Azure account for another origin',
    arrange: cors({ allowedOrigins: 'https://other.corp.io' }),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS on the Azure account without POST',
    arrange: cors({ allowedMethods: 'PUT' }),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'an uploads URL of another Azure account',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://other.blob.core.windows.net' })),
    warn: ['object-storage/uploads/url'],
    says: /points to https:\/\/other\.blob\.core\.windows\.net, but uploads go to https:\/\/preflighttest\.blob\.core\.windows\.net/,
  },
  {
    name: 'a proxy that breaks Azure’s signed URLs',
    arrange: refusing(({ query }) => query.includes('sig='), { status: 403, code: 'AuthenticationFailed' }),
    fail: [SIGNED],
    says: /^pre-signed URLs are rejected\n.*a proxy in front of the store changes/,
  },
);
