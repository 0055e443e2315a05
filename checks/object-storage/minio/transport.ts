/** MinIO's client as the store uses it: one client per operation, whose responses are read, bounded, and understood here. */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Client, ClientOptions } from 'minio';
import { asksForTls, type HttpAnswer, readUpTo } from '../../../src/net/http.ts';
import { boundBody, boundHints, boundPages } from '../../../src/net/limits.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { redirectTarget } from '../../../src/net/redirect.ts';
import { reportRequest } from '../../../src/net/stages.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import { messageIn, s3Refusal } from '../s3-protocol.ts';
import { type StoreAction, StoreError } from '../store.ts';
import { keySays } from './messages.ts';

/** In bytes: a thousand versions of a run's objects need half of it. */
const LONGEST_PAGE = 1.5 * 1024 * 1024;
/** Per page: a thousand versions have 20,000. A hundred thousand tiny tags would fit in a page, but need half a gigabyte to parse. */
const MOST_TAGS = 40_000;
/** The number of objects that the library requests at once. */
const PAGE = 1000;
const LESS_THAN = 0x3c;

export interface At {
  readonly action: StoreAction;
  readonly bucket: string;
}

export interface Use {
  readonly region: string;
  readonly at: At;
  readonly signal?: AbortSignal;
  /** Headers to include in the signature of a pre-signed URL. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** All items of a listing, up to the number of pages that any run reads. @throws NetworkError */
export async function listed<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  const another = boundPages();
  for await (const item of items) {
    if (found.length % PAGE === 0) another(PAGE);
    found.push(item);
  }
  return found;
}

/**
 * The library accepts neither a signal nor headers to sign, retries on its own, and loses the responses that it retries.
 * So each operation has its own client, with a transport that knows the signal and reads error responses.
 * @param base the store's address
 */
export async function clients(options: ClientOptions, base: URL): Promise<(use: Use) => Client> {
  const { Client } = await import('minio');
  class OneCall extends Client {
    readonly headers: Use['headers'];
    constructor({ region, at, signal, headers }: Use) {
      const transport = observed({ base, at, ...(signal !== undefined && { signal }) });
      super({ ...options, region, transport, pathStyle: true, retryOptions: { disableRetry: true } });
      this.headers = headers;
    }
    protected override getRequestOptions(request: Parameters<Client['getRequestOptions']>[0]) {
      return super.getRequestOptions({ ...request, headers: { ...request.headers, ...this.headers } });
    }
  }
  return (use) => new OneCall(use);
}

/** Sends like `node:http`; a response other than a success becomes an error of the request. */
function observed({ base, at, signal }: { base: URL; at: At; signal?: AbortSignal }): typeof http {
  const { request: open } = base.protocol === 'https:' ? https : http;
  // The library requests page after page on its own.
  const another = boundPages();
  const request = (options: http.RequestOptions, onAnswer: (answer: IncomingMessage) => void): ClientRequest => {
    another(0);
    const headers = inUtf8(options.headers);
    const sent = open({ ...options, headers, ...(signal !== undefined && { signal }) });
    boundHints(sent);
    reportRequest(sent, unbracketed(base.hostname));
    sent.on('response', async (answer: IncomingMessage) => {
      const { statusCode: status = 0, headers } = answer;
      if (minioRefusal({ status, headers, body: Buffer.alloc(0) }, at, base) === undefined) {
        onAnswer(boundTags(boundBody(answer, LONGEST_PAGE)));
        return;
      }
      const whole = { status, headers, body: await readUpTo(answer).catch(() => Buffer.alloc(0)) };
      sent.emit('error', wantsTls(whole, base) ? new NetworkError('wants-tls') : minioRefusal(whole, at, base));
    });
    return sent;
  };
  return { request } as typeof http;
}

/** A redirect to another port of the same server takes more than TLS to follow. */
function wantsTls(answer: HttpAnswer, base: URL): boolean {
  const to = redirectTarget(answer, base);
  return asksForTls(answer, base) && (to === undefined || to.port === base.port);
}

/** The error in a response, or `undefined` for a success. */
export function minioRefusal(answer: HttpAnswer, at: At, base: URL): StoreError | undefined {
  const problem = s3Refusal(answer, at, base);
  if (problem === undefined) return undefined;
  const says = keySays(problem, messageIn(answer));
  // Not `unsupported`, although MinIO says so: the bucket asks for encryption that MinIO can't provide.
  return says === undefined ? problem : new StoreError('other', { ...problem, says });
}

/** Like Go's client: keys may have any letters. Node.js refuses those that it can't send as one byte. */
const inUtf8 = (headers: http.RequestOptions['headers'] = {}): http.OutgoingHttpHeaders =>
  Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [
      name,
      typeof value === 'string' ? Buffer.from(value).toString('latin1') : value,
    ]),
  );

/** The reader gets a NetworkError of kind `flood` when the response has more elements than any page. */
function boundTags(answer: IncomingMessage): IncomingMessage {
  const push = answer.push.bind(answer);
  let tags = 0;
  answer.push = (chunk: unknown, encoding?: BufferEncoding) => {
    if (chunk instanceof Uint8Array) for (const byte of chunk) if (byte === LESS_THAN) tags++;
    if (tags <= MOST_TAGS) return push(chunk, encoding);
    answer.destroy(new NetworkError('flood'));
    return false;
  };
  return answer;
}

/** Errors that the library and the transport throw after a response, or before a request. */
export function notOfTheWay(error: unknown, at: At): StoreError | undefined {
  if (error instanceof StoreError) return error;
  const name = error instanceof Error ? error.constructor.name : '';
  if (name === 'InvalidBucketNameError') return new StoreError('invalid-name', at);
  // For a success response that is not XML or JSON, the library and its parser throw plain errors.
  const unread =
    name === 'InvalidXMLError' || name === 'SyntaxError' || (name === 'Error' && !('code' in (error as Error)));
  if (unread) return new StoreError('not-a-store', at);
  return undefined;
}
