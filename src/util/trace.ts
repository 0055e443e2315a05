/**
 * What `--debug` logs beside the events that Node.js itself publishes (HTTP requests, connections, child processes). Without a
 * subscriber, nothing is made or kept.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { channel } from 'node:diagnostics_channel';

export type TraceKind = 'run' | 'dns' | 'tcp' | 'tls' | 'udp' | 'http' | 'grpc' | 'mqtt' | 'sql' | 'exec';

export interface TraceEvent {
  readonly kind: TraceKind;
  /** Can contain secrets and control characters: whoever prints it removes them. */
  readonly what: string;
  /** A few words. */
  readonly result?: string;
  /** How long it took, ms. */
  readonly ms?: number;
}

/** Publishes `TraceEvent`s. */
export const EVENTS = channel('spacelift-preflight:event');
/** Publishes `{ socket }`: a socket that starts TLS, which Node.js does not publish in every version. */
export const TLS_SOCKETS = channel('spacelift-preflight:tls-socket');
/** Publishes `readonly string[]`: the values that must not be shown, once they are known. */
export const SECRETS = channel('spacelift-preflight:secrets');

export function trace(kind: TraceKind, what: string): void {
  if (EVENTS.hasSubscribers) EVENTS.publish({ kind, what } satisfies TraceEvent);
}

/** For an operation that starts now: call the result with how it ended. */
export function traceStart(kind: TraceKind, what: string): (result: string) => void {
  if (!EVENTS.hasSubscribers) return () => {};
  const since = performance.now();
  return (result) => EVENTS.publish({ kind, what, result, ms: performance.now() - since } satisfies TraceEvent);
}

/** Logs how a promise settled. @param result a resolved value in words @param problem an error in words */
export function tracePromise<T>(
  kind: TraceKind,
  what: string,
  promise: Promise<T>,
  result: (value: T) => string,
  problem: (error: unknown) => string,
): Promise<T> {
  if (!EVENTS.hasSubscribers) return promise;
  const ended = traceStart(kind, what);
  promise
    .then(
      (value) => ended(result(value)),
      (error) => ended(problem(error)),
    )
    // A log must not end the run.
    .catch(() => {});
  return promise;
}

export function traceTls(socket: object): void {
  if (TLS_SOCKETS.hasSubscribers) TLS_SOCKETS.publish({ socket });
}

export function traceSecrets(secrets: readonly string[]): void {
  if (SECRETS.hasSubscribers) SECRETS.publish(secrets);
}

const attempts = new AsyncLocalStorage<number>();

/** The number of the current attempt at the same request, from 1. */
export const currentAttempt = (): number => attempts.getStore() ?? 1;

/** Numbers what an attempt does. */
export const asAttempt = <T>(number: number, act: () => T): T =>
  EVENTS.hasSubscribers ? attempts.run(number, act) : act();
