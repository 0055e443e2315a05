/** A bucket that does not exist may be a misspelling of one that does, if these credentials can list the buckets. */

import { BUCKETS } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice, setting } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import { similarTo } from '../../src/util/similar.ts';
import type { Store } from './store.ts';

const LISTING_MS = 5_000;
/** The most names that are compared. */
const MOST = 10_000;
const POSSIBLE_NAME = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;

/** Asked once per store, and only after a bucket was missing. */
const listings = new WeakMap<Store, Promise<readonly string[]>>();

/** The failure for a missing bucket, with the existing one that was probably meant. */
export async function orMisspelled(
  issue: Issue,
  { run, store, bucket }: { readonly run: Run; readonly store: Store; readonly bucket: string },
): Promise<Issue> {
  const variables = Object.values(BUCKETS);
  const named = variables.map((variable) => ({ variable, name: run.get(variable) }));
  const variable = named.find(({ name }) => name === bucket)?.variable;
  if (variable === undefined) return issue;
  const listing = listings.get(store) ?? existing(run, store);
  listings.set(store, listing);
  const others = new Set(named.map(({ name }) => name));
  const meant = similarTo(
    bucket,
    (await listing).filter((name) => !others.has(name)),
  );
  if (meant === undefined || issue.fix === undefined) return issue;
  return {
    ...issue,
    detail: `${meant} exists, and no variable names it.`,
    fix: advice`${setting(variable, meant)}; or, if ${bucket} is the intended name, create it: ${issue.fix}`,
    evidence: { ...issue.evidence, variable, similar: meant },
  };
}

/** Without permission to list buckets, nothing is known of them, and nothing is wrong with that. */
async function existing(run: Run, store: Store): Promise<readonly string[]> {
  try {
    const names = await run.withTimeout(LISTING_MS, (signal) => store.buckets(signal));
    return names.slice(0, MOST).filter((name) => POSSIBLE_NAME.test(name));
  } catch {
    return [];
  }
}
