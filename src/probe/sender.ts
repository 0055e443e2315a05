/** How requests of an SDK travel whose transport can be replaced: trusting whom the run trusts, by the proxy that Go's clients would take. */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Run } from '../check.ts';
import { type NetworkKind, Problem } from '../problem.ts';
import { type Agents, type HttpServer, makeAgents } from './agents.ts';
import { boundBody, boundHints } from './flood.ts';
import { type HttpAnswer, problemOf, readUpTo } from './http.ts';
import { proxyFor } from './proxy.ts';
import { addressOf } from './tcp.ts';
import { ProxyProblem } from './tunnel.ts';

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

export interface Sender {
  /** @throws Problem; ProxyProblem when the proxy is in the way; Refused */
  send(
    target: HttpServer,
    request: Pick<RequestOptions, 'method' | 'path' | 'headers' | 'signal'>,
    body?: string | Uint8Array,
  ): Promise<IncomingMessage>;
  destroy(): void;
}

/** With a proxy in between, these are about the proxy: it is all that this machine looks up and connects to. */
const AT_PROXY: readonly NetworkKind[] = ['dns', 'refused', 'unreachable'];

/**
 * @param isRefusal without it, the SDK makes errors of what it gets
 * @param agents those of another client, to use its connections too
 */
export function makeSender(
  run: Pick<Run, 'authorities' | 'deployment'>,
  isRefusal: IsRefusal = () => false,
  agents: Agents = makeAgents(run),
): Sender {
  return {
    send: async (to, request, body) => {
      const { secure, host, port } = to;
      const sent = (secure ? https : http).request({ ...request, host, port, agent: agents.agentFor(to) });
      let answer: IncomingMessage;
      try {
        answer = await answerTo(sent, body);
      } catch (error) {
        throw atProxy(error, proxyFor(run.deployment.environment, to)) ?? problemOf(error);
      }
      const { statusCode: status = 0, headers } = answer;
      if (isRefusal({ status, headers })) throw new Refused({ status, headers, body: await readUpTo(answer) });
      return boundBody(answer);
    },
    destroy: agents.destroy,
  };
}

function answerTo(sent: ClientRequest, body: string | Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    boundHints(sent);
    sent.once('response', resolve);
    // Stays: what happens after the answer is read from the answer.
    sent.on('error', reject);
    sent.end(body);
  });
}

function atProxy(error: unknown, proxy: URL | undefined): ProxyProblem | undefined {
  const problem = problemOf(error);
  if (proxy === undefined || !(problem instanceof Problem)) return undefined;
  const at = addressOf(proxy);
  const { code, statusCode: status } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'ERR_PROXY_TUNNEL') {
    return new ProxyProblem(at, 'closed', typeof status === 'number' ? { status } : {});
  }
  if (!AT_PROXY.includes(problem.kind)) return undefined;
  return new ProxyProblem(at, problem.kind, problem.code === undefined ? {} : { code: problem.code });
}
