/** The blob service: who may do what is judged here, versions are added here, the rest is Azurite's. */
import { audienceOf, system } from './authority.ts';
import type { Answer } from './azurite.ts';
import { authenticationFailed, BlobError, invalidToken, permissionMismatch } from './errors.ts';
import { accountWide, type Operation, writes } from './operations.ts';
import { permits } from './roles.ts';
import type { Reply } from './types.ts';
import { Container, listVersions, type Version } from './versions.ts';
import type { AccountState, AzureRequest, World } from './world.ts';

const week = 7 * 86_400_000;

/** @throws {BlobError} */
export async function handleBlob(world: World, request: AzureRequest, seen: (caller: string) => void): Promise<Reply> {
  const { operation, place } = request;
  const account = world.accounts.get(place.account);
  if (account === undefined) throw new BlobError(404, 'ResourceNotFound', 'The specified resource does not exist.');
  if (operation === undefined)
    throw new BlobError(400, 'UnsupportedHttpVerb', 'The resource does not support the operation.');
  if (operation.action === '') return reply(await forward(world, request, false));
  const signed = request.query.has('sig');
  const caller = signed ? signatureCaller(request) : await tokenCaller(world, request);
  seen(caller ?? 'anonymous');
  if (caller === undefined && !signed) requirePublic(request, account);
  else if (caller !== undefined) requireRole(world, request, operation, caller);
  return perform(world, request, operation, account, !signed);
}

/** Passes on what Azurite can do, and keeps the versions up to date with it. `trusted`: the caller is known to be allowed;
 * otherwise Azurite itself verifies the signature. */
export async function perform(
  world: World,
  request: AzureRequest,
  { name }: Operation,
  account: AccountState,
  trusted: boolean,
): Promise<Reply> {
  const { query, now } = request;
  const { container: containerName = '', blob = '' } = request.place;
  const container = account.containers.get(containerName);
  const versionId = query.get('versionid') ?? undefined;
  if (versionId !== undefined && container !== undefined) {
    if (!trusted) throw new BlobError(501, 'NotImplemented', 'A signature for a version is not implemented.');
    if (name === 'Delete Blob') {
      container.removeVersion(blob, versionId);
      return { status: 202, headers: { 'x-ms-delete-type-permanent': 'true' } };
    }
    const found = container.find(blob, versionId);
    if (found === undefined) throw new BlobError(404, 'BlobNotFound', 'The specified blob does not exist.');
    return { status: 200, headers: { ...found.headers, ...versionHeaders(found) }, body: found.body };
  }
  if (name === 'List Blobs' && container !== undefined && query.get('include')?.split(',').includes('versions')) {
    return listVersions(container, containerName, request.origin, query);
  }
  if (name === 'Get User Delegation Key') checkKeyTimes(request.body.toString(), now);

  const replaces = name === 'Delete Blob' || writes.has(name);
  const isAbsent = request.headers['if-none-match'] === '*';
  if (replaces && !isAbsent && container?.current(blob) !== undefined) container.mustNotBeKept(false);
  const answer = await forward(world, request, trusted);
  if (answer.status >= 300) return reply(answer);
  if (name === 'Create Container')
    account.containers.set(containerName, new Container(publicAccessOf(request.headers)));
  if (name === 'Delete Container') account.containers.delete(containerName);
  if (container === undefined) return reply(answer);
  if (name === 'Get Container Properties') return reply(answer, shownOf(container));
  if (name === 'Delete Blob') container.removed(blob, account.versioning, now);
  if (writes.has(name)) return reply(answer, versionHeaders(await remember(world, request, account, container)));
  const read = name === 'Get Blob' || name === 'Get Blob Properties';
  const current = read ? container.current(blob) : undefined;
  if (name === 'Get Blob' && world.faults.corruptReads) answer.body = flipped(answer.body);
  return reply(answer, current === undefined ? {} : versionHeaders(current));
}

async function remember(world: World, request: AzureRequest, account: AccountState, container: Container) {
  const { blob = '' } = request.place;
  const { headers, body } = await send(world, 'GET', request.path, request.headers.host ?? '', {});
  const kept = Object.entries(headers).filter(([name]) =>
    /^(content-type|etag|last-modified|content-md5|x-ms-meta-.*)$/.test(name),
  );
  return container.written(blob, body, Object.fromEntries(kept), account.versioning, request.now);
}

/** A request of our own, with every permission. */
export async function send(
  world: World,
  method: string,
  pathAndQuery: string,
  host: string,
  headers: Readonly<Record<string, string>>,
  body?: Buffer,
): Promise<Answer> {
  const token = await world.authority.issue(system, audienceOf.storage, new Date());
  const own = { host, 'x-ms-version': '2025-11-05', authorization: `Bearer ${token}` };
  return world.azurite.send(method, pathAndQuery, { ...headers, ...own }, body);
}

/** Azurite judges tokens by its own clock and knows no roles: a trusted caller's is replaced by ours, which keeps the
 * caller's object id, as user delegation keys are made of it. */
async function forward(world: World, request: AzureRequest, trusted: boolean): Promise<Answer> {
  const { authorization: _, connection: __, 'transfer-encoding': ___, ...headers } = request.headers;
  const pathAndQuery = request.rawQuery === '' ? request.path : `${request.path}?${request.rawQuery}`;
  const more: Record<string, string> = { 'content-length': String(request.body.length) };
  if (trusted) {
    const oid = request.bearer === undefined ? system.objectId : (claimsOf(request.bearer).oid ?? system.objectId);
    more.authorization = `Bearer ${await world.authority.issue({ ...system, objectId: oid }, audienceOf.storage, new Date())}`;
  }
  return world.azurite.send(request.method, pathAndQuery, { ...headers, ...more }, request.body);
}

const claimsOf = (token: string): { oid?: string } =>
  JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString());

async function tokenCaller(world: World, request: AzureRequest): Promise<string | undefined> {
  const { tenantId } = world.authority.directory;
  if (request.headers.authorization === undefined) return undefined;
  if (request.bearer === undefined) throw invalidToken(tenantId);
  const audiences = [audienceOf.storage, `https://${request.place.account}.blob.core.windows.net`];
  try {
    const { oid } = await world.authority.verify(request.bearer, audiences, request.now);
    return String(oid);
  } catch (error) {
    const { code, claim } = error as { code?: string; claim?: string };
    if (code === 'ERR_JWT_EXPIRED') throw invalidToken(tenantId, 'Lifetime validation failed. The token is expired.');
    if (claim === 'nbf') throw invalidToken(tenantId, 'Lifetime validation failed. The token is not yet valid.');
    if (claim === 'aud') throw invalidToken(tenantId, 'Audience validation failed. Audience did not match.');
    throw invalidToken(tenantId, 'Signature validation failed. Signature verification failed.');
  }
}

/** Whose key signed, after the times were judged by the service's clock. Undefined: the account's key. */
function signatureCaller({ query, now }: AzureRequest): string | undefined {
  const windows = [
    ['Signature', query.get('st'), query.get('se')],
    ['Key', query.get('skt'), query.get('ske')],
  ] as const;
  for (const [what, start, end] of windows) {
    const early = start !== null && Date.parse(start) > now.getTime();
    if (!early && (end === null || Date.parse(end) > now.getTime())) continue;
    const times = `Start [${utc(start)}] - Expiry [${utc(end)}] - Current [${now.toUTCString()}]`;
    throw authenticationFailed(`${what} not valid in the specified time frame: ${times}`);
  }
  return query.get('skoid') ?? undefined;
}

const utc = (text: string | null) => (text === null ? '' : new Date(text).toUTCString());

function requireRole(world: World, request: AzureRequest, { name, action }: Operation, caller: string): void {
  const { account, container } = request.place;
  const scope = accountWide.has(name) ? undefined : container;
  if (!permits(world.assignments, world.roles, caller, action, account, scope)) throw permissionMismatch();
}

/** An anonymous caller sees what the container's level shows. */
function requirePublic(request: AzureRequest, account: AccountState): void {
  if (!account.allowBlobPublicAccess) {
    throw new BlobError(409, 'PublicAccessNotPermitted', 'Public access is not permitted on this storage account.');
  }
  const level = account.containers.get(request.place.container ?? '')?.publicAccess;
  const name = request.operation?.name ?? '';
  const open = [
    'Get Blob',
    'Get Blob Properties',
    ...(level === 'container' ? ['List Blobs', 'Get Container Properties'] : []),
  ];
  if (level !== undefined && open.includes(name)) return;
  throw new BlobError(404, 'ResourceNotFound', 'The specified resource does not exist.');
}

function checkKeyTimes(body: string, now: Date): void {
  const expiry = Date.parse(/<Expiry>([^<]+)<\/Expiry>/.exec(body)?.[1] ?? '');
  if (expiry > now.getTime() && expiry <= now.getTime() + week + 300_000) return;
  const message = 'The value for one of the XML nodes is not in the correct format.';
  throw new BlobError(400, 'InvalidXmlNodeValue', message, { elements: { XmlNodeName: 'Expiry' } });
}

function publicAccessOf(headers: Readonly<Record<string, string>>): 'blob' | 'container' | undefined {
  const level = headers['x-ms-blob-public-access'];
  return level === 'blob' || level === 'container' ? level : undefined;
}

const shownOf = ({ publicAccess, immutability }: Container): Record<string, string> => ({
  ...(publicAccess !== undefined && { 'x-ms-blob-public-access': publicAccess }),
  'x-ms-has-immutability-policy': String(immutability.policy === 'container'),
  'x-ms-has-legal-hold': String(immutability.legalHold === true),
  'x-ms-immutable-storage-with-versioning-enabled': String(immutability.ofVersions === true),
});

function versionHeaders({ versionId, current }: Version): Record<string, string> {
  if (versionId === undefined) return {};
  return { 'x-ms-version-id': versionId, ...(current && { 'x-ms-is-current-version': 'true' }) };
}

function flipped(body: Buffer): Buffer {
  const copy = Buffer.from(body);
  const middle = copy.length >> 1;
  if (copy.length > 0) copy[middle] = (copy[middle] ?? 0) ^ 0xff;
  return copy;
}

function reply({ status, headers, body }: Answer, more: Record<string, string> = {}): Reply {
  const { connection, 'keep-alive': _, 'transfer-encoding': __, 'x-ms-blob-public-access': ___, ...kept } = headers;
  return { status, headers: { ...kept, ...more }, body };
}
