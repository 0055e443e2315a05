/** The settings of a bucket: versioning, expiration, and public access. */

import type { Run } from '../../src/engine/check.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { plural } from '../../src/util/format.ts';
import { CONTENT, PROBE_KEY } from './content.ts';
import type { BucketProbe } from './probe.ts';
import type { BucketRequirements } from './requirements.ts';
import { isRejectedByProxy, type Store, type StoreAction, StoreError } from './store.ts';

/** Services are not allowed to read settings, so with `--service` it is not even tried. */
const maySettings = ({ deployment }: Run): boolean => deployment.service === undefined;

export async function checkVersioning(probe: BucketProbe, { versioning: need }: BucketRequirements): Promise<Outcome> {
  const { run, store, bucket } = probe;
  const overwriting = need === 'not needed' ? undefined : overwritten(probe);
  overwriting?.catch(() => {});
  const { versioned } = await probe.placed();
  let on = versioned;
  if (on === undefined && need !== 'not needed') {
    try {
      on = await overwriting;
      if (on === undefined && !maySettings(run)) return notShown(probe);
      on ??= await probe.within((signal) => store.versioning(bucket, signal));
    } catch (error) {
      if (isDenied(error)) return notShown(probe);
      if (!isUnsupported(error)) return probe.issue(error);
      on = false;
    }
  }
  if (need === 'not needed') return pass(`${bucket} does not need versioning`, { evidence: { bucket } });
  if (on) return pass(`versioning is enabled on ${bucket}`, { evidence: { bucket } });
  if (await lacksVersioning(probe)) return unversionable(probe, need);
  const words = { fix: store.messages.versioning(bucket), evidence: { bucket } };
  return need === 'required'
    ? fail(`versioning is not enabled on ${bucket}`, {
        ...words,
        expected: 'enabled: without versioning, state history is lost',
      })
    : warn(`versioning is not enabled on ${bucket}`, { ...words, expected: 'enabled, as Spacelift recommends' });
}

/** Whether the store has no versioning that could be enabled. Services are not allowed to ask. */
async function lacksVersioning({ run, store, bucket, within }: BucketProbe): Promise<boolean> {
  if (!maySettings(run)) return false;
  try {
    await within((signal) => store.versioning(bucket, signal));
    return false;
  } catch (error) {
    return isUnsupported(error);
  }
}

function unversionable({ store, bucket }: BucketProbe, need: 'required' | 'suggested'): Outcome {
  const title = `${store.name} does not support versioning of ${bucket}`;
  const evidence = { bucket };
  if (need === 'suggested') return skip(title, { detail: 'Spacelift recommends versioning here.', evidence });
  return fail(title, {
    expected: 'a store with versioning: without it, state history is lost',
    fix: advice`use a store that supports versioning, and enable it on ${bucket}`,
    evidence,
    cause: cause.store('unversionable'),
  });
}

/** Whether overwriting keeps the older version, where a write's response does not tell; `undefined` if it can't be tested. */
async function overwritten(probe: BucketProbe): Promise<boolean | undefined> {
  const { store, bucket } = probe;
  const count = store.countVersions;
  if (count === undefined) return undefined;
  let key = '';
  const put = () => probe.writeNew(key, (signal) => store.put(bucket, key, CONTENT, { ifAbsent: false }, signal));
  const { early } = await probe.placedBeside(() => {
    key = probe.newKey();
    return put();
  });
  if (early === undefined) return undefined;
  await early;
  await put();
  return (await probe.within((signal) => count(bucket, key, signal))) > 1;
}

function notShown({ store, bucket, run, required }: BucketProbe): Outcome {
  const permission = store.messages.permission['read versioning'];
  const { service } = run.deployment;
  return skip(`versioning of ${bucket} could not be tested`, {
    detail:
      required.put === undefined
        ? `The ${service} does not write to this bucket, so no write reveals it, and ${permission} is not one of its permissions.`
        : `No new write has revealed it, and the credentials lack ${permission}.`,
    fix: withLook(
      store,
      'read versioning',
      service === undefined
        ? advice`allow ${permission}, or remove the object that earlier runs left: ${store.messages.remove(bucket, PROBE_KEY)}`
        : advice`run without --service, with an operator’s credentials`,
    ),
    evidence: { bucket, permission },
  });
}

function withLook({ messages }: Store, action: StoreAction, fix: Fix): Fix {
  const look = messages.look?.[action];
  return look === undefined ? fix : advice`${fix}\nto check it yourself: ${look}`;
}

export async function checkRetention(probe: BucketProbe, { expiry: need }: BucketRequirements): Promise<Outcome> {
  const { run, store, bucket } = probe;
  if (!maySettings(run)) {
    await probe.reached();
    return notPermitted(probe, 'read lifecycle', 'lifecycle rules');
  }
  const [placed, asked] = await Promise.allSettled([
    probe.reached(),
    probe.within((signal) => store.expiry(bucket, signal)),
  ]);
  if (placed.status === 'rejected') throw placed.reason;
  if (asked.status === 'rejected') {
    if (isDenied(asked.reason)) return notPermitted(probe, 'read lifecycle', 'lifecycle rules');
    if (isUnsupported(asked.reason)) return notKnown(probe, 'lifecycle rules');
    return probe.issue(asked.reason);
  }
  const rules = asked.value;
  const evidence = { bucket, rules };
  if (need === 'never') {
    if (rules.length === 0) return pass(`no objects in ${bucket} expire`, { evidence });
    return fail(`objects in ${bucket} expire`, {
      detail: rules.join('; '),
      expected: 'no lifecycle rule that deletes current objects: it would destroy data that Spacelift needs',
      fix: store.messages.keep(bucket),
      evidence,
      ...(store.rulesAreShared && {
        cause: cause
          .store('expiry', ...rules)
          .titled(`a lifecycle rule deletes objects that must be kept: ${rules.join('; ')}`),
      }),
    });
  }
  if (rules.length > 0) return pass(`objects in ${bucket} expire`, { detail: rules.join('; '), evidence });
  return warn(`objects in ${bucket} never expire`, {
    expected: `a lifecycle rule that deletes old objects; Spacelift suggests ${plural(need, 'day')}, but the period is up to you`,
    fix: store.messages.expire(bucket, need),
    evidence,
  });
}

/** @param anonymous sends an anonymous GET for the test object; whether it succeeded */
export async function checkPublic(probe: BucketProbe, anonymous: () => Promise<boolean>): Promise<Outcome> {
  const { run, store, bucket } = probe;
  const [placed, asked] = await Promise.allSettled([
    probe.reached(),
    maySettings(run) || store.servicesSeePublic ? probe.within((signal) => store.isPublic(bucket, signal)) : undefined,
  ]);
  if (placed.status === 'rejected') throw placed.reason;
  const isUnknown = asked.status === 'rejected' && isUnsupported(asked.reason);
  if (asked.status === 'rejected' && !isDenied(asked.reason) && !isUnknown) return probe.issue(asked.reason);
  const byPolicy = asked.status === 'fulfilled' ? asked.value : undefined;
  let read: boolean;
  try {
    read = await anonymous();
  } catch (error) {
    return probe.issue(error);
  }
  if (read) return open(probe, `anyone can read ${bucket}`);
  if (byPolicy === true) return open(probe, `the policy of ${bucket} allows public access`);
  if (placed.value.mode !== 'existing') {
    return pass(`${bucket} can’t be read without credentials`, { evidence: { bucket } });
  }
  if (byPolicy === false) return pass(`the policy of ${bucket} does not allow public access`, { evidence: { bucket } });
  return isUnknown ? notKnown(probe, 'policies') : notPermitted(probe, 'read policy', 'policy');
}

function open({ store, bucket }: BucketProbe, title: string): Issue {
  return warn(title, {
    expected: 'no public access: Spacelift does not need it, since workers and browsers use pre-signed URLs',
    fix: store.messages.makePrivate(bucket),
    evidence: { bucket },
  });
}

const isDenied = (error: unknown): boolean => error instanceof StoreError && error.kind === 'denied';

/** Whether the store does not have an operation that only this check needs, or answers with something else. */
function isUnsupported(error: unknown): boolean {
  if (!(error instanceof StoreError)) return false;
  return error.kind === 'unsupported' || isRejectedByProxy(error);
}

const notKnown = ({ store, bucket }: BucketProbe, what: string): Outcome =>
  skip(`${store.name} does not support reading the ${what} of ${bucket}`, {
    detail: 'The store does not have this operation, which Spacelift does not need either.',
    evidence: { bucket },
  });

function notPermitted({ store, bucket, run }: BucketProbe, action: StoreAction, what: string): Outcome {
  const permission = store.messages.permission[action];
  const { service } = run.deployment;
  const notTried = service !== undefined && !(action === 'read policy' && store.servicesSeePublic);
  return skip(`reading the ${what} of ${bucket} requires ${permission}`, {
    ...(notTried && {
      detail: `No Spacelift service has this permission, so it is not tried with --service ${service}.`,
    }),
    fix: withLook(
      store,
      action,
      service === undefined
        ? advice`allow ${permission}, or run with an operator’s credentials`
        : advice`run without --service, with an operator’s credentials`,
    ),
    evidence: { bucket, permission },
  });
}
