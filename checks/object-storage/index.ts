/** The checks of the ten buckets, the same for every provider. */

import { ownerOfAws } from '../../src/clouds/aws/client.ts';
import { ownerOfAzure } from '../../src/clouds/azure/credentials.ts';
import { travelling } from '../../src/clouds/credentials.ts';
import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import { type Check, type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { checkAccess, checkPresigned } from './access.ts';
import { checkDistinct } from './distinct.ts';
import { ownerOfMinio } from './minio/owner.ts';
import { BucketProbe, CONTENT } from './probe.ts';
import { REQUIREMENTS, requiredActions } from './requirements.ts';
import { RULES, type RuleKey } from './rules.ts';
import { checkPublic, checkRetention, checkVersioning } from './settings.ts';
import type { Store } from './store.ts';
import { checkCors, checkMixedContent, checkProxyHeaders, checkUploadUrl } from './uploads.ts';
import { reachStore } from './worker.ts';

interface Provider {
  /** For the one-line summary in the report: "MinIO at minio.internal:9000". */
  where(run: Run): string;
  /** Loads the provider's file and its library. */
  open(run: Run): Promise<Store>;
}

const PROVIDERS: Readonly<Record<string, Provider>> = {
  aws: {
    where: ({ require }) => `S3 in ${require('AWS_REGION')}`,
    open: async (run) => (await import('./aws/store.ts')).aws(travelling(run, ownerOfAws(run))),
  },
  azure: {
    where: ({ require }) => `Azure Blob Storage at ${new URL(require('OBJECT_STORAGE_AZURE_ACCOUNT_URL')).host}`,
    open: async (run) => (await import('./azure/store.ts')).azure(travelling(run, ownerOfAzure(run))),
  },
  gcp: {
    where: () => 'Google Cloud Storage',
    // Google credentials always come from a file or a server, so they belong to the caller.
    open: async (run) => (await import('./gcp/store.ts')).gcp(travelling(run, 'process')),
  },
  minio: {
    where: ({ require }) => `MinIO at ${require('OBJECT_STORAGE_MINIO_ENDPOINT')}`,
    open: async (run) => (await import('./minio/store.ts')).minio(travelling(run, ownerOfMinio(run))),
  },
};

/** The store that the config names; `undefined` if its type is unknown. @throws CheckStopped */
const openStore = async (run: Run): Promise<Store | undefined> =>
  PROVIDERS[run.require('OBJECT_STORAGE_TYPE')]?.open(run);

const SUBJECTS = Object.keys(BUCKETS) as Bucket[];
const OF_EACH = (Object.keys(RULES) as RuleKey[]).filter((key) => key.startsWith('<bucket>'));
const OF_UPLOADS = ['uploads/cors', 'uploads/proxy', 'uploads/url', 'uploads/mixed-content'] as const;

export const objectStorage: Check = defineCheck({
  id: 'object-storage',
  title: 'Object storage',
  rules: RULES,
  subjects: SUBJECTS,

  expects: ({ deployment }) => {
    const type = deployment.lookup('OBJECT_STORAGE_TYPE');
    if (deployment.service === 'worker') return ['worker'];
    if ('value' in type && !(type.value in PROVIDERS)) return [];
    const buckets = used(deployment.service);
    if (buckets.length === 0) return [];
    return [
      ...buckets.flatMap((bucket) => OF_EACH.map((key) => key.replace('<bucket>', bucket))),
      ...(buckets.includes('uploads') ? OF_UPLOADS : []),
      'distinct',
    ];
  },

  plan: async (run) => (await import('./plan.ts')).plan(run, used(run.deployment.service)),

  removeLeftovers: async (run) => {
    const buckets = used(run.deployment.service);
    const store = buckets.length === 0 ? undefined : await openStore(run);
    if (store === undefined) return [];
    const { sweep } = await import('./sweep.ts');
    try {
      return await sweep(run, store, buckets);
    } finally {
      store.close();
    }
  },

  async run(context) {
    if (context.deployment.service === 'worker') {
      await context.check('worker', () => reachStore(context, () => openStore(context)));
      return;
    }
    const store = await openStore(context);
    if (store === undefined) return;
    try {
      const buckets = used(context.deployment.service);
      let reached = false;
      const tried = buckets.map((bucket) =>
        context.forSubject(bucket, async (part) => {
          reached = (await tryBucket(part, store, bucket)) || reached;
        }),
      );
      await Promise.all(tried);
      await context.check('distinct', () => checkDistinct(context, reached));
    } finally {
      // When the run ends early, the cleanup after it still needs the connections.
      if (!context.signal.aborted) store.close();
    }
  },

  summary: (run) => {
    if (run.deployment.service === 'worker') return undefined;
    const buckets = used(run.deployment.service).filter((bucket) => run.get(BUCKETS[bucket]) !== undefined);
    return `${PROVIDERS[run.require('OBJECT_STORAGE_TYPE')]?.where(run)}, ${buckets.length} buckets`;
  },
});

/** The buckets that the service, or all services together, use. A worker uses only pre-signed URLs. */
function used(service: Run['deployment']['service']): Bucket[] {
  return SUBJECTS.filter((bucket) => Object.keys(requiredActions(bucket, service)).length > 0);
}

/** @returns whether any check of the bucket succeeded */
async function tryBucket(context: Context<RuleKey>, store: Store, bucket: Bucket): Promise<boolean> {
  const { check } = context;
  const probe = new BucketProbe(
    context,
    store,
    context.require(BUCKETS[bucket]),
    requiredActions(bucket, context.deployment.service),
  );
  const needs = REQUIREMENTS[bucket];
  let read: Promise<boolean> | undefined;
  const anonymous = () => {
    read ??= readAnonymously(probe);
    return read;
  };
  try {
    const outcomes = await Promise.all([
      check('<bucket>/access', () =>
        checkAccess(probe, async () => context.selected('<bucket>/public') && anonymous()),
      ),
      check('<bucket>/presigned', () => checkPresigned(probe)),
      check('<bucket>/versioning', () => checkVersioning(probe, needs)),
      check('<bucket>/retention', () => checkRetention(probe, needs)),
      check('<bucket>/public', () => checkPublic(probe, anonymous)),
      ...(bucket === 'uploads'
        ? [
            check('uploads/cors', () => checkCors(probe)),
            check('uploads/proxy', () => checkProxyHeaders(probe)),
            check('uploads/url', () => checkUploadUrl(probe)),
            check('uploads/mixed-content', () => checkMixedContent(probe)),
          ]
        : []),
    ]);
    return outcomes.some(({ status }) => status === 'pass' || status === 'warn');
  } finally {
    await probe.clear();
  }
}

/** Whether the probe can be read without credentials. */
async function readAnonymously(probe: BucketProbe): Promise<boolean> {
  const { key } = await probe.reached();
  const { status, body } = await probe.send({ method: 'GET', url: probe.store.urlOf(probe.bucket, key) });
  return status === 200 && body.equals(CONTENT);
}
