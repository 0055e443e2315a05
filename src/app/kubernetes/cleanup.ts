/** `run kubernetes --cleanup`: removes what killed runs left, whoever started them, and nothing else. */
import { type Connection, type Kubectl, KubectlError } from '../../cluster/kubectl.ts';
import { ENDS_BY, RUN_LABEL } from '../../cluster/names.ts';
import { mapIn, nameOf, textIn } from '../../cluster/objects.ts';
import { isOver } from '../../cluster/pod-state.ts';
import type { JsonMap } from '../../util/json.ts';
import type { CleanedUp } from '../cleaned-up.ts';
import { remove } from './remove.ts';
import { POLL_MS } from './run.ts';
import { listed, objectsIn } from './source.ts';

/**
 * A run whose Pods have not ended could be in progress, so it stays until it must be over.
 * @throws InputError if the cluster can't be used
 */
export async function cleanUp(kubectl: Kubectl, connection: Connection, now = new Date()): Promise<CleanedUp> {
  const selector = `--selector=${RUN_LABEL}`;
  const [jobs, pods, accounts] = await Promise.all([
    listed(kubectl, ['get', 'jobs', selector], connection),
    listed(kubectl, ['get', 'pods', selector], connection),
    accountsIn(kubectl, selector),
  ]);
  const runs = [...new Set([...jobs, ...pods, ...accounts].map(runOf))];
  const removed: string[] = [];
  const left: string[] = [];
  for (const run of runs) {
    const own = (objects: readonly JsonMap[]) => objects.filter((object) => runOf(object) === run);
    const endsBy = own(jobs).flatMap((job) => textIn(mapIn(mapIn(job, 'metadata'), 'annotations'), ENDS_BY) ?? [])[0];
    const isRunning = own(pods).some((pod) => !isOver(pod));
    if (isRunning && endsBy !== undefined && now < new Date(endsBy)) {
      left.push(`run ${run} could be in progress until ${endsBy}`);
      continue;
    }
    const names = { run, pods: own(pods).map(nameOf), accounts: own(accounts).map(nameOf), pollMs: POLL_MS };
    const notRemoved = await remove(kubectl, names);
    left.push(...notRemoved);
    if (notRemoved.length === 0) removed.push(run);
  }
  return { removed, left };
}

const runOf = (object: JsonMap): string => textIn(mapIn(mapIn(object, 'metadata'), 'labels'), RUN_LABEL) ?? '';

/** None without the permission: only runs with `--create-service-accounts` leave them. */
async function accountsIn(kubectl: Kubectl, selector: string): Promise<readonly JsonMap[]> {
  try {
    return objectsIn(await kubectl(['get', 'serviceaccounts', selector, '--output=json']));
  } catch (error) {
    if (error instanceof KubectlError) return [];
    throw error;
  }
}
