/** The error of a login whose attempts all failed, and the attempt that says most. */
import type { NetworkError, NetworkKind } from '../../src/net/network-error.ts';
import { ServerError } from './server-error.ts';
import type { Endpoint } from './socket.ts';

/** An attempt that failed. */
export interface Failure {
  readonly endpoint: Pick<Endpoint, 'host' | 'port'>;
  readonly tls: boolean;
  /** Whether the server had responded before the attempt failed. */
  readonly answered: boolean;
  readonly problem: NetworkError | ServerError;
}

export class ConnectError extends Error {
  override readonly name = 'ConnectError';
  /** All attempts, in their order. */
  readonly failures: readonly Failure[];
  readonly #tlsIsOptional: boolean;
  constructor(failures: readonly Failure[], mode: string) {
    super(`${failures.length} attempts failed`);
    this.failures = failures;
    this.#tlsIsOptional = mode === 'prefer' || mode === 'allow';
  }
  /** The attempt that got furthest: a server's answer says more than a closed port. */
  get worst(): Failure | undefined {
    return this.failures.toSorted((a, b) => this.#progress(b) - this.#progress(a))[0];
  }
  #progress({ problem }: Failure): number {
    if (problem instanceof ServerError) return progressOf(problem);
    // The next attempt continued from there without TLS.
    if (problem.kind === 'not-tls' && this.#tlsIsOptional) return 0;
    return PROGRESS[problem.kind] ?? 0;
  }
}

/** A demand for TLS says less than why TLS failed. */
function progressOf({ refusal }: ServerError): number {
  if (refusal.kind === 'pooler' && refusal.reason === 'tls') return 3;
  return refusal.kind === 'not-postgres' ? 5 : 6;
}

/** How far an attempt got. */
const PROGRESS: Readonly<Partial<Record<NetworkKind, number>>> = {
  tls: 4,
  flood: 4,
  'not-tls': 3,
  closed: 2,
  timeout: 2,
  refused: 1,
  unreachable: 1,
};
