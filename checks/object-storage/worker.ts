/** A worker's access to the object store: it has no credentials, and reads and writes with URLs that the server signs. */

import { BUCKETS, type Bucket, type VariableName } from '../../src/config/contract.ts';
import type { Context } from '../../src/engine/check.ts';
import { makeHttpClient } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { checkProxy, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import { PROBE_KEY } from './content.ts';
import { BucketProbe } from './probe.ts';
import { knownProvider } from './providers.ts';
import { type Store, StoreError, type StoreKind } from './store.ts';

const DEADLINE_MS = 10_000;
const UPLOADS_URL = 'OBJECT_STORAGE_BUCKET_UPLOADS_URL';

/** A worker fetches a workspace first; any other bucket is in the same store. */
const CANDIDATES = ['workspace', ...Object.keys(BUCKETS)] as readonly Bucket[];

/** Errors of the store itself, or of a proxy in front of it; any other refusal shows that the store can be reached. */
const STANDS: readonly StoreKind[] = [
  'signature',
  'slow-down',
  'starting',
  'full',
  'server-error',
  'not-a-store',
  'redirected',
];

/** A bucket that this config can sign a URL for; `undefined` if there is none. */
export function signable(run: Pick<Context<string>, 'deployment'>): string | undefined {
  const { deployment } = run;
  const known = (name: VariableName) => {
    const found = deployment.lookup(name);
    return found.state === 'set' || found.state === 'default' ? found.value : undefined;
  };
  const rows = knownProvider(run)?.signingCredentials.inConfig ?? [];
  const isKnown = (name: string) => deployment.set.includes(name) && deployment.entry(name)?.kind === 'known';
  if (!rows.some((row) => row.every(isKnown))) return undefined;
  return CANDIDATES.map((bucket) => known(BUCKETS[bucket])).find((name) => name !== undefined);
}

/** @param open the store that the config names */
export async function reachStore(context: Context<string>, open: () => Promise<Store>): Promise<Outcome> {
  const bucket = signable(context);
  if (bucket === undefined) {
    return byHost(context, 'No pre-signed URL was tested: this config has no credentials to sign one.');
  }
  let store: Store;
  try {
    store = await open();
  } catch (error) {
    if (error instanceof CheckStopped) return byHost(context, `No pre-signed URL was tested: ${error.outcome.title}.`);
    throw error;
  }
  return await bySignedUrl(context, store, bucket);
}

/** Sends a GET, which changes nothing; reading a real object is tested for the server. */
async function bySignedUrl(context: Context<string>, store: Store, bucket: string): Promise<Outcome> {
  const probe = new BucketProbe(context, store, bucket, {});
  const at = `${store.target.host}:${store.target.port}`;
  const evidence = { store: store.name, host: store.target.host, port: store.target.port, bucket };
  let signed = false;
  try {
    const { method, url, headers } = await store.sign('GET', bucket, PROBE_KEY);
    signed = true;
    const answer = await probe.send({ method, url, headers });
    const refusal = answer.status === 404 ? undefined : store.refusal(answer, { action: 'get', bucket });
    if (refusal === undefined || refusal.kind === 'denied') {
      return pass(`${store.name} at ${at} accepts pre-signed URLs`, { evidence });
    }
    throw refusal;
  } catch (error) {
    if (!(error instanceof StoreError)) return probe.issue(error);
    if (STANDS.includes(error.kind)) return probe.issue(error, (await mayRead(probe)) ? 'presigned' : undefined);
    const detail = `The pre-signed URL was rejected (${error.kind}); run with --service server to check this config’s credentials.`;
    if (!signed) return byHost(context, detail);
    return pass(`${store.name} at ${at} responds`, { detail, evidence: { ...evidence, refused: error.kind } });
  }
}

/** Whether the store accepts the same credentials when they sign the request itself. */
async function mayRead({ within, store, bucket }: BucketProbe): Promise<boolean> {
  try {
    await within((signal) => store.get(bucket, PROBE_KEY, signal));
    return true;
  } catch (error) {
    return error instanceof StoreError && error.kind === 'denied';
  }
}

/** Accepts any status below 500 from the uploads URL. */
async function byHost(context: Context<string>, detail: string): Promise<Outcome> {
  const url = new URL('/', context.require(UPLOADS_URL));
  const target = { what: 'the object store', ...addressOf(url), setting: UPLOADS_URL };
  const client = makeHttpClient(context);
  try {
    await checkProxy(context, url, DEADLINE_MS);
    const { status } = await client.send({ method: 'GET', url, deadlineMs: DEADLINE_MS });
    const evidence = { url: url.origin, status };
    if (status < 500) return pass(`${url.origin} responds`, { detail, evidence });
    return fail(`${url.origin} returned HTTP ${status}`, {
      expected: 'a status below 500',
      fix: advice`check the logs of the object store and of any proxy or load balancer in front of it`,
      evidence,
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { title, ...words } = routeMessages(error, target);
    return (await skipIfOutside(context, target.host, error)) ?? fail(title, words);
  }
}
