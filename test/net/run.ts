/** What the probes need of a run. */
import type { Run } from '../../src/engine/check.ts';
import { within } from '../../src/engine/timeouts.ts';
import type { Problem } from '../../src/net/network-error.ts';

export const runOf = (
  authorities: readonly string[] = [],
  signal: AbortSignal = new AbortController().signal,
): Pick<Run, 'within' | 'authorities'> => ({
  authorities: () => authorities,
  within: (ms, operation) => within(signal, ms, operation),
});

/** The problem that the operation rejects with. @throws Error when it does not reject */
export async function problemOf(operation: Promise<unknown>): Promise<Pick<Problem, 'kind' | 'tls' | 'code'>> {
  try {
    await operation;
  } catch (error) {
    const { kind, tls, code } = error as Problem;
    return { kind, tls, code };
  }
  throw new Error('it did not reject');
}
