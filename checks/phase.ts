/** Before or after installation: which resources might not exist yet, and which must. */

import type { Phase } from '../src/config/options.ts';
import type { Context, Run } from '../src/engine/check.ts';
import { CheckStopped } from '../src/outcome/outcome.ts';
import { factsOf } from './database/index.ts';
import { databaseFinding } from './database/rules.ts';

/** A phase, and how it is known, for people. */
export interface KnownPhase {
  readonly phase: Phase;
  readonly reason: string;
}

const WORKER: KnownPhase = { phase: 'pre-install', reason: 'a worker does not use the database' };
const INSTALLED: KnownPhase = { phase: 'post-install', reason: 'the database contains Spacelift’s tables' };
const EMPTY: KnownPhase = { phase: 'pre-install', reason: 'the database does not contain Spacelift’s tables' };
export const UNREADABLE: KnownPhase = { phase: 'pre-install', reason: 'the database could not be read' };

/**
 * The requested phase or, with `auto`, `post-install` if the database contains Spacelift's tables. A database that can't
 * be read counts as `pre-install`, as does a worker, which does not use the database.
 * @throws only the run signal's reason
 */
export async function knownPhase(run: Run): Promise<KnownPhase> {
  const { phase } = run.options;
  if (phase !== 'auto') return { phase, reason: 'from --phase' };
  if (run.deployment.service === 'worker') return WORKER;
  try {
    const { tables } = await factsOf(run);
    return (await tables).installed ? INSTALLED : EMPTY;
  } catch {
    run.signal.throwIfAborted();
    return UNREADABLE;
  }
}

/** @throws only the run signal's reason */
export const phaseOf = async (run: Run): Promise<Phase> => (await knownPhase(run)).phase;

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
