/** The transport of the Azure SDK: the `httpClient` of its clients and credentials. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { text } from 'node:stream/consumers';
import type { DefaultAzureCredentialOptions } from '@azure/identity';
import type { Run } from '../../engine/check.ts';
import { NetworkError, networkErrorOr } from '../../net/network-error.ts';
import { type BusyHint, retryAfterIn, withRetry } from '../../net/retry.ts';
import { makeSender } from '../../net/sender.ts';
import { addressOf } from '../../net/tcp.ts';

type SdkClient = NonNullable<DefaultAzureCredentialOptions['httpClient']>;
type SdkRequest = Parameters<SdkClient['sendRequest']>[0];

export interface AzureTransport {
  /** For the `httpClient` option of a client or credential. @throws NetworkError; ProxyError */
  readonly client: SdkClient;
  /** The last network error for a host, which the SDK's credentials discard. */
  problemAt(host: string): NetworkError | undefined;
}

export function azureTransport(run: Run): AzureTransport {
  const sender = makeSender(run);
  const problems = new Map<string, NetworkError>();
  /** Some requests have a deadline of the SDK's own, such as the one for whether this machine has a managed identity. */
  const once = async (request: SdkRequest) =>
    request.timeout > 0
      ? run.withTimeout(request.timeout, (signal) => sendOnce(request, signal))
      : sendOnce(request, undefined);
  const sendOnce = async (request: SdkRequest, deadline: AbortSignal | undefined) => {
    const url = new URL(request.url);
    const to = { ...addressOf(url), secure: url.protocol === 'https:' };
    const headers = request.headers.toJSON();
    const { method, body, streamResponseStatusCodes } = request;
    const path = `${url.pathname}${url.search}`;
    try {
      const sent = { method, path, headers, ...signalOf(request, deadline) };
      const answer = await sender.send(to, sent, body as string | Uint8Array | undefined);
      const { statusCode: status = 0 } = answer;
      const response = { request, status, headers: new SdkHeaders(answer.headers) };
      if (streamResponseStatusCodes?.has(status)) return { ...response, readableStreamBody: answer };
      return { ...response, bodyAsText: await textOf(answer) };
    } catch (error) {
      if (error instanceof NetworkError) problems.set(to.host, error);
      throw error;
    }
  };
  /** Plain HTTP is the machine's own metadata service. */
  const sendRequest = (request: SdkRequest) =>
    request.url.startsWith('https:') ? withRetry(() => once(request), noOf, signalOf(request).signal) : once(request);
  return {
    client: { sendRequest } as unknown as AzureTransport['client'],
    problemAt: (host) => problems.get(host),
  };
}

function noOf(outcome: unknown): BusyHint | undefined {
  const { status, headers } = (outcome ?? {}) as { status?: number; headers?: unknown };
  return headers instanceof SdkHeaders ? { status, retryAfterMs: retryAfterIn(headers.get('retry-after')) } : undefined;
}

async function textOf(answer: IncomingMessage): Promise<string> {
  try {
    return await text(answer);
  } catch (error) {
    throw networkErrorOr(error);
  }
}

function signalOf({ abortSignal }: SdkRequest, deadline?: AbortSignal): { signal?: AbortSignal } {
  const signals = [abortSignal as AbortSignal | undefined, deadline].filter((signal) => signal !== undefined);
  return signals.length === 0 ? {} : { signal: AbortSignal.any(signals) };
}

/** The headers of a response, in the SDK's form. */
class SdkHeaders {
  readonly #values: Map<string, string>;
  constructor(headers: IncomingHttpHeaders) {
    this.#values = new Map(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
  }
  get(name: string): string | undefined {
    return this.#values.get(name.toLowerCase());
  }
  has(name: string): boolean {
    return this.#values.has(name.toLowerCase());
  }
  set(name: string, value: string | number | boolean): void {
    this.#values.set(name.toLowerCase(), String(value));
  }
  delete(name: string): void {
    this.#values.delete(name.toLowerCase());
  }
  toJSON(): Record<string, string> {
    return Object.fromEntries(this.#values);
  }
  [Symbol.iterator](): Iterator<[string, string]> {
    return this.#values[Symbol.iterator]();
  }
}
