/** The transport for SDKs that accept one: it trusts the run's CAs, and uses the proxy that Go's clients would use. */
import http, { type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import https from 'node:https';
import type { Run } from '../engine/check.ts';
import { type Agents, type HttpServer, makeAgents } from './agents.ts';
import { answerOf, type HttpAnswer } from './http.ts';
import { makeExplainError } from './http-errors.ts';
import { boundBody, boundHints } from './limits.ts';
import { reportRequest } from './stages.ts';
import { unlessStale } from './stale.ts';

/** Whether a response is an error. */
export type IsErrorResponse = (answer: Pick<HttpAnswer, 'status' | 'headers'>) => boolean;

/** An error response, before the SDK turns it into something else. */
export class HttpErrorResponse extends Error {
  readonly answer: HttpAnswer;
  constructor(answer: HttpAnswer) {
    super(`HTTP ${answer.status}`);
    this.name = 'HttpErrorResponse';
    this.answer = answer;
  }
}

export interface Sender {
  /** @throws NetworkError; ProxyError if the proxy fails; HttpErrorResponse */
  send(
    target: HttpServer,
    request: Pick<RequestOptions, 'method' | 'path' | 'headers' | 'signal'>,
    body?: string | Uint8Array,
  ): Promise<IncomingMessage>;
}

/**
 * @param isErrorResponse without it, the SDK handles error responses itself
 * @param agents from another client, to share its connections
 */
export function makeSender(
  run: Pick<Run, 'authorities' | 'proxies' | 'withTimeout' | 'withTimeoutUntilClosed' | 'onEnd'>,
  isErrorResponse: IsErrorResponse = () => false,
  agents: Agents = makeAgents(run),
): Sender {
  const meaningOf = makeExplainError(run);
  return {
    send: async (to, request, body) => {
      const { secure, host, port } = to;
      let answer: IncomingMessage;
      try {
        answer = await unlessStale(request.method, (opened) => {
          const sent = (secure ? https : http).request({ ...request, host, port, agent: agents.agentFor(to) });
          opened(sent);
          reportRequest(sent, host);
          return answerTo(sent, body);
        });
      } catch (error) {
        throw await meaningOf(error, to);
      }
      const { statusCode: status = 0, headers } = answer;
      if (isErrorResponse({ status, headers })) throw new HttpErrorResponse(await answerOf(answer));
      return boundBody(answer);
    },
  };
}

function answerTo(sent: ClientRequest, body: string | Uint8Array | undefined): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    boundHints(sent);
    sent.once('response', resolve);
    // The listener stays: later errors are reported by the response.
    sent.on('error', reject);
    sent.end(body);
  });
}
