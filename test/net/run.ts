/** What the probes need of a run. */
import type { Run } from '../../src/engine/check.ts';
import { withTimeout } from '../../src/engine/timeouts.ts';
import { type NetworkError, timedOut } from '../../src/net/network-error.ts';

export const runOf = (
  authorities: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Pick<Run, 'withTimeout' | 'withTimeoutUntilClosed' | 'authorities'> => ({
  authorities: () => authorities,
  withTimeout: (ms, operation) => withTimeout(signal, ms, operation, timedOut),
  withTimeoutUntilClosed: (ms, operation) => withTimeout(new AbortController().signal, ms, operation, timedOut),
});

/** The problem that the operation rejects with. @throws Error when it does not reject */
export async function problemOf(operation: Promise<unknown>): Promise<Pick<NetworkError, 'kind' | 'tls' | 'code'>> {
  try {
    await operation;
  } catch (error) {
    const { kind, tls, code } = error as NetworkError;
    return { kind, tls, code };
  }
  throw new Error('it did not reject');
}
