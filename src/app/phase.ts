/** The phase of a run, afterward. */
import { type KnownPhase, knownPhase, UNREADABLE } from '../../checks/phase.ts';
import type { Run } from '../engine/check.ts';

/** The phase that the checks saw; `pre-install` if none could determine it. */
export async function phaseIn(run: Run): Promise<KnownPhase> {
  try {
    return await knownPhase(run);
  } catch {
    return UNREADABLE;
  }
}

/** Whether it was requested, or found out. */
export const isKnown = ({ reason }: KnownPhase): boolean => reason !== UNREADABLE.reason;
