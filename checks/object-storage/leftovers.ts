/** Removes the leftovers of killed runs: everything under `spacelift-preflight/<run id>/`, with all versions. */

import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import type { CleanupResult, Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Skip, skip } from '../../src/outcome/outcome.ts';
import { plural } from '../../src/util/format.ts';
import { PROBE_KEY } from './content.ts';
import { BucketProbe } from './probe.ts';
import { type Store, StoreError } from './store.ts';

const ROOT = 'spacelift-preflight/';
const OF_A_RUN = /^spacelift-preflight\/[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\//;
/** A store lists a thousand versions at a time. */
const ROUNDS = 100;
const CONSTANT = `${PROBE_KEY}, one permanent object: every run that can’t remove versions writes it again`;

/** @param buckets the buckets of this run; each is cleaned once, even if several variables name it */
export async function removeLeftovers(run: Run, store: Store, buckets: readonly Bucket[]): Promise<CleanupResult[]> {
  const swept = buckets.map(async (bucket): Promise<CleanupResult> => {
    const variable = BUCKETS[bucket];
    try {
      const name = run.get(variable);
      if (name === undefined) return { place: variable, removed: [], issue: skip(`${variable} is not set`) };
      return await removeFromBucket(new BucketProbe(run, store, name, {}));
    } catch (error) {
      if (error instanceof CheckStopped) return { place: variable, removed: [], issue: error.outcome };
      throw error;
    }
  });
  const all = await Promise.all(swept);
  return all.filter(({ place }, index) => all.findIndex((other) => other.place === place) === index);
}

async function removeFromBucket(probe: BucketProbe): Promise<CleanupResult> {
  const { bucket } = probe;
  const removed = new Map<string, ReadonlySet<string>>();
  let keys: readonly string[] = [];
  const done = (more: Pick<CleanupResult, 'issue'> = {}): CleanupResult => ({
    place: bucket,
    removed: [...removed].map(([prefix, { size }]) => `${plural(size, 'object')} from run ${prefix.split('/')[1]}`),
    ...(keys.includes(PROBE_KEY) && { kept: CONSTANT }),
    ...more,
  });
  try {
    for (let round = 0; round < ROUNDS; round++) {
      keys = [...new Set(await tracesIn(probe))];
      const ofRuns = keys.filter((key) => OF_A_RUN.test(key));
      if (ofRuns.length === 0) break;
      for (const [prefix, found] of Map.groupBy(ofRuns, (key) => OF_A_RUN.exec(key)?.[0] ?? '')) {
        const before = removed.get(prefix) ?? new Set();
        if (found.some((key) => before.has(key))) throw new CheckStopped(notRemovable(probe.store, bucket, prefix));
        await removeAll(probe, prefix, found);
        removed.set(prefix, new Set([...before, ...found]));
      }
    }
    return done();
  } catch (error) {
    return done({ issue: await probe.issue(error) });
  }
}

/** What the store lists with its versions, and without: some stores list fewer versions than they have. */
async function tracesIn({ store, bucket, within }: BucketProbe): Promise<string[]> {
  const { traces } = store;
  const [versions, objects] = await Promise.allSettled([
    traces === undefined ? [] : within((signal) => traces(bucket, ROOT, signal)),
    within((signal) => store.list(bucket, ROOT, signal)),
  ]);
  if (versions.status === 'rejected' && !isRefused(versions.reason)) throw versions.reason;
  const isListed = traces !== undefined && versions.status === 'fulfilled';
  if (objects.status === 'rejected' && !(isListed && isRefused(objects.reason))) {
    throw isDenied(objects.reason) ? new CheckStopped(unseen(store, bucket)) : objects.reason;
  }
  return [versions, objects].flatMap((asked) => (asked.status === 'fulfilled' ? asked.value : []));
}

const isDenied = (error: unknown): boolean => error instanceof StoreError && error.kind === 'denied';
const isRefused = (error: unknown): boolean =>
  isDenied(error) || (error instanceof StoreError && error.kind === 'unsupported');

function unseen({ messages }: Store, bucket: string): Skip {
  return skip(`${bucket} was not checked: the credentials lack ${messages.permission.list}`, {
    fix: advice`run this tool without --service, with an operator’s credentials`,
    evidence: { bucket, permission: messages.permission.list },
  });
}

/** Objects without versions can be removed even if versions can't be. */
async function removeAll(probe: BucketProbe, prefix: string, keys: readonly string[]): Promise<void> {
  const { store, bucket, within } = probe;
  let rest = keys;
  if (await mayPurge(probe, prefix)) {
    const purged = await within((signal) => store.purge(bucket, prefix, signal));
    const listed = new Set(purged.map(({ key }) => key));
    rest = keys.filter((key) => !listed.has(key));
  }
  if (!(await removePlainly(probe, rest))) throw new CheckStopped(notRemovable(store, bucket, prefix));
}

/** Checked first: deleting versioned objects without being able to remove their versions only adds to the leftovers. */
async function mayPurge({ store, bucket, within }: BucketProbe, prefix: string): Promise<boolean> {
  try {
    return await within((signal) => store.mayPurge(bucket, prefix, signal));
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

async function removePlainly(probe: BucketProbe, keys: readonly string[]): Promise<boolean> {
  if (keys.length === 0) return true;
  try {
    const found = await Promise.all(keys.map((key) => probe.read(key)));
    const areAlone = found.every((object) => object !== undefined && object.versionId === undefined);
    if (!areAlone || probe.store.countVersions !== undefined) return false;
    await Promise.all(keys.map((key) => probe.remove(key)));
    return true;
  } catch (error) {
    if (isDenied(error)) return false;
    throw error;
  }
}

function notRemovable({ messages }: Store, bucket: string, prefix: string): Issue {
  return fail(`objects that an earlier run left in ${bucket} can’t be removed with these credentials`, {
    detail: `They are under ${prefix}.`,
    expected: 'credentials that are allowed to remove objects with their versions; no Spacelift service has them',
    fix: messages.remove(bucket, prefix),
    evidence: { bucket, prefix },
  });
}
