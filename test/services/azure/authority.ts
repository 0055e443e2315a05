/** A Microsoft Entra authority for one tenant, and the instance's managed identity (IMDS): signed tokens for known callers. */
import { randomUUID } from 'node:crypto';
import { type CryptoKey, exportJWK, generateKeyPair, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { EntraError } from './errors.ts';
import { json, type Principal, type Reply } from './types.ts';

export interface Directory {
  tenantId: string;
  principals: Principal[];
  /** The managed identity of the instance. */
  attached: Principal | undefined;
  tokenLifetimeSeconds: number;
}

export interface AuthorityRequest {
  method: string;
  path: string;
  /** scheme://host:port as the client called it. */
  origin: string;
  query: URLSearchParams;
  headers: Readonly<Record<string, string>>;
  body: Buffer;
  now: Date;
}

const storage = 'https://storage.azure.com';
const management = 'https://management.azure.com';
/** A resource as scopes name it → the audience of its tokens. */
const audiences: Readonly<Record<string, string>> = {
  [storage]: storage,
  [management]: management,
  'https://management.core.windows.net': management,
};
const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

export class Authority {
  readonly directory: Directory;
  readonly #signing: { privateKey: CryptoKey; publicKey: CryptoKey };
  /** The cluster whose tokens the federated credentials trust. */
  readonly #federation: { privateKey: CryptoKey; publicKey: CryptoKey };
  #epoch = 0;

  private constructor(directory: Directory, keys: { privateKey: CryptoKey; publicKey: CryptoKey }[]) {
    const [signing, federation] = keys;
    if (signing === undefined || federation === undefined) throw new Error('two key pairs are needed');
    this.directory = directory;
    this.#signing = signing;
    this.#federation = federation;
  }

  static async start(directory: Directory): Promise<Authority> {
    return new Authority(directory, await Promise.all([generateKeyPair('RS256'), generateKeyPair('RS256')]));
  }

  /** An access token for a resource. Signed; storage checks it. */
  issue(principal: Pick<Principal, 'clientId' | 'objectId'>, audience: string, now: Date): Promise<string> {
    const { tenantId, tokenLifetimeSeconds } = this.directory;
    const seconds = Math.floor(now.getTime() / 1000);
    const claims = {
      appid: principal.clientId,
      oid: principal.objectId,
      tid: tenantId,
      ver: '1.0',
      epoch: this.#epoch,
    };
    return new SignJWT(claims)
      .setProtectedHeader({ alg: 'RS256', typ: 'JWT', kid: 'preflight' })
      .setIssuer(`https://sts.windows.net/${tenantId}/`)
      .setAudience(audience)
      .setSubject(principal.objectId)
      .setIssuedAt(seconds)
      .setNotBefore(seconds)
      .setExpirationTime(seconds + tokenLifetimeSeconds)
      .sign(this.#signing.privateKey);
  }

  /** The claims of a token that this authority issued for the audience.
   * @throws what `jwtVerify` throws. */
  async verify(token: string, audience: string | string[], now: Date): Promise<JWTPayload> {
    const options = { audience, currentDate: now, algorithms: ['RS256'], clockTolerance: 300 };
    const { payload } = await jwtVerify(token, this.#signing.publicKey, options);
    if (payload.epoch !== this.#epoch) throw new Error('revoked');
    return payload;
  }

  /** No token issued so far is accepted any more. */
  revokeTokens(): void {
    this.#epoch++;
  }

  /** What a Kubernetes cluster projects into a pod: the file of `AZURE_FEDERATED_TOKEN_FILE`. */
  federatedToken(clientId: string): Promise<string> {
    return new SignJWT({})
      .setProtectedHeader({ alg: 'RS256' })
      .setIssuer('https://cluster.test')
      .setSubject(clientId)
      .setAudience('api://AzureADTokenExchange')
      .setIssuedAt()
      .setExpirationTime('1h')
      .sign(this.#federation.privateKey);
  }

  /** @throws {EntraError} */
  async handle(request: AuthorityRequest): Promise<Reply> {
    const [, tenant = '', rest = ''] = /^\/([^/]+)\/(.*)$/.exec(request.path) ?? [];
    if (rest === 'discovery/instance') return this.#instances(request);
    if (tenant !== this.directory.tenantId) {
      const message = `Tenant '${tenant}' not found. Check to make sure you have the correct tenant ID and are signing into the correct cloud. Check with your subscription administrator, this may happen if there are no active subscriptions for the tenant.`;
      throw new EntraError(400, 'invalid_request', 90002, message);
    }
    if (rest === 'v2.0/.well-known/openid-configuration') return this.#configuration(request);
    if (rest === 'discovery/v2.0/keys') {
      return json({ keys: [{ ...(await exportJWK(this.#signing.publicKey)), kid: 'preflight', use: 'sig' }] });
    }
    if (rest === 'oauth2/v2.0/token' && request.method === 'POST') return this.#token(request);
    return json({ error: 'not_found' }, 404);
  }

  /** `GET /metadata/identity/oauth2/token`, as virtual machines have it. */
  async managedIdentity({ headers, query, now }: AuthorityRequest): Promise<Reply> {
    const { attached, tokenLifetimeSeconds } = this.directory;
    const refused = (description: string) => json({ error: 'invalid_request', error_description: description }, 400);
    if (headers.metadata !== 'true') return refused('Required metadata header not specified');
    if (attached === undefined) return refused('Identity not found');
    const resource = (query.get('resource') ?? '').replace(/\/$/, '');
    const audience = audiences[resource];
    if (audience === undefined) return refused('AADSTS500011: The resource principal was not found in the tenant.');
    const token = await this.issue(attached, audience, now);
    const end = Math.floor(now.getTime() / 1000) + tokenLifetimeSeconds;
    const times = { expires_in: String(tokenLifetimeSeconds), expires_on: String(end) };
    return json({ access_token: token, client_id: attached.clientId, token_type: 'Bearer', resource, ...times });
  }

  #instances({ origin, query }: AuthorityRequest): Reply {
    const host = new URL(origin).host;
    const asked = new URL(query.get('authorization_endpoint') ?? origin).pathname.split('/')[1];
    return json({
      tenant_discovery_endpoint: `${origin}/${asked}/v2.0/.well-known/openid-configuration`,
      'api-version': '1.1',
      metadata: [{ preferred_network: host, preferred_cache: host, aliases: [host] }],
    });
  }

  #configuration({ origin }: AuthorityRequest): Reply {
    const base = `${origin}/${this.directory.tenantId}`;
    return json({
      issuer: `${base}/v2.0`,
      authorization_endpoint: `${base}/oauth2/v2.0/authorize`,
      token_endpoint: `${base}/oauth2/v2.0/token`,
      jwks_uri: `${base}/discovery/v2.0/keys`,
      token_endpoint_auth_methods_supported: ['client_secret_post', 'private_key_jwt'],
      response_types_supported: ['code', 'token'],
      subject_types_supported: ['pairwise'],
      id_token_signing_alg_values_supported: ['RS256'],
    });
  }

  async #token({ body, now }: AuthorityRequest): Promise<Reply> {
    const form = new URLSearchParams(body.toString());
    const { tenantId, principals, tokenLifetimeSeconds } = this.directory;
    if (form.get('grant_type') !== 'client_credentials') {
      throw new EntraError(400, 'unsupported_grant_type', 70003, 'The app requested an unsupported grant type.');
    }
    const clientId = form.get('client_id') ?? '';
    const principal = principals.find((known) => known.clientId === clientId);
    if (principal === undefined) {
      const message = `Application with identifier '${clientId}' was not found in the directory '${tenantId}'. This can happen if the application has not been installed by the administrator of the tenant or consented to by any user in the tenant. You may have sent your authentication request to the wrong tenant.`;
      throw new EntraError(400, 'unauthorized_client', 700016, message);
    }
    await this.#checkClient(principal, form, now);
    const scope = form.get('scope')?.split(' ')[0] ?? '';
    const resource = scope.replace(/\/+\.default$/, '');
    const audience =
      audiences[resource] ?? (/^https:\/\/\w+\.blob\.core\.windows\.net$/.test(resource) ? resource : undefined);
    if (audience === undefined) {
      const message = `The resource principal named ${resource} was not found in the tenant named ${tenantId}.`;
      throw new EntraError(400, 'invalid_resource', 500011, message);
    }
    const token = await this.issue(principal, audience, now);
    return json({
      token_type: 'Bearer',
      expires_in: tokenLifetimeSeconds,
      ext_expires_in: tokenLifetimeSeconds,
      access_token: token,
    });
  }

  async #checkClient({ clientId, secret, secretExpired }: Principal, form: URLSearchParams, now: Date): Promise<void> {
    if (form.get('client_assertion_type') === assertionType) {
      const options = { audience: 'api://AzureADTokenExchange', subject: clientId, currentDate: now };
      try {
        await jwtVerify(form.get('client_assertion') ?? '', this.#federation.publicKey, options);
        return;
      } catch {
        const message = `No matching federated identity record found for presented assertion. Check your federated identity credential Subject, Audience and Issuer against the presented assertion.`;
        throw new EntraError(401, 'invalid_client', 700213, message);
      }
    }
    if (form.get('client_secret') !== secret) {
      const message = `Invalid client secret provided. Ensure the secret being sent in the request is the client secret value, not the client secret ID, for a secret added to app '${clientId}'.`;
      throw new EntraError(401, 'invalid_client', 7000215, message);
    }
    if (secretExpired) {
      const message = `The provided client secret keys for app '${clientId}' are expired. Visit the Azure portal to create new keys for your app, or consider using certificate credentials for added security.`;
      throw new EntraError(401, 'invalid_client', 7000222, message);
    }
  }
}

/** A principal that is nobody's: the proxy's own requests to Azurite. */
export const system: Pick<Principal, 'clientId' | 'objectId'> = { clientId: randomUUID(), objectId: randomUUID() };
export const audienceOf = { storage, management };
