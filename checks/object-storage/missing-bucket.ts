/**
 * The fix for a bucket that does not exist: the variable, if it is a misspelling of one that does and these credentials can
 * list the buckets; else the commands that create it with the settings that Spacelift needs, so that the next run finds
 * nothing more to set.
 */

import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { advice, command, type Fix, setting } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import { similarTo } from '../../src/util/similar.ts';
import { REQUIREMENTS } from './requirements.ts';
import type { Store } from './store.ts';

const LISTING_MS = 5_000;
/** The most names that are compared. */
const MOST = 10_000;
const POSSIBLE_NAME = /^[a-z0-9][a-z0-9._-]{1,61}[a-z0-9]$/;

/** Asked once per store, and only after a bucket was missing. */
const listings = new WeakMap<Store, Promise<readonly string[]>>();

interface Missing {
  readonly run: Run;
  readonly store: Store;
  /** The bucket's real name. */
  readonly bucket: string;
}

/** The failure for a missing bucket, with the fix that is most likely meant. */
export async function missingBucket(issue: Issue, { run, store, bucket }: Missing): Promise<Issue> {
  const named = Object.entries(BUCKETS).map(([key, variable]) => {
    return { key: key as Bucket, variable, name: run.get(variable) };
  });
  const uses = named.filter(({ name }) => name === bucket);
  const [first] = uses;
  if (first === undefined || issue.fix === undefined) return issue;
  const listing = listings.get(store) ?? existing(run, store);
  listings.set(store, listing);
  const others = new Set(named.map(({ name }) => name));
  const meant = similarTo(
    bucket,
    (await listing).filter((name) => !others.has(name)),
  );
  if (meant === undefined) {
    const keys = uses.map(({ key }) => key);
    return { ...issue, fix: withSettings(issue.fix, keys, { run, store, bucket }) };
  }
  return {
    ...issue,
    detail: `${meant} exists, and no variable names it.`,
    fix: advice`${setting(first.variable, meant)}; or, if ${bucket} is the intended name, create it: ${issue.fix}`,
    evidence: { ...issue.evidence, variable: first.variable, similar: meant },
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

/** The command that creates a bucket, followed by those for its settings, as far as they are commands of the bucket's own. */
function withSettings(create: Fix, keys: readonly Bucket[], { run, store, bucket }: Missing): Fix {
  const { messages } = store;
  // Then versioning and CORS are the account's, too, and may well be right.
  if (store.rulesAreShared === true) return create;
  const needs = keys.map((key) => REQUIREMENTS[key]);
  const days = needs.map(({ expiry }) => expiry).filter((expiry) => expiry !== 'never');
  const domain = run.get('SERVER_DOMAIN');
  const steps = [
    create,
    ...(needs.some(({ versioning }) => versioning !== 'not needed') ? [messages.versioning(bucket)] : []),
    ...(days.length === needs.length ? [messages.expire(bucket, Math.max(...days))] : []),
    ...(keys.includes('uploads') && domain !== undefined ? [messages.allowOrigin(bucket, `https://${domain}`)] : []),
  ].filter(({ kind, language }) => kind === 'command' && language === 'sh');
  return steps[0] === create ? command(steps.flatMap(({ shells }) => shells)) : create;
}
