/** `run ecs --cleanup`: removes what killed runs left in this cluster, whoever started them, and nothing else. */
import type { Ecs } from '../../cluster/ecs/client.ts';
import { CLUSTER_TAG, clusterName, FAMILY_PREFIX, runInFamily, startedBy } from '../../cluster/ecs/names.ts';
import { EcsError } from '../../cluster/ecs/requests.ts';
import { ENDS_BY, RUN_LABEL } from '../../cluster/names.ts';
import { type JsonMap, textIn } from '../../util/json.ts';
import type { CleanedUp } from '../cleaned-up.ts';
import { unusable, type Where } from './errors.ts';
import { remove } from './remove.ts';

/** A run with active task definitions. */
interface Found {
  readonly run: string;
  /** ARNs. */
  readonly definitions: string[];
  endsBy: string | undefined;
}

/**
 * A run with tasks could be in progress, so it stays until it must be over.
 * @throws InputError if the cluster can't be used
 */
export async function cleanUp(ecs: Ecs, where: Where, now = new Date()): Promise<CleanedUp> {
  try {
    const removed: string[] = [];
    const left: string[] = [];
    for (const { run, definitions, endsBy } of await runsIn(ecs, clusterName(where.cluster))) {
      const tasks = await ecs.running(startedBy(run));
      if (tasks.length > 0 && endsBy !== undefined && now < new Date(endsBy)) {
        left.push(`run ${run} could be in progress until ${endsBy}`);
        continue;
      }
      const notRemoved = await remove(ecs, { tasks, definitions });
      left.push(...notRemoved);
      if (notRemoved.length === 0) removed.push(run);
    }
    return { removed, left };
  } catch (error) {
    if (error instanceof EcsError) throw unusable(error, where);
    throw error;
  }
}

/** A task definition belongs to no cluster, so its tags say where its task runs. */
async function runsIn(ecs: Ecs, cluster: string): Promise<Found[]> {
  const runs = new Map<string, Found>();
  for (const family of await ecs.families(FAMILY_PREFIX)) {
    const run = runInFamily(family);
    if (run === undefined) continue;
    for (const arn of await ecs.definitions(family)) {
      const { tags } = await ecs.describe(arn);
      if (tagIn(tags, RUN_LABEL) !== run || tagIn(tags, CLUSTER_TAG) !== cluster) continue;
      const found = runs.get(run) ?? { run, definitions: [], endsBy: undefined };
      runs.set(run, found);
      found.definitions.push(arn);
      found.endsBy ??= tagIn(tags, ENDS_BY);
    }
  }
  return [...runs.values()];
}

const tagIn = (tags: readonly JsonMap[], key: string): string | undefined => {
  const tag = tags.find((one) => one.key === key);
  return tag === undefined ? undefined : textIn(tag, 'value');
};
