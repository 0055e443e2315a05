/** Signed requests in the S3 protocol, without the SDK of any vendor. */
import { queryOf, type Scope, signedHeaders, signedQuery } from '../../../src/clouds/aws/sigv4.ts';
import type { Run } from '../../../src/engine/check.ts';
import type { Agents } from '../../../src/net/agents.ts';
import { answerOf, type HttpAnswer } from '../../../src/net/http.ts';
import type { NetworkError } from '../../../src/net/network-error.ts';
import { HttpErrorResponse, makeSender } from '../../../src/net/sender.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { percentEncoded } from '../../../src/util/percent.ts';
import type { StoreRequest } from '../request.ts';
import type { At, Signed, StoreError } from '../store.ts';
import { type Element, readXml } from '../xml.ts';
import { type DocumentKind, documentOf } from './document.ts';
import { isErrorResponse } from './protocol.ts';

/** In seconds: how long a pre-signed URL works. */
const EXPIRES_S = 900;

/** Where a bucket is, and how requests to it are signed. */
export interface Place {
  /** Its URL, with a path-style bucket in its path; without a slash at its end. */
  readonly url: URL;
  readonly scope: Scope;
}

export interface S3Requests {
  /** @returns a success, with at most 256 KiB of its body. @throws StoreError, NetworkError */
  send(request: StoreRequest): Promise<HttpAnswer>;
  /** The document in a response. @throws like `send`, `readXml` and `documentOf` */
  document(kind: DocumentKind, request: StoreRequest): Promise<Element>;
  /** The URL that lets a plain client perform one operation with these headers, for 15 minutes. */
  sign(method: string, bucket: string, key: string, headers: Readonly<Record<string, string>>): Promise<Signed>;
}

/**
 * @param placeOf the place of a bucket, or of the store itself for an empty name
 * @param refusal the error in a response
 */
export function makeRequests(
  run: Run,
  agents: Agents,
  placeOf: (bucket: string) => Promise<Place>,
  refusal: (answer: HttpAnswer, at: At) => StoreError | NetworkError | undefined,
): S3Requests {
  const sender = makeSender(run, isErrorResponse, agents);

  const opened = async ({ method, bucket, action, key, query, headers = {}, body, signal }: StoreRequest) => {
    const { url, scope } = await placeOf(bucket);
    const path = pathOf(url, key);
    const search = query && queryOf(query);
    const signed = signedHeaders({ method, host: url.host, path, query: search, headers, body }, scope, new Date());
    // As Go's clients send it: access keys may have any letters. Node.js refuses those that it can't send as one byte.
    const authorization = Buffer.from(signed.authorization ?? '').toString('latin1');
    const target = search === undefined ? path : `${path}?${search}`;
    try {
      return await sender.send(
        { secure: url.protocol === 'https:', ...addressOf(url) },
        { method, path: target, headers: { ...signed, authorization }, signal },
        body,
      );
    } catch (error) {
      if (!(error instanceof HttpErrorResponse)) throw error;
      const sent = { method, parameter: Object.keys(query ?? {})[0] };
      throw refusal(error.answer, { action, bucket, sent }) ?? error;
    }
  };

  return {
    send: async (request) => answerOf(await opened(request)),
    document: async (kind, request) => {
      const answer = await opened(request);
      return documentOf(await readXml(answer), kind, { ...request, status: answer.statusCode });
    },
    sign: async (method, bucket, key, headers) => {
      const { url, scope } = await placeOf(bucket);
      const path = pathOf(url, key);
      const lower = Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
      const query = signedQuery({ method, host: url.host, path, headers: lower }, scope, EXPIRES_S, new Date());
      return { method, url: new URL(`${path}?${query}`, url), headers };
    },
  };
}

const pathOf = ({ pathname }: URL, key = ''): string => {
  const base = pathname.replace(/\/$/, '');
  return key === '' ? base || '/' : `${base}/${key.split('/').map(percentEncoded).join('/')}`;
};
