/** HTTP requests of every client, as Node.js publishes them: method, URL without the values of its query, status, time. */
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { currentAttempt } from '../../util/trace.ts';
import { type Log, quietly, since, wordOf } from './line.ts';

interface Request {
  readonly began: number;
  readonly attempt: number;
  status?: number;
}

/** @returns how to stop, which logs the requests that are still without a response */
export function watchHttp(log: Log): () => void {
  const open = new Map<ClientRequest, Request>();
  const say = (request: ClientRequest, { began, attempt }: Request, result: string) =>
    log({
      kind: 'http',
      what: `${shown(request)}${attempt > 1 ? ` (attempt ${attempt})` : ''}`,
      result,
      ms: since(began),
    });
  const answered = (request: ClientRequest, { statusCode }: IncomingMessage) => {
    const known = open.get(request);
    if (known === undefined || known.status !== undefined) return;
    known.status = statusCode ?? 0;
    say(request, known, String(known.status));
  };
  const handlers: Readonly<Record<string, (message: unknown) => void>> = {
    'http.client.request.created': quietly(({ request }: { request: ClientRequest }) => {
      open.set(request, { began: performance.now(), attempt: currentAttempt() });
      request.once('close', () => {
        const known = open.get(request);
        open.delete(request);
        if (known !== undefined && known.status === undefined) say(request, known, 'closed without a response');
      });
      // Node publishes no response to these. Other requests must not get a listener: it would keep their connection open.
      if (request.method === 'CONNECT') request.once('connect', (response) => answered(request, response));
      else if (request.hasHeader('upgrade')) request.once('upgrade', (response) => answered(request, response));
    }),
    'http.client.response.finish': quietly(
      ({ request, response }: { request: ClientRequest; response: IncomingMessage }) => answered(request, response),
    ),
    'http.client.request.error': quietly(({ request, error }: { request: ClientRequest; error: unknown }) => {
      const known = open.get(request);
      open.delete(request);
      // After a response, errors are those of clients that have read enough.
      if (known !== undefined && known.status === undefined) say(request, known, wordOf(error));
    }),
  };
  for (const [name, handler] of Object.entries(handlers)) subscribe(name, handler);
  return () => {
    for (const [name, handler] of Object.entries(handlers)) unsubscribe(name, handler);
    for (const [request, known] of open) if (known.status === undefined) say(request, known, 'no response');
  };
}

function shown(request: ClientRequest): string {
  const { method, protocol, host, path } = request;
  if (method === 'CONNECT') return `CONNECT ${path} by ${protocol}//${host}`;
  // Through a proxy, without TLS, the path is a whole URL.
  const from = /^https?:\/\//.test(path) ? '' : `${protocol}//${request.getHeader('host') ?? host}`;
  const target = request.getHeader('x-amz-target');
  return `${method} ${from}${withoutValues(path)}${typeof target === 'string' ? ` ${target}` : ''}`;
}

/** Parameters that name an operation. */
const OPERATIONS = /^(?:x-id|comp|restype|list-type|Action)$/;
const NAME = /^[A-Za-z][\w.-]{0,39}$/;
/** Operations of S3, which have no value. */
const BARE =
  /^(?:acl|cors|delete|encryption|lifecycle|location|object-lock|ownershipControls|policy|policyStatus|publicAccessBlock|tagging|uploads|versioning|versions)$/;

/** A query with the names of its parameters, without their values. */
export function withoutValues(path: string): string {
  const at = path.indexOf('?');
  if (at < 0) return path;
  const parts = path
    .slice(at + 1)
    .split('&')
    .map((part) => {
      const [name = '', value] = part.split('=', 2);
      if (value === undefined || value === '') return BARE.test(name) ? name : '…';
      if (OPERATIONS.test(name) && NAME.test(value)) return `${name}=${value}`;
      return NAME.test(name) ? `${name}=…` : '…';
    });
  return `${path.slice(0, at)}?${parts.join('&')}`;
}
