/** A container registry on loopback: manifests, logins with Basic or with tokens, and the errors of Docker's registry. */
import { createHash, randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { ServerOptions } from 'node:https';
import { type Listener, listen } from './listener.ts';

export interface RegistryOptions {
  /** `repository:tag`; `spacelift/launcher:v4.3.0` unless told. */
  readonly images?: readonly string[];
  /** `token`: everyone gets a token for what is not private. */
  readonly login?: 'none' | 'basic' | 'token';
  /** Passwords by user; they may pull everything. */
  readonly users?: Readonly<Record<string, string>>;
  /** Users who may log in, and pull nothing. */
  readonly strangers?: readonly string[];
  /** Refresh tokens that the token server exchanges. */
  readonly identityTokens?: readonly string[];
  /** Repositories that need a user, with `token`. */
  readonly private?: readonly string[];
  readonly tls?: ServerOptions;
  /** Answers in place of the registry or its token server, unless it is undefined. */
  readonly instead?: (request: RegistryRequest) => RegistryReply | undefined;
  /** The address of the token server that it names, if it is another than its own. */
  readonly realm?: string;
}

export interface RegistryRequest {
  readonly at: 'registry' | 'token-server';
  readonly method: string;
  readonly path: string;
  /** Of the `authorization`; `undefined` without one. */
  readonly scheme: string | undefined;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
}

export interface RegistryReply {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
}

export interface Registry {
  /** `127.0.0.1:port`, as in the name of an image. */
  readonly host: string;
  readonly port: number;
  /** `host:port` of the token server. */
  readonly tokenHost: string;
  /** Oldest first. */
  readonly requests: RegistryRequest[];
  close(): Promise<void>;
}

const LOOPBACK = '127.0.0.1';
const MANIFEST = 'application/vnd.oci.image.index.v1+json';
const API = { 'docker-distribution-api-version': 'registry/2.0' };
const LAUNCHER = 'spacelift/launcher:v4.3.0';

const json = (status: number, value: unknown, headers: Readonly<Record<string, string>> = {}): RegistryReply => ({
  status,
  headers: { 'content-type': 'application/json', ...headers },
  body: JSON.stringify(value),
});
const refusal = (status: number, code: string, headers: Readonly<Record<string, string>> = {}): RegistryReply =>
  json(status, { errors: [{ code, message: code.toLowerCase(), detail: null }] }, { ...API, ...headers });

export async function startRegistry(options: RegistryOptions = {}): Promise<Registry> {
  const { images = [LAUNCHER], login = 'none', users = {}, strangers = [], tls } = options;
  const { identityTokens = [], private: hidden = [], instead, realm } = options;
  const requests: RegistryRequest[] = [];
  /** The repository that each token is for. */
  const tokens = new Map<string, string>();

  const userIn = ({ authorization }: IncomingMessage['headers']): string | undefined => {
    const [, encoded = ''] = /^Basic (.+)$/.exec(authorization ?? '') ?? [];
    const [name = '', password] = Buffer.from(encoded, 'base64').toString().split(/:(.*)/s);
    return Object.hasOwn(users, name) && users[name] === password ? name : undefined;
  };
  const challenge = (repository: string) =>
    login === 'basic'
      ? 'Basic realm="Registry"'
      : `Bearer realm="${realm ?? tokenUrl()}",service="registry",scope="repository:${repository}:pull"`;
  const mayPull = (request: RegistryRequest, repository: string): boolean => {
    if (login === 'none') return true;
    if (login === 'basic') return userIn(request.headers) !== undefined;
    const [, token = ''] = /^Bearer (.+)$/.exec(request.headers.authorization ?? '') ?? [];
    return tokens.get(token) === repository;
  };

  const registry = (request: RegistryRequest): RegistryReply => {
    const [, repository = '', reference = ''] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(request.path) ?? [];
    const refused = { 'www-authenticate': challenge(repository) };
    if (!mayPull(request, repository)) return refusal(401, 'UNAUTHORIZED', refused);
    if (!images.some((image) => image.startsWith(`${repository}:`))) return refusal(404, 'NAME_UNKNOWN');
    const body = JSON.stringify({ schemaVersion: 2, mediaType: MANIFEST, manifests: [] });
    const digest = `sha256:${createHash('sha256').update(body).digest('hex')}`;
    if (!images.includes(`${repository}:${reference}`) && reference !== digest) return refusal(404, 'MANIFEST_UNKNOWN');
    if (!(request.headers.accept ?? '').includes(MANIFEST)) return refusal(404, 'MANIFEST_UNKNOWN');
    return { status: 200, headers: { ...API, 'content-type': MANIFEST, 'docker-content-digest': digest }, body };
  };

  const tokenServer = ({ method, path, headers, body }: RegistryRequest): RegistryReply => {
    const asked = method === 'POST' ? new URLSearchParams(body) : new URL(path, 'http://localhost').searchParams;
    const [, repository = ''] = /^repository:(.+):pull$/.exec(asked.get('scope') ?? '') ?? [];
    const user = method === 'POST' ? undefined : userIn(headers);
    if (headers.authorization !== undefined && user === undefined) return refusal(401, 'UNAUTHORIZED');
    const known = method === 'POST' && identityTokens.includes(asked.get('refresh_token') ?? '');
    if (method === 'POST' && !known) return json(400, { error: 'invalid_grant' });
    const token = randomUUID();
    const granted = known || (user === undefined ? !hidden.includes(repository) : !strangers.includes(user));
    tokens.set(token, granted ? repository : '');
    return json(200, method === 'POST' ? { access_token: token } : { token });
  };

  const serve =
    (at: RegistryRequest['at'], answer: (request: RegistryRequest) => RegistryReply) =>
    async (message: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of message) chunks.push(chunk as Buffer);
      const { method = '', url = '', headers } = message;
      const scheme = headers.authorization?.split(' ')[0];
      const request = { at, method, path: url, scheme, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const { status, headers: sent, body = '' } = instead?.(request) ?? answer(request);
      response.writeHead(status, sent).end(method === 'HEAD' ? undefined : body);
    };
  const [main, token]: [Listener, Listener] = await Promise.all([
    listen(serve('registry', registry), LOOPBACK, tls),
    listen(serve('token-server', tokenServer), LOOPBACK, tls),
  ]);
  const tokenUrl = () => `${tls === undefined ? 'http' : 'https'}://${LOOPBACK}:${token.port}/token`;
  return {
    host: `${LOOPBACK}:${main.port}`,
    port: main.port,
    tokenHost: `${LOOPBACK}:${token.port}`,
    requests,
    close: async () => void (await Promise.all([main.close(), token.close()])),
  };
}
