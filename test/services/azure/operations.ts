/** What a request asks of the blob service, and which permission that takes ("Authorize with Microsoft Entra ID"). */

export interface Operation {
  /** As in the REST reference. */
  name: string;
  action: string;
}

export interface Place {
  account: string;
  container: string | undefined;
  blob: string | undefined;
}

const services = 'Microsoft.Storage/storageAccounts/blobServices';
const containers = `${services}/containers`;
const blobs = `${containers}/blobs`;

type Row = [method: string, query: string, name: string, action: string];

/** The query is `restype/comp`; the first row that fits counts. */
const onService: Row[] = [
  ['GET', '/list', 'List Containers', `${containers}/read`],
  ['POST', 'service/userdelegationkey', 'Get User Delegation Key', `${services}/generateUserDelegationKey/action`],
  ['GET', 'service/properties', 'Get Blob Service Properties', `${services}/read`],
  ['PUT', 'service/properties', 'Set Blob Service Properties', `${services}/write`],
  ['GET', 'account/properties', 'Get Account Information', `${services}/getInfo/action`],
];
const onContainer: Row[] = [
  ['GET', 'container/list', 'List Blobs', `${blobs}/read`],
  ['GET', 'container/', 'Get Container Properties', `${containers}/read`],
  ['HEAD', 'container/', 'Get Container Properties', `${containers}/read`],
  ['GET', 'container/acl', 'Get Container ACL', `${containers}/getAcl/action`],
  ['PUT', 'container/acl', 'Set Container ACL', `${containers}/setAcl/action`],
  ['PUT', 'container/', 'Create Container', `${containers}/write`],
  ['DELETE', 'container/', 'Delete Container', `${containers}/delete`],
];
const onBlob: Row[] = [
  ['GET', '/', 'Get Blob', `${blobs}/read`],
  ['HEAD', '/', 'Get Blob Properties', `${blobs}/read`],
  ['GET', '/tags', 'Get Blob Tags', `${blobs}/tags/read`],
  ['PUT', '/tags', 'Set Blob Tags', `${blobs}/tags/write`],
  ['PUT', '/', 'Put Blob', `${blobs}/write`],
  ['PUT', '/block', 'Put Block', `${blobs}/write`],
  ['PUT', '/blocklist', 'Put Block List', `${blobs}/write`],
  ['PUT', '/metadata', 'Set Blob Metadata', `${blobs}/write`],
  ['PUT', '/properties', 'Set Blob Properties', `${blobs}/write`],
  ['DELETE', '/', 'Delete Blob', `${blobs}/delete`],
];

export const deleteVersion = `${blobs}/deleteBlobVersion/action`;
/** Operations that make a version. */
export const writes = new Set(['Put Blob', 'Put Block List', 'Set Blob Metadata']);
/** Asked of the account, not of a container: a container's assignment does not count. */
export const accountWide = new Set(onService.map(([, , name]) => name));

/** Undefined: none of those that are known here. */
export function operationOf(method: string, query: URLSearchParams, { container, blob }: Place): Operation | undefined {
  if (method === 'OPTIONS') return { name: 'Preflight Blob Request', action: '' };
  const asked = `${query.get('restype') ?? ''}/${query.get('comp') ?? ''}`;
  const rows = container === undefined ? onService : blob === undefined ? onContainer : onBlob;
  const row = rows.find(([verb, wanted]) => verb === method && wanted === asked);
  if (row === undefined) return undefined;
  const [, , name, action] = row;
  return { name, action: name === 'Delete Blob' && query.has('versionid') ? deleteVersion : action };
}

/** Account, container and blob from the host or, with an address as host, from the path. */
export function placeOf(host: string, path: string): Place {
  const account = /^(\w+)\.blob\.core\.windows\.net$/.exec(host)?.[1];
  const parts = path.slice(1).split('/').map(decode);
  const [first = '', container, ...blob] = account === undefined ? parts : [account, ...parts];
  return { account: first, container: container || undefined, blob: blob.join('/') || undefined };
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}
