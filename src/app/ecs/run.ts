/** `run ecs`: a preflight as each service, in a task like the service's own. */
import type { Ecs } from '../../cluster/ecs/client.ts';
import { EcsError } from '../../cluster/ecs/requests.ts';
import { untilInterrupted } from '../../engine/timeouts.ts';
import { EcsDrive, type EcsDriven, type EcsObserver } from './drive.ts';
import { unusable, type Where } from './errors.ts';
import type { EcsPlan } from './plan.ts';
import { removeRun } from './remove.ts';

export interface EcsResult {
  readonly runs: readonly EcsDriven[];
  /** What is left in the account, each on one line. */
  readonly left: readonly string[];
}

/**
 * Whatever happens, what was created is removed before it returns or throws.
 * @throws InputError if the cluster can't be used, or a permission is missing
 */
export async function runEcs(
  plan: EcsPlan,
  ecs: Ecs,
  where: Where,
  observer: EcsObserver,
  signal: AbortSignal,
): Promise<EcsResult> {
  const drive = new EcsDrive(plan, ecs, observer);
  const clear = async () => (plan.keep ? [KEPT] : removeRun(ecs, plan.run, drive.attempts));
  try {
    await untilInterrupted(signal, drive.run(signal));
    return { runs: drive.results, left: await clear() };
  } catch (error) {
    if (drive.attempts.some(({ definition }) => definition !== undefined))
      for (const line of await clear()) observer.said(line);
    if (error instanceof EcsError) throw unusable(error, where);
    throw error;
  }
}

const KEPT = 'kept; to remove it: spacelift-preflight run ecs --cleanup, with the same --cluster';
