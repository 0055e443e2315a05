/** Ten containers of one storage account as the vendor's guide wants them, on the Azure test services, and the check of them. */
import { objectStorage } from '../../../checks/object-storage/index.ts';
import { BUCKETS, type Bucket } from '../../../src/config/contract.ts';
import { type AzureServer, type ManagementRule, type Principal, startAzure } from '../../services/azure/index.ts';
import { type Options, preflight, type Result, type Variables } from '../../support/preflight.ts';
import { NAMES, real } from './storage.ts';

export const ACCOUNT = 'preflighttest';
export const URL_OF_ACCOUNT = `https://${ACCOUNT}.blob.core.windows.net`;
export const ORIGIN = 'https://spacelift.corp.internal';
export const ROLE = 'Storage Blob Data Contributor';

const KEPT_FOREVER = ['modules', 'states'];

/** A rule of the account's lifecycle policy that deletes block blobs of these containers. */
export function expiry(containers: readonly string[], days = 2): ManagementRule {
  return {
    name: 'expire',
    type: 'Lifecycle',
    definition: {
      actions: { baseBlob: { delete: { daysAfterModificationGreaterThan: days } } },
      filters: { blobTypes: ['blockBlob'], prefixMatch: containers.map((container) => `${container}/`) },
    },
  };
}

export const HEALTHY_RULES = [expiry(NAMES.filter((name) => !KEPT_FOREVER.includes(name)).map(real))];

const cors = (methods: string, origins = ORIGIN, headers = '*') => ({
  allowedOrigins: origins,
  allowedMethods: methods,
  allowedHeaders: headers,
  exposedHeaders: '*',
  maxAgeInSeconds: 3600,
});

export interface Given extends Options {
  /** The operator unless told; `null`: without credentials. */
  readonly as?: Principal | null;
  readonly variables?: Variables;
}

export interface AzureStorage {
  readonly azure: AzureServer;
  /** May do everything, and read the settings. */
  readonly operator: Principal;
  /** As the vendor gives it to its services. */
  readonly contributor: Principal;
  readonly variables: Variables;
  setCors(methods?: string, origins?: string, headers?: string): Promise<void>;
  check(options?: Given): Promise<Result>;
}

export async function startAzureStorage(): Promise<AzureStorage> {
  const azure = await startAzure();
  const account = azure.account();
  account.versioning = true;
  account.managementRules = HEALTHY_RULES;
  const names: Record<string, string> = {};
  for (const bucket of NAMES) names[BUCKETS[bucket as Bucket]] = real(bucket);
  await Promise.all(NAMES.map((bucket) => azure.createContainer(real(bucket))));
  const setCors = (methods = 'PUT,POST', origins = ORIGIN, headers = '*') =>
    azure.setCors(methods === '' ? [] : [cors(methods, origins, headers)]);
  await setCors();
  const operator = azure.createPrincipal('Storage Blob Data Owner', 'Reader');
  const contributor = azure.createPrincipal(ROLE);
  const variables: Variables = {
    SERVER_DOMAIN: 'spacelift.corp.internal',
    OBJECT_STORAGE_TYPE: 'azure',
    OBJECT_STORAGE_AZURE_ACCOUNT_URL: URL_OF_ACCOUNT,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: URL_OF_ACCOUNT,
    ...names,
  };
  return {
    azure,
    operator,
    contributor,
    variables,
    setCors,
    check: ({ as = operator, variables: changed = {}, environment = {}, ...rest } = {}) =>
      preflight(
        [objectStorage],
        { ...variables, ...changed },
        { environment: { ...azure.proxyEnvironment(as ?? undefined), ...environment }, ...rest },
      ),
  };
}

/** Everything as `startAzureStorage` made it, whatever a test has changed or a role has left. */
export async function restore(storage: AzureStorage): Promise<void> {
  const { azure } = storage;
  azure.faults = {};
  azure.attach(undefined);
  Object.assign(azure.account(), { versioning: true, allowBlobPublicAccess: false, managementRules: HEALTHY_RULES });
  for (const name of NAMES) azure.setPublicAccess(real(name), undefined);
  await storage.setCors();
  const used = new Set(contents(storage).map((entry) => entry.slice(0, entry.indexOf('/'))));
  for (const bucket of used) {
    await azure.removeContainer(real(bucket));
    await azure.createContainer(real(bucket));
  }
}

/** What stands in the containers, as `bucket/key versions`. */
export function contents({ azure }: AzureStorage): string[] {
  const { containers } = azure.snapshot()[ACCOUNT] as { containers: Record<string, { blobs: { name: string }[] }> };
  return NAMES.flatMap((bucket) => {
    const blobs = containers[real(bucket)]?.blobs ?? [];
    return [...Map.groupBy(blobs, ({ name }) => name)].map(([name, all]) => `${bucket}/${name} ${all.length}`);
  });
}
