/** The checks of the ten buckets, the same for every provider. */

import { withOwnersNetwork } from '../../src/clouds/credentials.ts';
import { BUCKETS, type Bucket } from '../../src/config/contract.ts';
import { type Check, type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { checkAccess, checkPresigned } from './access.ts';
import { CONTENT } from './content.ts';
import { checkCors } from './cors.ts';
import { checkDistinct } from './distinct.ts';
import { COMPARES, isPinned, pinned } from './pinned.ts';
import { BucketProbe } from './probe.ts';
import { PROVIDERS, providerOf } from './providers.ts';
import { REQUIREMENTS, requiredActions } from './requirements.ts';
import { type BucketRule, RULES } from './rules.ts';
import { checkPublic, checkRetention, checkVersioning } from './settings.ts';
import type { Store } from './store.ts';
import { checkMixedContent, checkProxyHeaders, checkUploadUrl } from './uploads.ts';
import { reachStore } from './worker.ts';

export { knownProvider as knownStore } from './providers.ts';

/** The store that the config names. @throws CheckStopped */
async function openStore(run: Run): Promise<Store> {
  const { open, signingCredentials } = providerOf(run);
  return open(withOwnersNetwork(run, signingCredentials.ownerOf(run)));
}

const SUBJECTS = Object.keys(BUCKETS) as Bucket[];
const OF_EACH = (Object.keys(RULES) as BucketRule[]).filter((key) => key.startsWith('<bucket>'));
const OF_UPLOADS = ['uploads/cors', 'uploads/proxy', 'uploads/url', 'uploads/mixed-content'] as const;

export const objectStorage: Check = defineCheck({
  id: 'object-storage',
  title: 'Object storage',
  rules: RULES,
  subjects: SUBJECTS,
  variable: 'OBJECT_STORAGE_TYPE',
  subjectVariables: BUCKETS,
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) => {
    const { deployment } = run;
    if (deployment.service === 'worker') return ['worker'];
    const buckets = used(deployment.service);
    if (buckets.length === 0) return [];
    return [
      ...buckets.flatMap((bucket) => OF_EACH.map((key) => key.replace('<bucket>', bucket))),
      ...(buckets.includes('uploads') ? OF_UPLOADS : []),
      'distinct',
      ...(isPinned(run) ? ['pinned'] : []),
    ];
  },

  plan: async (run) => [
    ...(await (await import('./plan.ts')).plan(run, used(run.deployment.service))),
    ...(isPinned(run) ? [COMPARES] : []),
  ],

  planned: async () => {
    const { plannedFindings } = await import('./planned.ts');
    return (run) => (run.deployment.service === 'worker' ? [] : plannedFindings(run, used(run.deployment.service)));
  },

  removeLeftovers: async (run) => {
    const buckets = used(run.deployment.service);
    if (buckets.length === 0) return [];
    const store = await openStore(run);
    const { removeLeftovers: remove } = await import('./leftovers.ts');
    return await remove(run, store, buckets);
  },

  async run(context) {
    if (context.deployment.service === 'worker') {
      await context.check('worker', () => reachStore(context, () => openStore(context)));
      return;
    }
    if (isPinned(context)) await context.check('pinned', () => pinned(context));
    const store = await openStore(context);
    const buckets = used(context.deployment.service);
    let reached = false;
    const tried = buckets.map((bucket) =>
      context.forSubject(bucket, async (part) => {
        reached = (await tryBucket(part, store, bucket)) || reached;
      }),
    );
    await Promise.all(tried);
    await context.check('distinct', () => checkDistinct(context, reached));
  },

  summary: (run) => {
    if (run.deployment.service === 'worker') return undefined;
    const buckets = used(run.deployment.service).filter((bucket) => run.get(BUCKETS[bucket]) !== undefined);
    return `${providerOf(run).where(run)}, ${buckets.length} buckets`;
  },
});

/** The buckets that the service, or all services together, use. A worker uses only pre-signed URLs. */
function used(service: Run['deployment']['service']): Bucket[] {
  return SUBJECTS.filter((bucket) => Object.keys(requiredActions(bucket, service)).length > 0);
}

/** @returns whether any check of the bucket succeeded */
async function tryBucket(context: Context<BucketRule>, store: Store, bucket: Bucket): Promise<boolean> {
  const { check } = context;
  const probe = new BucketProbe(
    context,
    store,
    context.require(BUCKETS[bucket]),
    requiredActions(bucket, context.deployment.service),
  );
  const needs = REQUIREMENTS[bucket];
  try {
    const outcomes = await Promise.all([
      check('<bucket>/access', () => checkAccess(probe)),
      check('<bucket>/presigned', () => checkPresigned(probe)),
      check('<bucket>/versioning', () => checkVersioning(probe, needs)),
      check('<bucket>/retention', () => checkRetention(probe, needs)),
      check('<bucket>/public', () => checkPublic(probe, () => readAnonymously(probe))),
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
