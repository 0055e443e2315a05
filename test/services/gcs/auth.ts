/** The endpoints that give tokens and signatures: OAuth, STS, IAM Service Account Credentials, the metadata server. */
import { createSign } from 'node:crypto';
import {
  type Caller,
  checkTimes,
  readClaims,
  type ServiceAccount,
  serviceAccountCaller,
  verifiedClaims,
} from './accounts.ts';
import { invalidCredentials, RpcError, TokenError } from './errors.ts';
import type { GcsRequest } from './request.ts';
import { grants, memberNames } from './roles.ts';
import { json, type Reply } from './types.ts';
import type { World } from './world.ts';

const jwtBearer = 'urn:ietf:params:oauth:grant-type:jwt-bearer';
const tokenExchange = 'urn:ietf:params:oauth:grant-type:token-exchange';
const audience = 'https://oauth2.googleapis.com/token';
const storageAudiences = ['https://storage.googleapis.com/', 'https://iamcredentials.googleapis.com/'];

/** The caller behind the Authorization header; undefined without one. Opaque tokens, and JWTs that a service account signed
 * for itself (AIP-4111), as the client library does in a universe other than googleapis.com.
 * @throws {GcsError} 401 */
export async function authenticate(world: World, request: GcsRequest): Promise<Caller | undefined> {
  const header = request.headers.authorization;
  if (header === undefined) return undefined;
  const token = /^Bearer (.+)$/i.exec(header)?.[1];
  if (token === undefined) throw invalidCredentials();
  const now = request.now.getTime();
  const caller = token.startsWith('ey') ? await selfSigned(world, token, now) : world.tokens.caller(token, now);
  if (caller.member.startsWith('serviceAccount:') && !world.accounts.has(caller.email)) throw invalidCredentials();
  return caller;
}

async function selfSigned(world: World, token: string, now: number): Promise<Caller> {
  try {
    const { iss = '' } = readClaims(token);
    const account = accountOf(world, iss);
    const claims = await verifiedClaims(token, account.keys);
    checkTimes(claims, now);
    const meant = claims.scope !== undefined || storageAudiences.some((known) => claims.aud?.startsWith(known));
    if (claims.sub === iss && meant) return serviceAccountCaller(iss);
  } catch {
    // Whatever is wrong with it, the storage service says the same.
  }
  throw invalidCredentials();
}

function accountOf(world: World, email: string): ServiceAccount {
  const account = world.accounts.get(email);
  if (account === undefined) throw new TokenError('invalid_grant', 'Invalid grant: account not found');
  return account;
}

/** `POST /token` and `POST /v1/token`.
 * @throws {TokenError} */
export async function issueToken(world: World, request: GcsRequest): Promise<Reply> {
  const form = new URLSearchParams(request.body.toString());
  const grant = form.get('grant_type');
  const now = request.now.getTime();
  const give = (caller: Caller, more: object = {}) => {
    const token = world.tokens.issue(caller, now + world.tokenLifetimeSeconds * 1000);
    return json({ access_token: token, expires_in: world.tokenLifetimeSeconds, token_type: 'Bearer', ...more });
  };
  if (grant === jwtBearer) {
    const assertion = form.get('assertion') ?? '';
    const { iss = '' } = readClaims(assertion);
    const claims = await verifiedClaims(assertion, accountOf(world, iss).keys);
    checkTimes(claims, now);
    if (claims.aud !== audience) throw new TokenError('invalid_grant', 'Invalid JWT: Failed audience check.');
    return give(serviceAccountCaller(iss));
  }
  if (grant === 'refresh_token') {
    const user = world.users.get(form.get('refresh_token') ?? '');
    if (user === undefined) throw new TokenError('invalid_grant', 'Token has been expired or revoked.');
    return give(user);
  }
  if (grant === tokenExchange) {
    const claims = await verifiedClaims(form.get('subject_token') ?? '', [world.federationKey]);
    if ((claims.exp ?? 0) * 1000 <= now) {
      throw new TokenError('invalid_grant', `ID Token issued at ${claims.iat} is stale to sign-in.`);
    }
    const member = federatedMember(form.get('audience') ?? '', claims.sub ?? '');
    return give({ email: member, member }, { issued_token_type: 'urn:ietf:params:oauth:token-type:access_token' });
  }
  throw new TokenError('unsupported_grant_type', `Invalid grant_type: ${grant}`);
}

/** How IAM names an identity of a workload identity pool, from the provider's resource name. */
export function federatedMember(provider: string, subject: string): string {
  return `principal:${provider.replace(/\/providers\/.*/, '')}/subject/${subject}`;
}

/** `POST /v1/projects/-/serviceAccounts/EMAIL:signBlob` and `:generateAccessToken`.
 * @throws {RpcError | GcsError} */
export async function iamCredentials(world: World, request: GcsRequest): Promise<Reply> {
  const caller = await authenticate(world, request);
  if (caller === undefined) {
    const missing =
      'Request is missing required authentication credential. Expected OAuth 2 access token, login cookie or other valid authentication credential.';
    throw new RpcError(401, 'UNAUTHENTICATED', missing);
  }
  const [, email = '', verb = ''] = /serviceAccounts\/([^/]+):(\w+)$/.exec(decodeURIComponent(request.path)) ?? [];
  const permission = {
    signBlob: 'iam.serviceAccounts.signBlob',
    generateAccessToken: 'iam.serviceAccounts.getAccessToken',
  }[verb];
  if (permission === undefined) throw new RpcError(404, 'NOT_FOUND', 'Method not found.');
  const account = world.accounts.get(email);
  const bindings = [...(account?.bindings ?? []), ...world.bindings];
  if (account === undefined || !grants(bindings, world.roles, memberNames(caller.member), permission)) {
    throw new RpcError(
      403,
      'PERMISSION_DENIED',
      `Permission '${permission}' denied on resource (or it may not exist).`,
      [
        {
          '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
          reason: 'IAM_PERMISSION_DENIED',
          domain: 'iam.googleapis.com',
          metadata: { permission },
        },
      ],
    );
  }
  const body: { payload?: string } = JSON.parse(request.body.toString() || '{}');
  if (verb === 'signBlob') {
    const signer = createSign('RSA-SHA256').update(Buffer.from(body.payload ?? '', 'base64'));
    const signedBlob = signer.sign(account.managedKey.privateKey, 'base64');
    return json({ keyId: account.managedKey.id, signedBlob });
  }
  const expires = request.now.getTime() + world.tokenLifetimeSeconds * 1000;
  const accessToken = world.tokens.issue(serviceAccountCaller(email), expires);
  return json({ accessToken, expireTime: new Date(expires).toISOString() });
}

/** The instance's metadata, for who sends `Metadata-Flavor: Google`. */
export function metadata(world: World, request: GcsRequest): Reply {
  const flavor = { 'metadata-flavor': 'Google', server: 'Metadata Server for VM' };
  const text = (body: string, status = 200): Reply => ({
    status,
    headers: { ...flavor, 'content-type': 'application/text' },
    body,
  });
  if (request.headers['metadata-flavor'] !== 'Google') return text('Missing Metadata-Flavor:Google header.', 403);
  const { attached } = world;
  const path = request.path.replace(/^\/computeMetadata\/v1\/?|\/$/g, '');
  const account = /^instance\/service-accounts\/(?:default|[^/]+@[^/]+)\/(\w+)$/.exec(path)?.[1];
  if (account !== undefined && attached !== undefined) {
    if (account === 'email') return text(attached);
    if (account === 'token') {
      const now = request.now.getTime();
      const token = world.tokens.issue(serviceAccountCaller(attached), now + world.tokenLifetimeSeconds * 1000);
      const granted = { access_token: token, expires_in: world.tokenLifetimeSeconds, token_type: 'Bearer' };
      return json(granted, 200, flavor);
    }
  }
  const known: Record<string, string> = {
    '': 'instance/\nproject/\nuniverse/\n',
    instance: 'id\nname\nservice-accounts/\nzone\n',
    'project/project-id': world.projectId,
    'universe/universe-domain': 'googleapis.com',
  };
  const found = known[path];
  return found === undefined ? text('Not Found', 404) : text(found);
}
