/** Before or after installation: what may not be there yet, and what must be. */

import type { Phase } from '../src/config/options.ts';
import type { Context, Run } from '../src/engine/check.ts';
import { CheckStopped } from '../src/outcome/outcome.ts';
import { factsOf } from './database/index.ts';
import { databaseFinding } from './database/rules.ts';

/**
 * The phase that was asked for; or, with `auto`, `post-install` when the database holds Spacelift's tables. A database
 * that can't be read counts as `pre-install`, and a worker does not look: it need not reach one.
 * @throws only the reason of the run's end
 */
export async function phaseOf(run: Run): Promise<Phase> {
  const { phase } = run.options;
  if (phase !== 'auto') return phase;
  if (run.deployment.service === 'worker') return 'pre-install';
  try {
    const { tables } = await factsOf(run);
    return (await tables).installed ? 'post-install' : 'pre-install';
  } catch {
    run.signal.throwIfAborted();
    return 'pre-install';
  }
}

/**
 * Waits until `phaseOf` has its answer, so that a database that hangs is the database's failure alone: when the run ends
 * meanwhile, what the check has not judged points there.
 */
export async function untilPhaseIsKnown(context: Context<string>): Promise<void> {
  if (context.options.phase !== 'auto') return;
  try {
    await context.dependsOn(databaseFinding('dedicated'));
  } catch (error) {
    if (!(error instanceof CheckStopped)) throw error;
  }
}
