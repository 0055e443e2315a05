/** Removes what a run created: stops its tasks, and deregisters and deletes its task definitions. */

import { AwsError } from '../../clouds/aws/call.ts';
import type { Ecs } from '../../cluster/ecs/client.ts';
import { familyOf, startedBy } from '../../cluster/ecs/names.ts';
import { EcsError } from '../../cluster/ecs/requests.ts';
import type { Attempt } from './attempt.ts';
import { wordsOf } from './errors.ts';

/** What is left, and why, each on one line. */
export type Left = readonly string[];

/** Tasks that run, and active task definitions, by ARN. */
export interface Leftovers {
  readonly tasks: readonly string[];
  readonly definitions: readonly string[];
}

export async function removeRun(ecs: Ecs, run: string, attempts: readonly Attempt[]): Promise<Left> {
  const left: string[] = [];
  const isUnsure = attempts.some(({ task }) => task === 'unsure');
  const tasks = isUnsure
    ? ((await tried(left, 'the tasks of the run could not be listed', () => ecs.running(startedBy(run)))) ?? [])
    : attempts.filter(({ isStopped }) => !isStopped).flatMap(({ task }) => task ?? []);
  const definitions = await Promise.all(
    attempts.map(async ({ definition, planned: { workload } }) => {
      if (definition !== 'unsure') return definition === undefined ? [] : [definition];
      const family = familyOf(run, workload.service);
      return (await tried(left, `${family} could not be listed`, () => ecs.definitions(family))) ?? [];
    }),
  );
  left.push(...(await remove(ecs, { tasks, definitions: definitions.flat() })));
  return left;
}

/** A task that can't be stopped keeps the definitions, by which `--cleanup` finds it. */
export async function remove(ecs: Ecs, { tasks, definitions }: Leftovers): Promise<Left> {
  const left: string[] = [];
  await Promise.all(
    tasks.map((task) => tried(left, `task ${lastPart(task)} could not be stopped`, () => ecs.stop(task))),
  );
  if (left.length > 0) return left;
  await Promise.all(
    definitions.map(async (definition) => {
      const what = `task definition ${lastPart(definition)} could not be deregistered`;
      const isInactive = (await tried(left, what, () => ecs.deregister(definition).then(() => true))) === true;
      // One that is not active only takes space in the list of the inactive ones.
      if (isInactive) await tried([], '', () => ecs.remove(definition));
    }),
  );
  return left;
}

/** @returns `undefined` after an error, which `left` gets */
async function tried<T>(left: string[], what: string, request: () => Promise<T>): Promise<T | undefined> {
  try {
    return await request();
  } catch (error) {
    if (!(error instanceof EcsError)) throw error;
    left.push(`${what}: ${whyOf(error)}`);
    return undefined;
  }
}

function whyOf({ action, reason, target }: EcsError): string {
  if (!(reason instanceof AwsError)) return `${target.what} did not respond`;
  return reason.kind === 'denied' ? `it needs ${action}` : wordsOf(reason);
}

/** `spacelift-preflight-0a1b2c3d-drain:1` */
const lastPart = (arn: string): string => arn.replace(/^.*\//, '');
