/** How the AWS SDK's requests travel: trusting whom the run trusts, by the proxy that Go's clients would take. */
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import type { Run } from '../../src/check.ts';
import { type HttpAnswer, makeAgent, problemOf, readUpTo } from '../../src/probe/http.ts';
import { proxyFor } from '../../src/probe/proxy.ts';
import { unbracketed } from '../../src/probe/tcp.ts';
import { ProxyProblem } from '../../src/probe/tunnel.ts';
import { type NetworkKind, Problem } from '../../src/problem.ts';

/** Whether an answer is not what was asked for. */
export type IsRefusal = (answer: Pick<HttpAnswer, 'status' | 'headers'>) => boolean;

/** An answer that is not what was asked for, before the SDK has made something else of it. */
export class Refused extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}`);
    this.name = 'Refused';
    this.answer = answer;
  }
}

/** The SDK's own form of a request; bodies that are streams do not occur here. */
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

/** A request handler, as the SDK's clients take one. */
export interface Transport extends Record<string, unknown> {
  /** @throws Problem; ProxyProblem when the proxy is in the way; Refused */
  handle(request: SdkRequest, how?: { abortSignal?: AbortSignal }): Promise<{ response: SdkResponse }>;
  destroy(): void;
}

/** With a proxy in between, these are about the proxy: it is all that this machine looks up and connects to. */
const AT_PROXY: readonly NetworkKind[] = ['dns', 'refused', 'unreachable'];

/** @param isRefusal without it, the SDK makes errors of what it gets */
export function makeTransport(run: Run, isRefusal: IsRefusal = () => false): Transport {
  const agents = new Map<string, http.Agent>();
  const agentFor = (secure: boolean, host: string, port: number) => {
    const origin = `${host}:${port}`;
    const agent = agents.get(origin) ?? makeAgent(run, { secure, host, port });
    agents.set(origin, agent);
    return agent;
  };
  return {
    handle: async ({ protocol, hostname, port, method, path, query = {}, headers, body }, { abortSignal } = {}) => {
      const secure = protocol === 'https:';
      const host = unbracketed(hostname);
      const to = { host, port: port ?? (secure ? 443 : 80), secure };
      const sent = (secure ? https : http).request({
        host,
        port: to.port,
        method,
        path: `${path}${queryOf(query)}`,
        headers,
        agent: agentFor(secure, host, to.port),
        ...(abortSignal !== undefined && { signal: abortSignal }),
      });
      let answer: IncomingMessage;
      try {
        answer = await answerTo(sent, body);
      } catch (error) {
        throw atProxy(error, proxyFor(run.deployment.environment, to)) ?? problemOf(error);
      }
      const { statusCode: status = 0, headers: received } = answer;
      if (isRefusal({ status, headers: received })) {
        throw new Refused({ status, headers: received, body: await readUpTo(answer) });
      }
      return { response: { statusCode: status, headers: flat(received), body: answer } };
    },
    destroy: () => {
      for (const agent of agents.values()) agent.destroy();
    },
    updateHttpClientConfig: () => {},
    httpHandlerConfigs: () => ({}),
  };
}

function answerTo(sent: ClientRequest, body: SdkRequest['body']): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once('response', resolve);
    // Stays: what happens after the answer is read from the answer.
    sent.on('error', reject);
    sent.end(body);
  });
}

function atProxy(error: unknown, proxy: URL | undefined): ProxyProblem | undefined {
  const problem = problemOf(error);
  if (proxy === undefined || !(problem instanceof Problem)) return undefined;
  const at = {
    host: unbracketed(proxy.hostname),
    port: Number(proxy.port) || (proxy.protocol === 'https:' ? 443 : 80),
  };
  const { code, statusCode: status } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'ERR_PROXY_TUNNEL') {
    return new ProxyProblem(at, 'closed', typeof status === 'number' ? { status } : {});
  }
  if (!AT_PROXY.includes(problem.kind)) return undefined;
  return new ProxyProblem(at, problem.kind, problem.code === undefined ? {} : { code: problem.code });
}

/** RFC 3986: what is signed escapes more than encodeURIComponent does. */
const escaped = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`);

function queryOf(query: NonNullable<SdkRequest['query']>): string {
  const pairs = Object.entries(query).flatMap(([name, value]) =>
    value === null ? [escaped(name)] : [value].flat().map((one) => `${escaped(name)}=${escaped(one)}`),
  );
  return pairs.length === 0 ? '' : `?${pairs.join('&')}`;
}

const flat = (headers: http.IncomingHttpHeaders): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value].flat().join(', ')]));
