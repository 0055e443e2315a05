/** One request to AWS, and what its refusal is about: the same for every service. */
import type { Run } from '../../engine/check.ts';
import type { HttpAnswer } from '../../net/http.ts';
import { toNetworkError } from '../../net/network-error.ts';
import { type BusyHint, withRetry } from '../../net/retry.ts';
import { findCredentials, withoutEndpoint } from './client.ts';
import { CredentialError, credentialKind } from './errors.ts';
import { HttpErrorResponse, type IsRefusal } from './transport.ts';

const DEADLINE_MS = 10_000;

export type AwsKind =
  | 'denied'
  /** Too many requests, of this account or of this run. */
  | 'throttled'
  | 'server-error'
  /** The endpoint is that of another region, or of another service, than requests are signed for. */
  | 'scope'
  /** What answers is not AWS. */
  | 'not-aws'
  /** Anything else that a service says no to: the code tells. */
  | 'refused';

/** What AWS says no with. */
export class AwsError extends Error {
  readonly kind: AwsKind;
  /** The service's own code, without its name space. */
  readonly code: string | undefined;
  /** HTTP. */
  readonly status: number | undefined;
  /** What the service says: to be looked at, never to be shown. */
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
export const isRefusal: IsRefusal = ({ status }) => status >= 300;

export interface AskOptions {
  /** The deadline of each attempt, ms. */
  readonly ms?: number;
  /** An answer of nothing is one: there may be nothing to tell. */
  readonly mayBeEmpty?: true;
}

/**
 * Sends one request, under a deadline of 10 s unless told; what a busy service refuses is asked again, twice.
 * @param client made with `isRefusal`
 * @throws CredentialError, AwsError, NetworkError, or CheckStopped where AWS has no such endpoint
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
    // Why the run has ended says more than that a pause was cut short.
    run.signal.throwIfAborted();
    throw error;
  }
}

/** Whether the same request may do in a moment. */
export const isBusy = (error: unknown): error is AwsError =>
  error instanceof AwsError && (error.kind === 'throttled' || error.kind === 'server-error');

/** AWS does not say how long to wait, and throttles with HTTP 400. */
const noOf = (outcome: unknown): BusyHint | undefined =>
  outcome instanceof AwsError ? { status: outcome.status, busy: isBusy(outcome), retryAfterMs: undefined } : undefined;

function meaningOf(error: unknown): unknown {
  if (error instanceof HttpErrorResponse) return refusal(error.answer);
  return toNetworkError(error) ?? (isUnread(error) ? new AwsError('not-aws') : error);
}

/** Whether the SDK could make nothing of a success, such as a page where JSON belongs: it adds the answer to the error. */
export const isUnread = (error: unknown): boolean => error instanceof Error && '$response' in error;

/** Nothing of what was asked for: only what AWS's SDK itself adds. */
function isNothing(answer: unknown): boolean {
  if (typeof answer !== 'object' || answer === null || !('$metadata' in answer)) return false;
  const { $metadata: _, ...said } = answer;
  return Object.values(said).every((value) => value === undefined);
}

/** What an answer that is not what was asked for is about. */
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

/** Each protocol has its own place for the code: a header, a member of a JSON document, an element of an XML document. */
function errorIn({ headers, body }: HttpAnswer): { code: string | undefined; said: string } {
  const text = body.toString();
  const json = parse(text);
  const element = (name: string) => new RegExp(`<${name}>([^<]{1,4096})</${name}>`).exec(text)?.[1];
  const named = [headers['x-amzn-errortype'], json.__type, json.code, element('Code')].find(
    (value) => typeof value === 'string',
  );
  const said = [json.message, json.Message, element('Message')].find((value) => typeof value === 'string');
  return { code: /^(?:[^#]*#)?([A-Za-z][A-Za-z0-9.]{0,99})/.exec(named ?? '')?.[1], said: said ?? '' };
}

function parse(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}
