/** What the object storage check would do, bucket by bucket, and the permissions that it needs. */

import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import { inSeries } from './access.ts';
import { CONTENT, PROBE_KEY } from './content.ts';
import type { Grants } from './grants.ts';
import { providerOf } from './providers.ts';
import { REQUIREMENTS, type RequiredActions, requiredActions } from './requirements.ts';
import { signable } from './worker.ts';

const OWN = 'objects under spacelift-preflight/<run id>/, removed at the end';
const CONSTANT = `${PROBE_KEY}, if absent (it stays where versions can’t be removed)`;
const AS_OPERATOR = `${OWN}; or ${CONSTANT}`;
const AS_SERVICE = `${CONSTANT}; otherwise ${OWN}`;

const OF_UPLOADS = ['uploads/cors', 'uploads/proxy', 'uploads/url', 'uploads/mixed-content'];

/** The probe of one bucket. */
interface Subject {
  readonly bucket: Bucket;
  /** The bucket's real name. */
  readonly name: string;
  readonly required: RequiredActions;
  readonly run: Run;
  readonly grants: Grants;
}

/** @param used the buckets of this run */
export async function plan(run: Run, used: readonly Bucket[]): Promise<PlannedOperation[]> {
  if (run.deployment.service === 'worker') return [ofWorker(run)];
  const grants = await providerOf(run).grants(run);
  const subjects = used.flatMap((bucket): Subject[] => {
    const name = run.get(BUCKETS[bucket]);
    return name === undefined
      ? []
      : [{ bucket, name, required: requiredActions(bucket, run.deployment.service), run, grants }];
  });
  return [
    ...grouped(subjects.flatMap((subject) => [objects(subject), signed(subject), settings(subject)].flat())),
    ...subjects.filter(({ bucket }) => bucket === 'uploads').flatMap(browser),
    { rules: ['distinct'], does: 'compares the bucket names', at: [] },
  ];
}

function objects({ bucket, name, required, run, grants }: Subject): PlannedOperation {
  const { readOnly } = run.options;
  // Every rule of a bucket starts with its probe.
  const rules = [
    ...['access', 'presigned', 'versioning', 'retention', 'public'].map((rule) => `${bucket}/${rule}`),
    ...(bucket === 'uploads' ? OF_UPLOADS : []),
  ];
  if (readOnly) {
    const does = required.list === undefined ? 'reads' : 'lists';
    return {
      rules,
      does: `${does} ${PROBE_KEY}, which another run may have left`,
      at: [name],
      grants: grants.objects(name, required.list === undefined ? ['get'] : ['list', 'get']),
    };
  }
  const verbs = [
    ...(required.put === undefined ? [] : [`writes an object of ${CONTENT.length} bytes`]),
    ...(required.get === undefined ? [] : ['reads it back']),
    ...(required.list === undefined ? [] : ['lists it']),
    ...(required.delete === undefined ? [] : ['deletes it']),
  ];
  const does =
    required.put === undefined
      ? `${inSeries(verbs).replace(/\bit\b.*/, PROBE_KEY)}, which another run may have left`
      : inSeries(verbs);
  return {
    rules,
    does,
    at: [name],
    ...writing(run, required),
    grants: [
      ...grants.objects(name, required),
      ...(required.put === undefined ? [] : grants.removal(name, run, required)),
    ],
  };
}

const writing = ({ deployment }: Run, { put }: RequiredActions): Pick<PlannedOperation, 'writes'> =>
  put === undefined ? {} : { writes: deployment.service === undefined ? AS_OPERATOR : AS_SERVICE };

/** The requests of a plain HTTP client, with pre-signed URLs and without. */
function signed({ bucket, name, required, run, grants }: Subject): PlannedOperation[] {
  const { readOnly } = run.options;
  const verbs = [required.put === undefined ? [] : ['PUT'], required.get === undefined ? [] : ['GET']].flat();
  const anonymous: PlannedOperation = {
    rules: [`${bucket}/public`],
    does: 'tries to read the object without credentials',
    at: [name],
  };
  if (readOnly || verbs.length === 0) return [anonymous];
  return [
    {
      rules: [`${bucket}/presigned`],
      does: `pre-signs a ${verbs.join(' and a ')}, and sends ${verbs.length === 1 ? 'it' : 'both'} with a plain HTTP client`,
      at: [name],
      ...writing(run, required),
      grants: grants.signing(),
    },
    anonymous,
  ];
}

/** Services are not allowed to read settings, so `--service` does not try it. */
function settings({ bucket, name, run, grants }: Subject): PlannedOperation[] {
  if (run.deployment.service !== undefined) return [];
  const more = REQUIREMENTS[bucket].versioning === 'not needed' ? [] : (['read versioning'] as const);
  return [
    {
      rules: [`${bucket}/retention`, `${bucket}/public`, ...(more.length > 0 ? [`${bucket}/versioning`] : [])],
      does: `reads the lifecycle rules and the policy${more.length > 0 ? ', and the versioning status if no write has revealed it' : ''}`,
      at: [name],
      grants: grants.settings(name, ['read lifecycle', 'read policy', ...more]),
    },
  ];
}

/** The requests of a browser to the uploads bucket. */
function browser({ name, required, run, grants }: Subject): PlannedOperation[] {
  const asked: PlannedOperation = {
    rules: ['uploads/cors'],
    does: `sends CORS preflight requests (OPTIONS) for uploads from https://${run.require('SERVER_DOMAIN')}`,
    at: [name],
  };
  const compared: PlannedOperation = {
    rules: ['uploads/url', 'uploads/mixed-content'],
    does: 'signs a URL without using it, and compares its origin with OBJECT_STORAGE_BUCKET_UPLOADS_URL',
    at: [],
    grants: grants.signing(),
  };
  if (run.options.readOnly) return [asked, compared];
  const large: PlannedOperation = {
    rules: ['uploads/proxy'],
    does: 'uploads 2 MiB through a pre-signed URL with a metadata header that contains an underscore; if that fails, smaller bodies',
    at: [name],
    ...writing(run, required),
  };
  return [asked, large, compared];
}

function ofWorker(run: Run): PlannedOperation {
  const bucket = signable(run);
  const origin = new URL(run.require('OBJECT_STORAGE_BUCKET_UPLOADS_URL')).origin;
  return bucket === undefined
    ? { rules: ['worker'], does: 'sends a GET without credentials', at: [origin] }
    : { rules: ['worker'], does: 'pre-signs a GET, and sends it with a plain HTTP client', at: [bucket] };
}

/** Merges operations that differ only in the bucket. */
function grouped(operations: readonly PlannedOperation[]): PlannedOperation[] {
  const groups = Map.groupBy(operations, ({ does, writes }) => `${does}\n${writes}`);
  return [...groups.values()].flatMap((same) => {
    const [first] = same;
    if (first === undefined) return [];
    return [
      {
        ...first,
        rules: same.flatMap(({ rules }) => rules),
        at: same.flatMap(({ at }) => at),
        grants: same.flatMap(({ grants = [] }) => grants),
      },
    ];
  });
}
