/** Cloud IAM as far as storage needs it: roles are lists of permissions, bindings give roles to members. */

export interface Binding {
  role: string;
  /** `serviceAccount:…`, `user:…`, `principal://…`, `allUsers` or `allAuthenticatedUsers`. */
  members: string[];
}

const objects = (...verbs: string[]) => verbs.map((verb) => `storage.objects.${verb}`);
const buckets = (...verbs: string[]) => verbs.map((verb) => `storage.buckets.${verb}`);
const multipart = 'abort create list listParts'.split(' ').map((verb) => `storage.multipartUploads.${verb}`);
const allObjects = objects(
  'create',
  'delete',
  'get',
  'getIamPolicy',
  'list',
  'setIamPolicy',
  'update',
  'move',
  'restore',
);

/** From the tables in "IAM roles for Cloud Storage". A role of another name may be added. */
export const predefinedRoles: Readonly<Record<string, readonly string[]>> = {
  'roles/storage.admin': [
    ...buckets('create', 'delete', 'get', 'getIamPolicy', 'list', 'setIamPolicy', 'update'),
    ...allObjects,
    ...multipart,
  ],
  'roles/storage.objectAdmin': [...allObjects, ...multipart],
  'roles/storage.objectUser': [
    ...objects('create', 'delete', 'get', 'list', 'update', 'move', 'restore'),
    ...multipart,
  ],
  'roles/storage.objectCreator': [...objects('create'), ...multipart.filter((name) => !name.endsWith('.list'))],
  'roles/storage.objectViewer': objects('get', 'list'),
  'roles/storage.bucketViewer': buckets('get', 'list'),
  'roles/storage.legacyBucketReader': [...buckets('get'), ...objects('list'), 'storage.multipartUploads.list'],
  'roles/storage.legacyBucketWriter': [...buckets('get'), ...objects('create', 'delete', 'list'), ...multipart],
  'roles/storage.legacyBucketOwner': [
    ...buckets('get', 'getIamPolicy', 'setIamPolicy', 'update'),
    ...objects('create', 'delete', 'list'),
    ...multipart,
  ],
  'roles/storage.legacyObjectReader': objects('get'),
  'roles/iam.serviceAccountTokenCreator': [
    'iam.serviceAccounts.getAccessToken',
    'iam.serviceAccounts.getOpenIdToken',
    'iam.serviceAccounts.implicitDelegation',
    'iam.serviceAccounts.signBlob',
    'iam.serviceAccounts.signJwt',
  ],
  'roles/iam.workloadIdentityUser': ['iam.serviceAccounts.getAccessToken', 'iam.serviceAccounts.getOpenIdToken'],
};

/** Whom the bindings' members may mean: a signed-in caller, or undefined for an anonymous one. */
export function memberNames(member: string | undefined): string[] {
  return member === undefined ? ['allUsers'] : [member, 'allAuthenticatedUsers', 'allUsers'];
}

/** Whether one of the bindings gives one of the names the permission. */
export function grants(
  bindings: readonly Binding[],
  roles: Readonly<Record<string, readonly string[]>>,
  names: readonly string[],
  permission: string,
): boolean {
  return bindings.some(
    ({ role, members }) => roles[role]?.includes(permission) && members.some((member) => names.includes(member)),
  );
}
