/** Application Default Credentials through Google's own library: tokens and signatures. */
import { AsyncLocalStorage } from 'node:async_hooks';
import { createPrivateKey, sign } from 'node:crypto';
import { existsSync } from 'node:fs';
import type { Run } from '../../engine/check.ts';
import type { HttpAnswer, HttpClient, HttpRequest } from '../../net/http.ts';
import { NetworkError, providerFix } from '../../net/network-error.ts';
import { ProxyError, routeMessages } from '../../net/proxy-tunnel.ts';
import { busyHintIn, withRetry } from '../../net/retry.ts';
import { cause } from '../../outcome/cause.ts';
import { advice, sh } from '../../outcome/fix.ts';
import { CheckStopped, fail, type Issue, skip } from '../../outcome/outcome.ts';
import { mustBeAccepted, onlyInContainer, ownFile } from '../credentials.ts';
import { credentialIssue, type GoogleAuthFailure } from './credential-messages.ts';
import { parseObject, wayTo } from './http.ts';
import type { GoogleAuth } from './library.ts';

/** Below any operation's deadline, so that it is clear which of the two timed out. */
const DEADLINE_MS = 8_000;
/** The same scope as Google's clients for Go; signing requires it too. */
const SCOPES = ['https://www.googleapis.com/auth/cloud-platform'];
const VARIABLE = 'GOOGLE_APPLICATION_CREDENTIALS';

/** Google returned no token or no signature. */
export class GoogleAuthError extends Error {
  /** `credentials`: Google issues no token for these; `other`: Google can't be reached, or does not sign. */
  readonly kind: 'credentials' | 'other';
  readonly says: Issue;
  constructor(kind: GoogleAuthError['kind'], says: Issue) {
    super(says.title);
    this.name = 'GoogleAuthError';
    this.kind = kind;
    this.says = says;
  }
}

/** A successful response, but without a token. */
class NoTokenError extends Error {}

export interface Google {
  /** The service account; `undefined` for a user, and until it is known. */
  readonly account: () => string | undefined;
  /** The headers that authorize a request. @throws GoogleAuthError; CheckStopped if the key file is not here */
  headers(): Promise<Readonly<Record<string, string>>>;
  /** @throws GoogleAuthError; CheckStopped for a user, who can't sign */
  sign<T>(perform: (by: GoogleSigner) => Promise<T>): Promise<T>;
}

export interface GoogleSigner {
  /** The email address of the service account. */
  readonly account: string;
  /** Its RSA signature with SHA-256, in Base64: with its key, or by the IAM API. */
  sign(text: string): Promise<string>;
}

/** The requests of one call of the library, which replaces their errors with its own. */
interface Call {
  signal?: AbortSignal;
  url?: URL;
  answer?: HttpAnswer;
  problem?: unknown;
}

export function google(run: Run, send: HttpClient['send']): Google {
  const calls = new AsyncLocalStorage<Call>();
  const path = ownFile(run, VARIABLE);
  let account: string | undefined;
  let maySign = true;
  /** Of a service account whose key this is. */
  let pem: string | undefined;
  let signature: GoogleSigner['sign'] | undefined;
  let found: Promise<GoogleAuth> | undefined;
  let token: Promise<Readonly<Record<string, string>>> | undefined;

  /** The library's transport: its default one supports neither the run's proxy and CAs nor a signal. */
  const fetchImplementation = async (input: unknown, init: RequestInit = {}): Promise<Response> => {
    const call = calls.getStore() ?? {};
    call.url = new URL(String(input));
    try {
      const { type, body } = await bodyIn(init);
      const given = Object.fromEntries((init.headers ?? []) as Headers);
      const request: HttpRequest = {
        method: (init.method ?? 'GET').toUpperCase(),
        url: call.url,
        headers: { ...(type !== undefined && { 'content-type': type }), ...given },
        ...(body.length > 0 && { body }),
        ...(call.signal !== undefined && { signal: call.signal }),
      };
      const answer = await withRetry(() => send(request), busyHintIn, call.signal);
      if (answer.status >= 400) call.answer = answer;
      return responseOf(answer);
    } catch (error) {
      call.problem = error;
      throw error;
    }
  };

  const asked = async <T>(what: GoogleAuthFailure['asked'], perform: () => Promise<T>): Promise<T> => {
    const call: Call = {};
    try {
      return await run.withTimeout(DEADLINE_MS, (signal) => calls.run(Object.assign(call, { signal }), perform));
    } catch (error) {
      if (run.signal.aborted || error instanceof CheckStopped) throw error;
      const meaning = meaningOf(error, call, { asked: what, account, path });
      // The config's file is in Spacelift's container: its absence here is not a failure of the deployment.
      const isElsewhere = path === undefined && run.deployment.partyOf(VARIABLE) === 'config';
      if (isElsewhere && isMissing(meaning)) throw onlyInContainer(VARIABLE);
      throw meaning;
    }
  };

  const find = () =>
    asked('token', async () => {
      const library = await import('./library.ts');
      const transport = new library.gaxios.Gaxios({
        fetchImplementation,
        retryConfig: { retry: 0, noResponseRetries: 0 },
      });
      const clientOptions = { transporter: transport };
      const auth = new library.GoogleAuth({
        scopes: SCOPES,
        // Without one, the library asks gcloud and the metadata server; nothing here needs it.
        projectId: run.get('GCP_PROJECT') ?? run.deployment.own('GOOGLE_CLOUD_PROJECT') ?? 'none',
        clientOptions,
      });
      if (path !== undefined) {
        mustBeHere(path);
        // Like the default chain with the path in the process's own environment.
        await auth._getApplicationCredentialsFromFilePath(path, clientOptions);
      }
      const client = await auth.getClient();
      useTransport(client, transport);
      if (
        client instanceof library.UserRefreshClient ||
        client instanceof library.ExternalAccountAuthorizedUserClient
      ) {
        maySign = false;
      } else {
        account = (await auth.getCredentials().catch(() => undefined))?.client_email;
        if (client instanceof library.JWT) pem = client.key || undefined;
      }
      return auth as GoogleAuth;
    });

  const ready = () => {
    mustBeAccepted(run, (name) => name.startsWith('GOOGLE_'));
    found ??= find();
    return found;
  };
  const authorize = async () => {
    const auth = await ready();
    const headers = await asked('token', async () => {
      const found = Object.fromEntries(await auth.getRequestHeaders());
      // The library does not look whether a successful response has one.
      if (found.authorization === 'Bearer undefined') throw new NoTokenError();
      return found;
    });
    run.conceal(headers.authorization?.replace(/^Bearer /, ''));
    return headers;
  };

  return {
    account: () => account,
    headers: () => {
      token ??= authorize();
      return token;
    },
    sign: async (perform) => {
      const auth = await ready();
      if (!maySign || account === undefined) throw new CheckStopped(cannotSign(maySign));
      const by = { account };
      return asked('signature', () => {
        signature ??= pem === undefined ? (text) => auth.sign(text) : signerWith(pem);
        return perform({ ...by, sign: signature });
      });
    },
  };
}

/** As the library signs, except that it reads the key for each signature, which takes three times as long as the signature. */
function signerWith(pem: string): GoogleSigner['sign'] {
  const key = createPrivateKey(pem);
  return async (text) => sign('sha256', Buffer.from(text), key).toString('base64');
}

/** What is sent, and its type unless a header tells another one. */
async function bodyIn({ body }: RequestInit): Promise<{ type?: string; body: Buffer }> {
  if (body === undefined || body === null) return { body: Buffer.alloc(0) };
  if (typeof body === 'string') return { type: 'text/plain;charset=UTF-8', body: Buffer.from(body) };
  if (body instanceof URLSearchParams) {
    return { type: 'application/x-www-form-urlencoded;charset=UTF-8', body: Buffer.from(String(body)) };
  }
  return { body: Buffer.from(await new Response(body).arrayBuffer()) };
}

/** Has what the library uses of a response: Node loads all of fetch with the first `Response` or `Headers`. */
function responseOf({ status, headers, body }: HttpAnswer): Response {
  const parts = {
    ok: status >= 200 && status < 300,
    status,
    statusText: '',
    headers: new AnswerHeaders(Object.entries(headers).map(([name, value]) => [name, String(value)])),
    bodyUsed: true,
    text: async () => body.toString(),
    json: async () => JSON.parse(body.toString()),
    arrayBuffer: async () => new Uint8Array(body).buffer,
  };
  return parts as unknown as Response;
}

/** Their names are in lowercase, but are asked for in any case. */
class AnswerHeaders extends URLSearchParams {
  override get(name: string): string | null {
    return super.get(name.toLowerCase());
  }

  override has(name: string): boolean {
    return super.has(name.toLowerCase());
  }
}

/** Checks that the caller's file exists. @throws GoogleAuthError */
function mustBeHere(path: string): void {
  if (existsSync(path)) return;
  throw new GoogleAuthError('credentials', credentialIssue({ asked: 'token', code: 'no-file', path }));
}

/** Whether the library has found no credentials at all. */
const isMissing = (error: unknown): boolean =>
  error instanceof GoogleAuthError && cause.google('missing').is(error.says.cause);

/** Parts of the library's clients create their own transports. */
function useTransport(client: object, transporter: unknown): void {
  const part = (of: object, name: string): object[] => {
    const value: unknown = Reflect.get(of, name);
    return typeof value === 'object' && value !== null ? [value] : [];
  };
  const clients = [client, ...part(client, 'sourceClient')];
  for (const one of [...clients, ...clients.flatMap((of) => part(of, 'stsCredential'))]) {
    Reflect.set(one, 'transporter', transporter);
  }
}

const cannotSign = (maySign: boolean) =>
  skip(maySign ? 'a federated identity can’t sign' : 'Google user credentials can’t sign', {
    detail: 'Pre-signed URLs require a service account; Spacelift signs them with its own.',
    fix: advice`impersonate the service account: ${sh`gcloud auth application-default login --impersonate-service-account=SERVICE_ACCOUNT`}`,
  });

function meaningOf(error: unknown, call: Call, at: Omit<GoogleAuthFailure, 'code'>): unknown {
  if (error instanceof GoogleAuthError) return error;
  const { url, answer } = call;
  if (error instanceof NoTokenError && url !== undefined) return notGoogle(url);
  if (
    answer === undefined &&
    url !== undefined &&
    (call.problem instanceof NetworkError || error instanceof NetworkError)
  ) {
    return notReached(call.problem instanceof NetworkError ? call.problem : (error as NetworkError), url);
  }
  const refusal: GoogleAuthFailure =
    answer === undefined ? { ...at, ...unanswered(error) } : { ...at, ...refusalIn(answer) };
  const says = credentialIssue(refusal);
  return new GoogleAuthError(at.asked === 'token' ? 'credentials' : 'other', says);
}

function notReached(problem: NetworkError, { hostname, port }: URL): GoogleAuthError {
  const target = { what: 'Google', host: hostname, port: Number(port) || 443, setting: 'HTTPS_PROXY' };
  const { title, ...words } = routeMessages(problem, target);
  const fix =
    problem instanceof ProxyError || problem.tls === 'changed' ? undefined : providerFix(problem, wayTo(hostname));
  return new GoogleAuthError('other', fail(title, { ...words, ...(fix !== undefined && { fix }) }));
}

function notGoogle({ hostname, port }: URL): GoogleAuthError {
  const at = `${hostname}:${port || 443}`;
  const fix = wayTo(hostname)['not-http'];
  const says = fail(`${at} does not look like Google`, {
    detail: 'Its response to a request for an access token contains none.',
    expected: 'an access token',
    evidence: { host: hostname, port: Number(port) || 443 },
    cause: cause.network(at, 'not-http'),
    ...(fix !== undefined && { fix }),
  });
  return new GoogleAuthError('other', says);
}

/** The error of a token endpoint (RFC 6749, section 5.2) or of a Google API. */
function refusalIn({
  status,
  headers,
  body,
}: HttpAnswer): Pick<GoogleAuthFailure, 'code' | 'status' | 'said' | 'skewMs'> {
  const { error, error_description } = parseObject(body) ?? {};
  const { status: name, message } = (typeof error === 'object' ? { ...error } : {}) as Record<string, unknown>;
  const code = [error, name].find((value) => typeof value === 'string' && /^\w{1,64}$/.test(value));
  const date = Date.parse(headers.date ?? '');
  return {
    code: typeof code === 'string' ? code : undefined,
    status,
    said: [error_description, message].filter((text) => typeof text === 'string').join(' '),
    ...(!Number.isNaN(date) && { skewMs: date - Date.now() }),
  };
}

/** The library's error before any request, or after a request to the metadata server. */
function unanswered(error: unknown): Pick<GoogleAuthFailure, 'code' | 'status' | 'said'> {
  const { message, response } = (error ?? {}) as { message?: unknown; response?: { status?: unknown } };
  const said = String(message);
  const status = response?.status;
  if (typeof status === 'number') return { code: 'metadata', status, said };
  if (error instanceof NetworkError || /Could not load the default credentials/.test(said))
    return { code: 'missing', said };
  return { code: 'file', said };
}
