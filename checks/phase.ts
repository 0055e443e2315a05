/** Before or after installation: which resources might not exist yet, and which must. */

import type { Phase } from '../src/config/options.ts';
import type { Context, Run } from '../src/engine/check.ts';
import { CheckStopped } from '../src/outcome/outcome.ts';
import { factsOf } from './database/index.ts';
import { databaseFinding } from './database/rules.ts';

/**
 * The requested phase or, with `auto`, `post-install` if the database contains Spacelift's tables. A database that can't
 * be read counts as `pre-install`, as does a worker, which does not use the database.
 * @throws only the run signal's reason
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
 * Waits until `phaseOf` can answer, so that an unresponsive database fails only the database check: if the run ends in the
 * meantime, the unchecked rules point to it.
 */
export async function untilPhaseIsKnown(context: Context<string>): Promise<void> {
  if (context.options.phase !== 'auto') return;
  try {
    await context.dependsOn(databaseFinding('dedicated'));
  } catch (error) {
    if (!(error instanceof CheckStopped)) throw error;
  }
}
