/** One request to AWS, and the meaning of its error response: the same for every service. */
import type { Run } from '../../engine/check.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { toNetworkError } from '../../net/network-error.ts';
import { type BusyHint, withRetry } from '../../net/retry.ts';
import { membersOf } from '../../util/json.ts';
import { findCredentials } from './credentials.ts';
import { withoutEndpoint } from './custom-endpoint.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { HttpErrorResponse, type IsErrorResponse } from './transport.ts';

const DEADLINE_MS = 10_000;

export type AwsKind =
  | 'denied'
  /** Too many requests, from this account or from this run. */
  | 'throttled'
  | 'server-error'
  /** The endpoint belongs to another region or service than the one that requests are signed for. */
  | 'scope'
  /** The server is not AWS. */
  | 'not-aws'
  /** Any other error of a service, identified by its code. */
  | 'refused';

/** An error response of AWS. */
export class AwsError extends Error {
  readonly kind: AwsKind;
  /** The service's own code, without its namespace. */
  readonly code: string | undefined;
  /** HTTP. */
  readonly status: number | undefined;
  /** The service's message: checks only match it, and never show it. `run ecs` shows it, masked: there, it is all that is known. */
  readonly said: string;
  constructor(kind: AwsKind, { code, status, said = '' }: { code?: string; status?: number; said?: string } = {}) {
    super([kind, code].filter((part) => part !== undefined).join(': '));
    this.name = 'AwsError';
    this.kind = kind;
    this.code = code;
    this.status = status;
    this.said = said;
  }
}

/** For clients whose requests go through `ask`. */
export const isErrorResponse: IsErrorResponse = ({ status }) => status >= 300;

export interface AskOptions {
  /** The deadline of each attempt, ms. */
  readonly ms?: number;
  /** Accepts an empty response, since there may be nothing to return. */
  readonly mayBeEmpty?: true;
}

/**
 * Sends one request, with a deadline of 10 s by default; if the service is busy, retries twice.
 * @param client made with `isErrorResponse`
 * @throws CredentialError, AwsError, NetworkError, or CheckStopped if AWS has no such endpoint
 */
export async function ask<T>(
  run: Run,
  client: { config: { credentials(): Promise<unknown> } },
  send: (how: { abortSignal: AbortSignal }) => Promise<T>,
  { ms = DEADLINE_MS, mayBeEmpty }: AskOptions = {},
): Promise<T> {
  await findCredentials(run, client);
  const attempt = async () => {
    try {
      const answer = await run.withTimeout(ms, (abortSignal) => send({ abortSignal }));
      if (mayBeEmpty === undefined && isNothing(answer)) throw new AwsError('not-aws');
      return answer;
    } catch (error) {
      throw meaningOf(withoutEndpoint(run, error));
    }
  };
  try {
    return await withRetry(attempt, noOf, run.signal);
  } catch (error) {
    // The reason why the run ended says more than an interrupted pause.
    run.signal.throwIfAborted();
    throw error;
  }
}

/** Whether the same request may succeed in a moment. */
export const isBusy = (error: unknown): error is AwsError =>
  error instanceof AwsError && (error.kind === 'throttled' || error.kind === 'server-error');

/** AWS does not tell how long to wait, and throttles with HTTP 400. */
const noOf = (outcome: unknown): BusyHint | undefined =>
  outcome instanceof AwsError ? { status: outcome.status, busy: isBusy(outcome), retryAfterMs: undefined } : undefined;

function meaningOf(error: unknown): unknown {
  if (error instanceof HttpErrorResponse) return refusal(error.answer);
  return toNetworkError(error) ?? (isUnread(error) ? new AwsError('not-aws') : error);
}

/** Whether the SDK could not parse a success response, such as a page instead of JSON: it adds the response to the error. */
export const isUnread = (error: unknown): boolean => error instanceof Error && '$response' in error;

/** Whether the response contains only what the AWS SDK itself adds. */
function isNothing(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('$metadata' in answer)) return false;
  const { $metadata: _, ...said } = answer;
  return Object.values(said).every((value) => value === undefined);
}

/** Converts an error response to an error. */
export function refusal(answer: HttpAnswer): AwsError | CredentialError {
  const { status, headers } = answer;
  const { code, said } = errorIn(answer);
  if (/should be scoped to/.test(said)) return new AwsError('scope', { status, said, ...(code && { code }) });
  const credentials = credentialKind(code, said);
  if (credentials !== undefined) {
    const clock = Date.parse(headers.date ?? '');
    return new CredentialError(credentials, { code, ...(clock > 0 && { skewMs: clock - Date.now() }) });
  }
  return new AwsError(kindOf(status, code), { status, said, ...(code && { code }) });
}

function kindOf(status: number, code: string | undefined): AwsKind {
  if (code === undefined) return status >= 500 ? 'server-error' : 'not-aws';
  if (/^(AccessDenied|Forbidden|NotAuthorized|Unauthorized)/.test(code)) return 'denied';
  if (/Throttl|TooManyRequests|RequestLimitExceeded/.test(code) || status === 429) return 'throttled';
  return status >= 500 ? 'server-error' : 'refused';
}

/** Each protocol has its own place for the code: a header, a JSON member, or an XML element. */
function errorIn({ headers, body }: HttpAnswer): { code: string | undefined; said: string } {
  const text = body.toString();
  const json = membersOf(text) ?? {};
  const element = (name: string) => new RegExp(`<${name}>([^<]{1,4096})</${name}>`).exec(text)?.[1];
  const named = [headers['x-amzn-errortype'], json.__type, json.code, element('Code')].find(
    (value) => typeof value === 'string',
  );
  const said = [json.message, json.Message, element('Message')].find((value) => typeof value === 'string');
  return { code: /^(?:[^#]*#)?([A-Za-z][A-Za-z0-9.]{0,99})/.exec(named ?? '')?.[1], said: said ?? '' };
}
