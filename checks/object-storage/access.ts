/** Writes, reads back, compares, lists and deletes an object; then does the same with pre-signed URLs. */

import type { HttpAnswer } from '../../src/net/http.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../src/outcome/outcome.ts';
import { CONTENT, isContent, PROBE_KEY } from './content.ts';
import { held, undeletable } from './held.ts';
import { ATTEMPTS, inUse, type Place } from './objects.ts';
import { mayHaveWritten } from './own-objects.ts';
import type { BucketProbe } from './probe.ts';
import { S3_HEADERS, type Stored, StoreError } from './store.ts';

/** The permission was checked without deleting anything: a deletion would leave a trace. */
const DELETABLE = 'deletable';

type Step = () => Promise<string | Issue | Skip>;

export async function checkAccess(probe: BucketProbe): Promise<Outcome> {
  if (probe.run.options.readOnly) return lookAround(probe);
  let place: Place;
  try {
    place = await probe.place();
  } catch (error) {
    return probe.issue(error);
  }
  const { bucket, required } = probe;
  const steps: Step[] = [];
  if (place.mode !== 'existing') steps.push(async () => 'written');
  if (required.get !== undefined) steps.push(() => readBack(probe, place));
  if (required.list !== undefined) steps.push(() => list(probe, place));
  steps.push(() => remove(probe, place));
  const results = (await Promise.all(steps.map((step) => said(probe, step)))).filter((result) => result !== '');

  const trouble = results.filter((result) => typeof result !== 'string');
  const worst = trouble.find(({ status }) => status === 'fail') ?? trouble[0];
  if (worst !== undefined) return worst;
  const { retention } = probe;
  if (retention?.release !== undefined)
    return fail(undeletable(bucket), { ...held(retention.release), evidence: { bucket, mode: retention.mode } });
  const notTried =
    required.delete !== undefined && !results.some((result) => result === 'deleted' || result === DELETABLE);
  return pass(`test object ${inSeries(results as string[])} in ${bucket}`, {
    ...(notTried && {
      detail:
        retention === undefined
          ? 'Deletion was not tested: it would leave a trace that these credentials can’t remove.'
          : `Deletion was not tested: the bucket retains every version (${retention.mode} mode), so it would leave a trace.`,
    }),
    evidence: { bucket, tried: results as string[] },
  });
}

async function said(probe: BucketProbe, step: Step): Promise<string | Issue | Skip> {
  try {
    return await step();
  } catch (error) {
    return probe.issue(error);
  }
}

async function readBack(probe: BucketProbe, { key, mode }: Place): Promise<string | Issue | Skip> {
  const { bucket } = probe;
  try {
    const found = key === PROBE_KEY ? await probe.readProbeObject() : await probe.read(key);
    if (found === undefined && mode === 'existing') return nothingYet(probe);
    return sameAs(found, bucket) ?? 'read';
  } catch (error) {
    if (!mayBeMissing(probe, mode, error)) throw error;
    return skip(`read access to ${bucket} could not be tested`, {
      detail:
        'Without permission to list, a missing object looks the same as one that the credentials are not allowed to read.',
      fix: advice`run with --service server first: it leaves an object to read`,
      evidence: { bucket },
    });
  }
}

/** Whether a denial may only mean that nobody has written the object yet. */
function mayBeMissing({ missingLooksDenied }: BucketProbe, mode: Place['mode'], error: unknown): boolean {
  return error instanceof StoreError && error.kind === 'denied' && mode === 'existing' && missingLooksDenied;
}

const nothingYet = ({ bucket, store }: BucketProbe): Skip =>
  skip(`nothing to read in ${bucket} yet`, {
    detail: 'Only the server writes to this bucket.',
    fix: store.servicesMayPurge
      ? advice`run without --service, which writes an object and reads it back`
      : advice`run with --service server first: it leaves an object to read`,
    evidence: { bucket },
  });

function sameAs(found: Pick<Stored, 'body'> | undefined, bucket: string): Issue | undefined {
  if (found !== undefined && isContent(found.body)) return undefined;
  if (found === undefined) return differs('missing', bucket);
  return differs('changed', bucket);
}

/** The title for one bucket, and for all that it affects. */
const DIFFERENCES = {
  missing: [(bucket: string) => `the object written to ${bucket} can’t be found`, 'what was written can’t be found'],
  changed: [
    (bucket: string) => `the object read from ${bucket} differs from the one written`,
    'the object read differs from the one written',
  ],
  unlisted: [(bucket: string) => `the object written to ${bucket} is not listed`, 'what was written is not listed'],
} as const;

const differs = (how: keyof typeof DIFFERENCES, bucket: string): Issue => {
  const [title, shared] = DIFFERENCES[how];
  return fail(title(bucket), {
    expected: `the object of ${CONTENT.length} bytes that was written`,
    fix: advice`look for a proxy or gateway that caches or changes responses, or for damaged storage`,
    evidence: { bucket },
    cause: cause.store('content', how).titled(shared),
  });
};

async function list({ store, bucket, within }: BucketProbe, { key, mode }: Place): Promise<string | Issue> {
  const found = await within((signal) => store.list(bucket, key, signal));
  return mode !== 'ours' || found.includes(key) ? 'listed' : differs('unlisted', bucket);
}

/** Deletes only what this run wrote for itself; where versions can't be removed, it deletes nothing. */
async function remove(probe: BucketProbe, { deletable }: Place): Promise<string> {
  if (probe.required.delete === undefined) return '';
  if (probe.undeletable !== undefined) throw probe.undeletable;
  if (deletable !== undefined) {
    await probe.remove(deletable);
    return 'deleted';
  }
  if (probe.store.removesNothing !== true) return '';
  await probe.removeNothing();
  return DELETABLE;
}

/** `--read-only`: whether the bucket exists, as far as reading shows it. */
async function lookAround(probe: BucketProbe): Promise<Outcome> {
  const { bucket, required } = probe;
  try {
    if (required.list !== undefined) await list(probe, { key: PROBE_KEY, mode: 'existing', versioned: undefined });
    else if (required.get !== undefined) await probe.readProbeObject();
  } catch (error) {
    if (!mayBeMissing(probe, 'existing', error)) return probe.issue(error);
  }
  return skip(`writing to ${bucket} was not tested: --read-only`, { evidence: { bucket } });
}

/** A pre-signed PUT, then a GET, by a plain HTTP client: what workers and browsers do. */
export async function checkPresigned(probe: BucketProbe): Promise<Outcome> {
  const { run, bucket, required } = probe;
  if (run.options.readOnly) return skip('not tested: --read-only');
  const { place, early } = await probe.placedBeside(() => putSigned(probe, probe.newKey()));
  if (required.put === undefined && required.get === undefined) {
    return skip(`the ${run.deployment.service} neither writes to nor reads from ${bucket}`, { evidence: { bucket } });
  }
  try {
    for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
      const trouble = await writeAndRead(probe, place, { early, mayStartOver: attempt < ATTEMPTS });
      if (trouble === undefined) break;
      if (trouble !== 'vanished') return trouble;
    }
  } catch (error) {
    if (mayBeMissing(probe, place.mode, error)) return nothingYet(probe);
    const trouble = await probe.issue(error, 'presigned');
    // `access` reports missing permissions.
    if (error instanceof StoreError && error.kind === 'denied') throw new CheckStopped(trouble);
    return trouble;
  }
  const verbs = [...(required.put === undefined ? [] : ['PUT']), ...(required.get === undefined ? [] : ['GET'])];
  return pass(`pre-signed ${inSeries(verbs)} URLs work in ${bucket}`, { evidence: { bucket, verbs } });
}

/** `vanished`: another run removed the constant object between the two requests. */
async function writeAndRead(
  probe: BucketProbe,
  place: Place,
  { early, mayStartOver }: { early: Promise<Put> | undefined; mayStartOver: boolean },
): Promise<Issue | Skip | 'vanished' | undefined> {
  const { bucket, required, store } = probe;
  const { ifAbsent } = store.headers ?? S3_HEADERS;
  let isOwn = early !== undefined;
  let { key } = place;
  if (required.put !== undefined) {
    const put = await (early ?? putSigned(probe, key, ifAbsent));
    const { answer } = put;
    key = put.key;
    // The constant object exists already: the store says so only after it has verified the signature.
    if (!isTaken(probe, answer)) {
      if (!isOwn && lacksConditions(probe, answer)) return unconditional(probe);
      throwIfRefused(probe, answer, 'put');
      if (!isOwn) probe.createdConstant(answer);
      isOwn = true;
    }
  }
  if (required.get === undefined) return undefined;
  const signed = await store.sign('GET', bucket, key);
  const answer = await probe.send(signed);
  const isMissing = answer.status === 404 || (answer.status === 403 && probe.missingLooksDenied);
  if (isMissing && place.mode === 'persistent') {
    if (mayStartOver) return 'vanished';
    // The same request to the store itself: if it finds the object, the URL is what leads elsewhere.
    const isGone = await probe
      .read(key)
      .then((found) => found === undefined)
      .catch(() => false);
    if (isGone) return inUse(bucket);
  }
  if (answer.status === 404 && place.mode === 'existing') return nothingYet(probe);
  throwIfRefused(probe, answer, 'get');
  return sameAs(answer, bucket);
}

interface Put {
  readonly key: string;
  readonly answer: HttpAnswer;
}

async function putSigned(probe: BucketProbe, key: string, bound = {}): Promise<Put> {
  const { store, bucket } = probe;
  const { method, url, headers } = await store.sign('PUT', bucket, key, bound);
  const answer = await probe.writeNew(key, (signal) => store.send({ method, url, headers, body: CONTENT, signal }));
  if (isRefused(probe, answer)) probe.forget(key);
  return { key, answer };
}

/** Whether a write has certainly left nothing. */
export function isRefused({ store, bucket }: BucketProbe, answer: HttpAnswer): boolean {
  const refusal = store.refusal(answer, { action: 'put', bucket });
  return refusal !== undefined && !mayHaveWritten(refusal);
}

/** Whether a write-if-absent was refused because the object exists. */
export function isTaken({ store, bucket }: BucketProbe, answer: HttpAnswer): boolean {
  const { taken } = store.headers ?? S3_HEADERS;
  if (taken === undefined) return answer.status === 412;
  return store.refusal(answer, { action: 'put', bucket })?.code === taken;
}

/** Whether the store does not support writing only if an object is absent. */
export const lacksConditions = ({ store, bucket }: BucketProbe, answer: HttpAnswer): boolean =>
  store.refusal(answer, { action: 'put', bucket })?.kind === 'unsupported';

export const unconditional = ({ store, bucket }: BucketProbe): Skip =>
  skip(`uploads with pre-signed URLs to ${bucket} could not be tested`, {
    detail: `${store.name} does not support conditional writes, and what is written here can’t be removed again: each test would leave another version.`,
    fix: advice`run without --service, with credentials that are allowed to delete versions`,
    evidence: { bucket },
  });

function throwIfRefused({ store, bucket }: BucketProbe, answer: HttpAnswer, action: 'put' | 'get'): void {
  const refusal = store.refusal(answer, { action, bucket });
  if (refusal !== undefined) throw refusal;
}

/** "written, read and deleted" */
export function inSeries(words: readonly string[]): string {
  return words.length < 2 ? words.join() : `${words.slice(0, -1).join(', ')} and ${words.at(-1)}`;
}
