/** A client of the registry API (OCI Distribution Specification 1.1): finds a manifest, and never downloads an image. */
import { DOCKER_HUB, type ImageReference } from '../../src/config/image-reference.ts';
import type { RegistryLogin } from '../../src/config/registry-logins.ts';
import type { Run } from '../../src/engine/check.ts';
import { challengesIn } from '../../src/net/challenges.ts';
import { type HttpAnswer, type HttpRequest, isLoopback, makeHttpClient, mediaType } from '../../src/net/http.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { checkProxy } from '../../src/net/proxy-tunnel.ts';
import { redirectTarget } from '../../src/net/redirect.ts';
import { busyHintIn, withRetry } from '../../src/net/retry.ts';
import { membersOf } from '../../src/util/json.ts';
import { VERSION } from '../../src/util/version.ts';
import { RegistryError, type RegistryPart, UnreachableRegistryError } from './registry-error.ts';

const DEADLINE_MS = 10_000;
const MOST_REDIRECTS = 5;

/** Where clients find Docker Hub's registry. */
const DOCKER_HUB_API = 'registry-1.docker.io';

/** What containerd accepts: manifests, and indexes of several platforms. */
const MEDIA_TYPES = [
  'application/vnd.oci.image.index.v1+json',
  'application/vnd.oci.image.manifest.v1+json',
  'application/vnd.docker.distribution.manifest.list.v2+json',
  'application/vnd.docker.distribution.manifest.v2+json',
];

interface Answer extends HttpAnswer {
  /** Where it came from, after redirects. */
  readonly url: URL;
  /** The authorization that was sent there. */
  readonly sent: string | undefined;
}

export interface Manifest {
  /** Of its content, as the registry reports it. */
  readonly digest: string | undefined;
  /** The login that was used; `undefined` if the registry asked for none. */
  readonly login: RegistryLogin | undefined;
}

/** The host of a registry's API, with its port. */
export const apiHost = ({ registry }: ImageReference): string => (registry === DOCKER_HUB ? DOCKER_HUB_API : registry);

/**
 * Asks for the manifest of an image, and logs in if the registry asks for it. The login is sent only to the registry, or to the
 * token server that it names, and only over HTTPS unless both are on this machine.
 * @param login without it, as anyone
 * @throws RegistryError, UnreachableRegistryError
 */
export function findManifest(run: Run, image: ImageReference, login?: RegistryLogin): Promise<Manifest> {
  return new Registry(run, image, login).find();
}

class Registry {
  readonly #run: Run;
  readonly #image: ImageReference;
  readonly #login: RegistryLogin | undefined;
  readonly #client: ReturnType<typeof makeHttpClient>;

  constructor(run: Run, image: ImageReference, login: RegistryLogin | undefined) {
    this.#run = run;
    this.#image = image;
    this.#login = login?.credentials === undefined ? undefined : login;
    this.#client = makeHttpClient(run);
  }

  async find(): Promise<Manifest> {
    const { credentials } = this.#login ?? {};
    const own = credentials?.kind === 'registry-token' ? `Bearer ${credentials.token}` : undefined;
    const first = await this.#open(own);
    if (first.status !== 401 || own !== undefined) return this.#manifestIn(first, this.#login);
    const login = first.url.origin === this.#base(first.url.protocol).origin ? this.#login : undefined;
    return this.#manifestIn(await this.#ask(first.url, await this.#authorization(first, login)), login);
  }

  #base(protocol: string): URL {
    const { repository, digest, tag } = this.#image;
    return new URL(`${protocol}//${apiHost(this.#image)}/v2/${repository}/manifests/${digest ?? tag}`);
  }

  /** Over HTTPS; a registry on this machine may also speak plain HTTP, like in Docker's clients. */
  async #open(authorization: string | undefined): Promise<Answer> {
    const url = this.#base('https:');
    try {
      await this.#throughProxy('registry', url);
      return await this.#ask(url, authorization);
    } catch (error) {
      if (!(error instanceof UnreachableRegistryError && error.error.kind === 'not-tls')) throw error;
      if (!isLoopback(url.hostname)) throw new RegistryError('plain-http', { part: 'registry', host: url.host });
      return this.#ask(this.#base('http:'), authorization);
    }
  }

  /** Follows redirects; the authorization stays with the host that it is for. */
  async #ask(from: URL, authorization: string | undefined, method = 'HEAD'): Promise<Answer> {
    let url = from;
    for (let redirects = 0; redirects <= MOST_REDIRECTS; redirects++) {
      const sent = url.origin === from.origin ? authorization : undefined;
      const headers = { accept: MEDIA_TYPES.join(', '), ...(sent !== undefined && { authorization: sent }) };
      const answer = await this.#send('registry', { method, url, headers });
      const to = redirectTarget(answer, url);
      if (to === undefined) {
        // Not every registry implements HEAD.
        return answer.status === 405 && method === 'HEAD' ? this.#ask(url, sent, 'GET') : { ...answer, url, sent };
      }
      if (to.protocol === 'http:' && url.protocol === 'https:') break;
      url = to;
    }
    throw new RegistryError('bad-redirect', { part: 'registry', host: url.host });
  }

  /** @param login that the authorization comes from; `undefined` for a token that everyone gets */
  async #manifestIn(answer: Answer, login: RegistryLogin | undefined): Promise<Manifest> {
    const { status, headers, url, sent } = answer;
    const digest = [headers['docker-content-digest']].flat()[0];
    const type = mediaType(answer);
    if (status === 200 && (digest !== undefined || MEDIA_TYPES.includes(type))) {
      return { digest, login: sent === undefined ? undefined : login };
    }
    const fail = (kind: RegistryError['kind'], code?: string, found?: string): never => {
      throw new RegistryError(kind, { part: 'registry', host: url.host, status, code, found });
    };
    if (status === 429) return fail('rate-limited');
    if (status >= 500) return fail('server-error');
    // A response to HEAD has no body; this one says why.
    const said = status === 200 ? answer : await this.#ask(url, sent, 'GET');
    const code = codeIn(said);
    const isRegistry = code !== undefined || headers['docker-distribution-api-version'] !== undefined;
    if (status === 404 && isRegistry) return fail('not-found', code);
    const isWebPage = mediaType(said) === 'text/html' || type === 'text/html';
    if ((status === 401 || status === 403) && (isRegistry || !isWebPage)) {
      if (login?.credentials === undefined) return fail('login-required', code);
      const isToken = sent?.startsWith('Bearer ') && login.credentials.kind !== 'registry-token';
      return fail(status === 401 && !isToken ? 'login-rejected' : 'pull-denied', code);
    }
    return fail('not-a-registry', code, mediaType(said) || type || undefined);
  }

  /** The header for a registry that asks for a login: a token from its token server, or the login itself. */
  async #authorization({ headers, url, status }: Answer, login: RegistryLogin | undefined): Promise<string> {
    const challenges = challengesIn(headers['www-authenticate']);
    const about = { part: 'registry', host: url.host, status } as const;
    const bearer = challenges.find(({ scheme }) => scheme === 'bearer')?.parameters;
    if (bearer?.realm !== undefined) return `Bearer ${await this.#token(bearer, url, login)}`;
    if (challenges.some(({ scheme }) => scheme === 'basic')) {
      if (login === undefined) throw new RegistryError('login-required', about);
      if (login.credentials?.kind !== 'password') throw new RegistryError('login-rejected', about);
      return basic(login.credentials);
    }
    const [other] = challenges;
    throw new RegistryError(other === undefined ? 'not-a-registry' : 'unsupported-login', {
      ...about,
      found: other?.scheme ?? mediaType({ headers }),
    });
  }

  /** https://distribution.github.io/distribution/spec/auth/token and …/oauth */
  async #token(asked: Readonly<Record<string, string>>, at: URL, login: RegistryLogin | undefined): Promise<string> {
    const realm = URL.parse(asked.realm ?? '');
    const about = { part: 'token-server', host: realm?.host || at.host } as const;
    if (realm === null) throw new RegistryError('not-a-registry', { ...about, part: 'registry', status: 401 });
    const isLocal = at.protocol === 'http:' && realm.protocol === 'http:' && isLoopback(realm.hostname);
    if (realm.protocol !== 'https:' && !isLocal) throw new RegistryError('insecure-token-server', about);
    const scope = asked.scope ?? `repository:${this.#image.repository}:pull`;
    const parameters = { ...(asked.service !== undefined && { service: asked.service }), scope };
    if (realm.host !== at.host) await this.#throughProxy('token-server', realm);
    const answer = await this.#send('token-server', tokenRequest(realm, parameters, login));
    const { token, access_token } = membersOf(answer.body.toString()) ?? {};
    const found = [token, access_token].find((one) => typeof one === 'string' && /^[\x21-\x7e]+$/.test(one));
    if (answer.status === 200 && typeof found === 'string') {
      this.#run.conceal(found);
      return found;
    }
    const more = { ...about, status: answer.status, code: codeIn(answer), found: mediaType(answer) };
    throw new RegistryError(tokenErrorKind(answer.status, login), more);
  }

  async #throughProxy(part: RegistryPart, url: URL): Promise<void> {
    await reaching(part, url, () => checkProxy(this.#run, url, DEADLINE_MS));
  }

  #send(part: RegistryPart, request: HttpRequest): Promise<HttpAnswer> {
    const headers = { 'user-agent': `spacelift-preflight/${VERSION}`, ...request.headers };
    const send = () => this.#client.send({ ...request, headers, deadlineMs: DEADLINE_MS });
    return reaching(part, request.url, () => withRetry(send, busyHintIn, this.#run.signal));
  }
}

async function reaching<T>(part: RegistryPart, url: URL, operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    throw error instanceof NetworkError ? new UnreachableRegistryError(part, url, error) : error;
  }
}

function tokenRequest(
  realm: URL,
  parameters: Readonly<Record<string, string>>,
  login: RegistryLogin | undefined,
): HttpRequest {
  const { credentials } = login ?? {};
  if (credentials?.kind === 'identity-token') {
    const form = { ...parameters, grant_type: 'refresh_token', client_id: CLIENT, refresh_token: credentials.token };
    const headers = { 'content-type': 'application/x-www-form-urlencoded' };
    return { method: 'POST', url: realm, headers, body: Buffer.from(new URLSearchParams(form).toString()) };
  }
  const url = new URL(realm);
  for (const [name, value] of Object.entries(parameters)) url.searchParams.set(name, value);
  if (credentials?.kind !== 'password') return { method: 'GET', url };
  url.searchParams.set('account', credentials.username);
  return { method: 'GET', url, headers: { authorization: basic(credentials) } };
}

const CLIENT = 'spacelift-preflight';

function tokenErrorKind(status: number, login: RegistryLogin | undefined): RegistryError['kind'] {
  if (status === 429) return 'rate-limited';
  if (status >= 500) return 'server-error';
  if (status === 403) return login === undefined ? 'login-required' : 'pull-denied';
  if (status === 401) return login === undefined ? 'login-required' : 'login-rejected';
  // An identity token that is not valid (RFC 6749, section 5.2).
  if (status === 400 && login?.credentials?.kind === 'identity-token') return 'login-rejected';
  return 'not-a-registry';
}

const basic = ({ username, password }: { readonly username: string; readonly password: string }): string =>
  `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;

/** The first error code in the body (OCI Distribution Specification, "Error Codes"). */
function codeIn({ body }: HttpAnswer): string | undefined {
  const errors = membersOf(body.toString())?.errors;
  const first: unknown = Array.isArray(errors) ? errors[0] : undefined;
  const code: unknown = typeof first === 'object' && first !== null ? (first as { code?: unknown }).code : undefined;
  return typeof code === 'string' && /^[A-Z_]{1,64}$/.test(code) ? code : undefined;
}
