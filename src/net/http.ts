/** A plain HTTP(S) client, for requests without an SDK: pre-signed URLs, CORS preflights, health pages. Follows no redirects. */
import http, {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type RequestOptions,
} from 'node:http';
import https from 'node:https';
import type { Run } from '../engine/check.ts';
import { type Agents, type HttpServer, makeAgents } from './agents.ts';
import { makeExplainError } from './http-errors.ts';
import { boundHints } from './limits.ts';
import { brokenOffOr, NetworkError } from './network-error.ts';
import { redirectTarget, upgradesToTls } from './redirect.ts';
import { reportRequest } from './stages.ts';
import { unlessStale } from './stale.ts';
import { addressOf, unbracketed } from './tcp.ts';

const DEADLINE_MS = 10_000;
/** How long to wait for a server to request an announced body; some never do (RFC 9110, section 10.1.1). */
const CONTINUE_MS = 1000;
/** In bytes: how much of a response is read; the rest is dropped. */
const MOST = 256 * 1024;

export interface HttpRequest {
  readonly method: string;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** Announces the body first, and sends it only if the server requests it: a refusal then never interrupts a half-sent body. */
  readonly announce?: true;
  /** In ms; 10 s by default. */
  readonly deadlineMs?: number;
  /** Aborts the request instead of the deadline and the end of the run: for a write whose response must be awaited. */
  readonly signal?: AbortSignal;
  /** A Unix socket to send it to, regardless of the URL's host. */
  readonly socketPath?: string;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** At most 256 KiB of it. */
  readonly body: Buffer;
}

export interface HttpClient {
  /**
   * Resolves with any status.
   * @throws NetworkError
   */
  send(request: HttpRequest): Promise<HttpAnswer>;
}

/** Without parameters, in lowercase; empty if it is not stated. */
export const mediaType = ({ headers }: Pick<HttpAnswer, 'headers'>): string =>
  (headers['content-type'] ?? '').split(';')[0]?.trim().toLowerCase() ?? '';

/** Whether the host of a URL is this machine. */
export function isLoopback(host: string): boolean {
  return /^(localhost|.+\.localhost|127(\.\d{1,3}){3}|\[?::1\]?)$/i.test(host);
}

/** @param agents from another client, to share its connections */
export function makeHttpClient(
  run: Pick<Run, 'authorities' | 'proxies' | 'withTimeout' | 'withTimeoutUntilClosed' | 'onEnd'>,
  agents: Agents = makeAgents(run),
): HttpClient {
  const meaningOf = makeExplainError(run);
  const agentFor = (url: URL) => agents.agentFor(serverOf(url));
  return {
    send: async (request) => {
      const perform = async (signal: AbortSignal) => {
        try {
          return await unlessStale(request.method, (opened) =>
            exchange(request, { agent: agentFor(request.url), signal }, opened),
          );
        } catch (error) {
          throw await meaningOf(error, serverOf(request.url));
        }
      };
      const answer =
        request.signal === undefined
          ? await run.withTimeout(request.deadlineMs ?? DEADLINE_MS, perform)
          : await perform(request.signal);
      if (asksForTls(answer, request.url)) throw new NetworkError('wants-tls');
      return answer;
    },
  };
}

const serverOf = (url: URL): HttpServer => ({ secure: url.protocol === 'https:', ...addressOf(url) });

function exchange(
  { method, url, headers = {}, body, announce, socketPath }: HttpRequest,
  options: Pick<RequestOptions, 'agent' | 'signal'>,
  opened: (request: ClientRequest) => void,
): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    const { request: open } = url.protocol === 'https:' ? https : http;
    const request = open(url, {
      ...options,
      ...(socketPath !== undefined && { socketPath }),
      method,
      headers: {
        ...headers,
        ...(body !== undefined && { 'content-length': body.length }),
        ...(announce && { expect: '100-continue' }),
      },
    });
    opened(request);
    boundHints(request);
    reportRequest(request, unbracketed(url.hostname));
    let answered = false;
    request.on('response', (response) => {
      answered = true;
      answerOf(response)
        .then(resolve, reject)
        .finally(() => announce && request.destroy());
    });
    // A server that refuses a request may close the connection during the body: its response counts.
    request.on('error', (error) => answered || reject(error));
    if (!announce) {
      request.end(body);
      return;
    }
    // The server can ask for the body after it was sent unasked.
    const sendBody = () => request.writableEnded || request.end(body);
    const timer = setTimeout(sendBody, CONTINUE_MS);
    request.once('continue', () => {
      clearTimeout(timer);
      sendBody();
    });
    request.once('close', () => clearTimeout(timer));
    request.once('response', () => clearTimeout(timer));
    request.flushHeaders();
  });
}

/** A whole response, whatever its status. @throws like `readUpTo` */
export const answerOf = async (response: IncomingMessage): Promise<HttpAnswer> => ({
  status: response.statusCode ?? 0,
  headers: response.headers,
  body: await readUpTo(response),
});

/**
 * Reads the body of a response, up to 256 KiB.
 * @throws NetworkError of kind `closed` if it breaks off, unless the status is already an error
 */
export async function readUpTo(response: IncomingMessage): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      chunks.push(chunk);
      size += chunk.length;
      if (size >= MOST) break;
    }
  } catch (error) {
    if ((response.statusCode ?? 0) < 400) throw brokenOffOr(error);
  }
  return Buffer.concat(chunks).subarray(0, MOST);
}

/**
 * Recognizes the response of Go's server and nginx to plain HTTP on a TLS port, and of an ingress that redirects to HTTPS on
 * the same server.
 * @param from the URL of the request
 */
export function asksForTls(answer: HttpAnswer, from: URL): boolean {
  if (from.protocol !== 'http:') return false;
  if (answer.status === 400)
    return /HTTP request (was sent )?to (an )?HTTPS/i.test(answer.body.toString('latin1', 0, 1024));
  const to = redirectTarget(answer, from);
  return to !== undefined && upgradesToTls(to, from);
}
