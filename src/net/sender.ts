/** How requests of an SDK travel whose transport can be replaced: trusting whom the run trusts, by the proxy that Go's clients would take. */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Run } from '../engine/check.ts';
import { type Agents, type HttpServer, makeAgents } from './agents.ts';
import { type HttpAnswer, readUpTo } from './http.ts';
import { makeExplainError } from './http-errors.ts';
import { boundBody, boundHints } from './limits.ts';

/** Whether an answer is not what was asked for. */
export type IsRefusal = (answer: Pick<HttpAnswer, 'status' | 'headers'>) => boolean;

/** An answer that is not what was asked for, before the SDK has made something else of it. */
export class HttpErrorResponse extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}`);
    this.name = 'HttpErrorResponse';
    this.answer = answer;
  }
}

export interface Sender {
  /** @throws NetworkError; ProxyError when the proxy is in the way; HttpErrorResponse */
  send(
    target: HttpServer,
    request: Pick<RequestOptions, 'method' | 'path' | 'headers' | 'signal'>,
    body?: string | Uint8Array,
  ): Promise<IncomingMessage>;
}

/**
 * @param isRefusal without it, the SDK makes errors of what it gets
 * @param agents those of another client, to use its connections too
 */
export function makeSender(
  run: Pick<Run, 'authorities' | 'proxies' | 'withTimeout' | 'onEnd'>,
  isRefusal: IsRefusal = () => false,
  agents: Agents = makeAgents(run),
): Sender {
  const meaningOf = makeExplainError(run);
  return {
    send: async (to, request, body) => {
      const { secure, host, port } = to;
      const sent = (secure ? https : http).request({ ...request, host, port, agent: agents.agentFor(to) });
      let answer: IncomingMessage;
      try {
        answer = await answerTo(sent, body);
      } catch (error) {
        throw await meaningOf(error, to);
      }
      const { statusCode: status = 0, headers } = answer;
      if (isRefusal({ status, headers }))
        throw new HttpErrorResponse({ status, headers, body: await readUpTo(answer) });
      return boundBody(answer);
    },
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
