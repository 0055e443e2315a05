/** The transport of the AWS SDK. */
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { Run } from '../../engine/check.ts';
import type { Agents } from '../../net/agents.ts';
import { type IsErrorResponse, makeSender } from '../../net/sender.ts';
import { unbracketed } from '../../net/tcp.ts';
import { percentEncoded } from '../../util/percent.ts';

export { HttpErrorResponse, type IsErrorResponse } from '../../net/sender.ts';

/** The SDK's own form of a request; stream bodies do not occur here. */
interface SdkRequest {
  readonly protocol: string;
  readonly hostname: string;
  readonly port?: number;
  readonly method: string;
  readonly path: string;
  readonly query?: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

interface SdkResponse {
  readonly statusCode: number;
  readonly headers: Record<string, string>;
  readonly body: IncomingMessage;
}

/** A request handler for the SDK's clients. */
export interface Transport extends Record<string, unknown> {
  /** @throws NetworkError; ProxyError if the proxy fails; HttpErrorResponse */
  handle(request: SdkRequest, how?: { abortSignal?: AbortSignal }): Promise<{ response: SdkResponse }>;
}

/**
 * @param isErrorResponse without it, the SDK handles error responses itself
 * @param agents from another client, to share its connections
 */
export function makeTransport(run: Run, isErrorResponse?: IsErrorResponse, agents?: Agents): Transport {
  const sender = makeSender(run, isErrorResponse, agents);
  return {
    handle: async ({ protocol, hostname, port, method, path, query = {}, headers, body }, { abortSignal } = {}) => {
      const secure = protocol === 'https:';
      const to = { secure, host: unbracketed(hostname), port: port ?? (secure ? 443 : 80) };
      const request = { method, path: `${path}${queryOf(query)}`, headers };
      const answer = await sender.send(to, { ...request, ...(abortSignal && { signal: abortSignal }) }, body);
      const { statusCode = 0, headers: received } = answer;
      return { response: { statusCode, headers: flat(received), body: answer } };
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

function queryOf(query: NonNullable<SdkRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null
      ? [percentEncoded(name)]
      : [value].flat().map((one) => `${percentEncoded(name)}=${percentEncoded(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

const flat = (headers: IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
