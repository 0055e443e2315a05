/** Checks the uploads bucket from the browser's side: browsers upload directly to it, with pre-signed URLs. */

import { type HttpAnswer, isLoopback } from '../../src/net/http.ts';
import { isPrivateName } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice, setting, sh } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { isRefused, isTaken, lacksConditions, unconditional } from './access.ts';
import { CONTENT, PROBE_KEY, paddedContent } from './content.ts';
import { doubled, isDoubled } from './cors.ts';
import type { BucketProbe } from './probe.ts';
import { S3_HEADERS, type Signed, StoreError, type StoreKind } from './store.ts';

const SIZE = 2 * 1024 * 1024;
const TRANSFER_MS = 20_000;

/** What a store says of a header that did not arrive, or of a body that is too large for it; anything else is its own cause. */
const OF_SIZE_OR_HEADER: readonly StoreKind[] = ['signature', 'denied', 'too-large', 'other'];

const headersOf = ({ store }: BucketProbe) => store.headers ?? S3_HEADERS;
/** A metadata header that a proxy may drop, because its name contains an underscore. */
const headerOf = (probe: BucketProbe): string => `${headersOf(probe).metadata}preflight_probe`;

/**
 * Sends a pre-signed PUT of 2 MiB with a signed metadata header. Where objects can't be removed again, the existing
 * constant object makes the store refuse the write with 412, after it has verified the signature over the header.
 */
export async function checkProxyHeaders(probe: BucketProbe): Promise<Outcome> {
  const { run, store, bucket } = probe;
  if (run.options.readOnly) return skip('not tested: --read-only');
  const header = headerOf(probe);
  const upload = async (size: number, name: string, isOurs: boolean): Promise<{ key: string; answer: HttpAnswer }> => {
    const key = isOurs ? probe.newKey() : PROBE_KEY;
    const bound = { [name]: run.id, ...(!isOurs && headersOf(probe).ifAbsent) };
    const { method, url, headers: signed } = await store.sign('PUT', bucket, key, bound);
    const headers = { ...signed, origin: `https://${run.require('SERVER_DOMAIN')}` };
    const body = paddedContent(size);
    const answer = await probe.writeNew(
      key,
      (signal) => store.send({ method, url, headers, body, signal, ...(!isOurs && { announce: true }) }),
      TRANSFER_MS,
    );
    if (!isOurs && store.refusal(answer, { action: 'put', bucket }) === undefined) probe.createdConstant(answer);
    if (isRefused(probe, answer)) probe.forget(key);
    return { key, answer };
  };
  const uploadLarge = (isOurs: boolean) =>
    upload(SIZE, header, isOurs).catch((error: unknown) => {
      // When a proxy cuts off large bodies without a response, it looks like a broken connection.
      if (error instanceof NetworkError && (error.kind === 'closed' || error.kind === 'timeout')) return error;
      throw error;
    });
  const { place, early } = await probe.placedBeside(() => uploadLarge(true));
  const isOurs = place.mode === 'ours';
  const passes = (answer: HttpAnswer) =>
    store.refusal(answer, { action: 'put', bucket }) === undefined || (!isOurs && isTaken(probe, answer));
  const works = async (size: number, name: string) => passes((await upload(size, name, isOurs)).answer);

  try {
    const first = await (early ?? uploadLarge(false));
    // A store that rejects a write before it has read the body can reset the connection, which loses its response: a proxy’s limit does that every time.
    const sent = first instanceof NetworkError && first.kind === 'closed' ? await uploadLarge(isOurs) : first;
    if (!(sent instanceof NetworkError) && passes(sent.answer)) {
      if (isDoubled(sent.answer)) return doubled(probe);
      if (isOurs) return await stored(probe, sent.key);
      return (await refusedByName(probe)) ?? passed(probe, 'signature over the header verified');
    }
    if (sent instanceof NetworkError) {
      if (await works(CONTENT.length, header)) return capped(probe, undefined);
      if (await works(CONTENT.length, header.replace('_', '-'))) return dropped(probe, undefined);
      throw sent;
    }
    if (!isOurs && lacksConditions(probe, sent.answer)) return unconditional(probe);
    const { status } = sent.answer;
    const refusal = store.refusal(sent.answer, { action: 'put', bucket }) ?? new NetworkError('closed');
    const own = store.isOwn(sent.answer) && refusal instanceof StoreError ? refusal : undefined;
    if (own !== undefined && !OF_SIZE_OR_HEADER.includes(own.kind)) throw own;
    // A store’s own limit is an error 400 (S3 API reference, EntityTooLarge).
    if (status === 413) return capped(probe, status);
    if (await works(CONTENT.length, header.replace('_', '-'))) {
      if (!(await works(CONTENT.length, header))) return dropped(probe, status);
      return own === undefined ? capped(probe, status) : limited(probe, own);
    }
    throw refusal;
  } catch (error) {
    return probe.issue(error, 'presigned');
  }
}

async function stored(probe: BucketProbe, key: string): Promise<Outcome> {
  const { run, store, bucket } = probe;
  const { method, url, headers }: Signed = await store.sign('HEAD', bucket, key);
  const answer = await probe.send({ method, url, headers });
  const refusal = store.refusal(answer, { action: 'get', bucket });
  if (refusal !== undefined) throw refusal;
  if (answer.headers[headerOf(probe)] !== run.id) return dropped(probe, answer.status);
  return passed(probe, 'stored with its header');
}

/** Where no signature covers the header, and nothing may be written, the rejection of an invalid name shows that it arrived. */
async function refusedByName(probe: BucketProbe): Promise<Outcome | undefined> {
  const { store, bucket } = probe;
  const { refused, metadata, ifAbsent } = headersOf(probe);
  if (refused === undefined) return undefined;
  const arrives = async (name: string): Promise<boolean> => {
    const { method, url, headers } = await store.sign('PUT', bucket, PROBE_KEY, {
      ...ifAbsent,
      [`${metadata}${name}`]: '1',
    });
    const answer = await probe.write((signal) =>
      store.send({ method, url, headers, body: CONTENT, signal, announce: true }),
    );
    return store.refusal(answer, { action: 'put', bucket })?.code === refused.code;
  };
  const [underscore, plain] = await Promise.all([arrives(refused.underscore), arrives(refused.plain)]);
  if (underscore) return passed(probe, 'an invalid header name is rejected, so the header arrives');
  if (plain) return dropped(probe, undefined);
  return skip(`a 2 MiB upload reaches ${bucket}; headers with underscores could not be tested`, {
    evidence: { bucket, bytes: SIZE },
  });
}

function passed(probe: BucketProbe, how: string): Outcome {
  const { bucket } = probe;
  const header = headerOf(probe);
  return pass(`a 2 MiB upload with the header ${header} reaches ${bucket}`, {
    evidence: { bucket, bytes: SIZE, header, how },
  });
}

function capped({ store, bucket }: BucketProbe, status: number | undefined): Outcome {
  return fail(`a proxy in front of ${store.name} rejects request bodies of 2 MiB`, {
    detail:
      status === undefined
        ? 'A small upload succeeds, but the connection breaks during a large one.'
        : `A small upload succeeds, but a large one returns HTTP ${status}.`,
    expected:
      'no limit below the size of uploads from users and workers: workspaces and states can reach hundreds of MiB',
    fix: advice`nginx: client_max_body_size 0; ingress-nginx: nginx.ingress.kubernetes.io/proxy-body-size: "0"`,
    evidence: { bucket, bytes: SIZE, ...(status !== undefined && { status }) },
  });
}

function limited({ store, bucket }: BucketProbe, { code, status }: StoreError): Outcome {
  return fail(`${store.name} rejects uploads of 2 MiB to ${bucket}${code === undefined ? '' : `: ${code}`}`, {
    detail: 'A small upload succeeds.',
    expected:
      'no limit below the size of uploads from users and workers: workspaces and states can reach hundreds of MiB',
    fix: advice`raise the limit in the settings of ${store.name}`,
    evidence: { bucket, bytes: SIZE, ...(code !== undefined && { code }), ...(status !== undefined && { status }) },
  });
}

function dropped(probe: BucketProbe, status: number | undefined): Outcome {
  const { store, bucket } = probe;
  const header = headerOf(probe);
  const bound = headersOf(probe).refused === undefined;
  return fail(`a proxy in front of ${store.name} drops headers with underscores`, {
    detail: bound
      ? `The same upload succeeds if the header name has a hyphen instead: ${header} does not arrive.`
      : `The upload succeeds, but ${header} does not arrive with it.`,
    expected: `a proxy that passes all headers${bound ? ': the pre-signed URL is bound to them' : ''}`,
    fix: advice`nginx: underscores_in_headers on; ingress-nginx: enable-underscores-in-headers: "true"`,
    evidence: { bucket, header, ...(status !== undefined && { status }) },
  });
}

export async function checkUploadUrl(probe: BucketProbe): Promise<Outcome> {
  const { run } = probe;
  const told = new URL(run.require('OBJECT_STORAGE_BUCKET_UPLOADS_URL'));
  const real = await whereUploadsGo(probe);
  const evidence = { configured: told.origin, real: real.origin };
  if (!isLoopback(real.hostname) && isPrivateName(real.hostname)) {
    return skip(`browsers and workers must be able to reach ${real.hostname}`, {
      detail: `Pre-signed URLs point to ${real.origin}, a name that resolves only in a private network.`,
      fix: advice`test it from a browser’s network and from a worker: ${sh`curl -I ${real.origin}`}`,
      evidence,
    });
  }
  if (told.origin === real.origin) return pass(`uploads go to ${real.origin}, as configured`, { evidence });
  return warn(`the uploads URL points to ${told.origin}, but uploads go to ${real.origin}`, {
    detail: 'Spacelift adds this URL to its Content Security Policy, so browsers refuse to upload to any other origin.',
    expected: `the origin of pre-signed URLs, ${real.origin}`,
    fix: setting('OBJECT_STORAGE_BUCKET_UPLOADS_URL', real.origin),
    evidence,
  });
}

/** The URL of a real pre-signed upload. */
async function whereUploadsGo(probe: BucketProbe): Promise<URL> {
  await probe.reached();
  try {
    return (await probe.store.sign('PUT', probe.bucket, PROBE_KEY)).url;
  } catch (error) {
    throw new CheckStopped(await probe.issue(error));
  }
}

export async function checkMixedContent(probe: BucketProbe): Promise<Outcome> {
  const { store } = probe;
  const real = await whereUploadsGo(probe);
  const evidence = { origin: real.origin };
  if (real.protocol === 'https:') return pass('uploads use HTTPS', { evidence });
  if (isLoopback(real.hostname)) return pass('uploads stay on this machine', { evidence });
  return warn(`uploads to ${real.origin} are not encrypted`, {
    detail: 'Spacelift serves its pages over HTTPS, and browsers block uploads from them to plain HTTP.',
    expected: 'HTTPS',
    fix: store.messages.overTls,
    evidence,
  });
}
