/** Ways to break an installation on Azure. */
import { ACCOUNT, HEALTHY_RULES, ROLE } from '../../checks/object-storage/azure-storage.ts';
import { NAMES, real } from '../../checks/object-storage/storage.ts';
import type {
  Account,
  Assignment,
  AzureFaults,
  AzureServer,
  CorsRule,
  FaultReply,
  FaultRequest,
  Immutability,
  Principal,
} from '../../services/azure/index.ts';
import { AKS, type Estate } from '../../support/estate.ts';
import type { Variables } from '../../support/preflight.ts';
import { once } from '../arrange.ts';
import type { Arrange, Fault } from '../fault.ts';

export const HOST = `${ACCOUNT}.blob.core.windows.net`;
export const onAks = (...faults: readonly Fault[]): readonly Fault[] => faults.map((fault) => ({ at: AKS, ...fault }));

/** What is wrong with Azure's servers as a whole. */
export const serving =
  (faults: AzureFaults): Arrange =>
  ({ estate }) => {
    const { azure } = estate.azure;
    azure.faults = faults;
    return {
      undo: () => {
        azure.faults = {};
      },
    };
  };

export const isBlob = ({ plane, method }: FaultRequest): boolean => plane === 'blob' && method !== 'OPTIONS';
export const isToken = ({ plane, method }: FaultRequest): boolean => plane === 'entra' && method === 'POST';

/** The answer instead of the server's. */
export const refusing = (when: (request: FaultRequest) => boolean, reply: FaultReply): Arrange =>
  serving({ statusFor: (request) => (when(request) ? reply : undefined) });

/** The same, for each different request once. */
export const refusingOnce =
  (when: (request: FaultRequest) => boolean, reply: FaultReply): Arrange =>
  (there) => {
    const first = once();
    return serving({
      statusFor: (request) => {
        const { method, path, query } = request;
        const key = `${method} ${path} ${query.replace(/\b(se|st|skt|ske|sig)=[^&]*/g, '')}`;
        return when(request) && first(key) ? reply : undefined;
      },
    })(there);
  };

/** What the SDKs see of the process environment. */
export const environment =
  (change: (estate: Estate) => Variables | Promise<Variables>): Arrange =>
  async ({ estate }) => ({ environment: await change(estate) });

/** Another application of the directory signs in. */
export const as =
  (make: (azure: AzureServer, operator: Principal) => Principal): Arrange =>
  ({ estate: { azure } }) => {
    const { clientId, secret } = make(azure.azure, azure.operator);
    return { environment: { AZURE_CLIENT_ID: clientId, AZURE_CLIENT_SECRET: secret } };
  };

type Settings = Partial<Pick<Account, 'versioning' | 'allowBlobPublicAccess' | 'managementRules'>>;

/** Settings of the account, and containers that the public may read. */
export const account =
  (changed: Settings, open: readonly string[] = []): Arrange =>
  ({ estate: { azure } }) => {
    const held = azure.azure.account();
    Object.assign(held, changed);
    for (const name of open) azure.azure.setPublicAccess(real(name), 'blob');
    return {
      undo: () => {
        Object.assign(held, { versioning: true, allowBlobPublicAccess: false, managementRules: HEALTHY_RULES });
        for (const name of open) azure.azure.setPublicAccess(real(name), undefined);
      },
    };
  };

export const cors =
  (...rules: readonly Partial<CorsRule>[]): Arrange =>
  async ({ estate: { azure } }) => {
    const healthy = [...azure.azure.account().cors];
    await azure.azure.setCors(
      healthy.length === 0 ? [] : rules.flatMap((rule) => healthy.map((one) => ({ ...one, ...rule }))),
    );
    return { undo: () => azure.azure.setCors(healthy) };
  };

/** The services of the vendor's guide leave an object that they may not remove: it is removed for them. */
export const cleaned =
  (arrange: Arrange): Arrange =>
  async (there) => {
    const { azure } = there.estate.azure;
    const { undo, ...arranged } = await arrange(there);
    return {
      ...arranged,
      undo: async () => {
        await undo?.();
        await Promise.all(NAMES.map((name) => azure.removeContainer(real(name))));
        await Promise.all(NAMES.map((name) => azure.createContainer(real(name))));
      },
    };
  };

/** What keeps the blobs of a container, which is made anew afterward. */
export const kept = (bucket: string, immutability: Immutability): Arrange =>
  cleaned(({ estate: { azure } }) => {
    azure.azure.setImmutability(real(bucket), immutability);
    return {};
  });

const BLOBS = 'Microsoft.Storage/storageAccounts/blobServices/containers/blobs';
const granted = (operation: string) =>
  ['read', 'write', 'delete'].filter((one) => one !== operation).map((one) => `${BLOBS}/${one}`);

/** What the vendor's services are assigned, changed. @param make of the assignments that are kept, given the principal */
const assigned = (make: (principal: string) => Assignment[]): Arrange =>
  cleaned(({ estate: { azure } }) => {
    const { assignments, roles } = azure.azure;
    const { objectId } = azure.contributor;
    const before = [...assignments];
    Object.assign(roles, Object.fromEntries(['read', 'write', 'delete'].map((one) => [`no ${one}`, granted(one)])));
    const others = before.filter(({ principal }) => principal !== objectId);
    assignments.splice(0, assignments.length, ...others, ...make(objectId));
    return { undo: () => void assignments.splice(0, assignments.length, ...before) };
  });

const scopeOf = (bucket: string) => ({ account: ACCOUNT, container: real(bucket) });

/** The service's role without one operation, in these containers. */
export const without = (operation: 'read' | 'write' | 'delete', buckets: readonly string[] = NAMES): Arrange =>
  assigned((principal) => [
    { principal, role: 'Storage Blob Delegator' },
    ...NAMES.map((bucket) => {
      return { principal, role: buckets.includes(bucket) ? `no ${operation}` : ROLE, scope: scopeOf(bucket) };
    }),
  ]);

/** The service's role in these containers alone. */
export const only = (buckets: readonly string[]): Arrange =>
  assigned((principal) => [
    { principal, role: 'Storage Blob Delegator' },
    ...buckets.map((bucket) => ({ principal, role: ROLE, scope: scopeOf(bucket) })),
  ]);

/** No role at all. */
export const roleless: Arrange = assigned(() => []);

/** The credentials are in the config, and not the caller's. */
export const owned =
  (arrange: Arrange): Arrange =>
  async (there) => {
    const { environment: changed, ...arranged } = await arrange(there);
    const { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET } = { ...there.environment, ...changed };
    return {
      ...arranged,
      variables: { AZURE_TENANT_ID, AZURE_CLIENT_ID, AZURE_CLIENT_SECRET, ...arranged.variables },
      environment: { AZURE_TENANT_ID: '', AZURE_CLIENT_ID: '', AZURE_CLIENT_SECRET: '' },
    };
  };

/** The role on the containers, and none on the account, whose key signs URLs. */
export const noDelegation: Arrange = assigned((principal) =>
  NAMES.map((bucket) => ({ principal, role: ROLE, scope: scopeOf(bucket) })),
);
