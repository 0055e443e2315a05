/** The texts for a store's errors: the same for every provider, with the provider's own fixes. */

import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError, providerFix } from '../../src/net/network-error.ts';
import { ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { type Cause, cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Skip, skip } from '../../src/outcome/outcome.ts';
import { span } from '../../src/util/format.ts';
import type { BucketOperations } from './bucket.ts';
import { missingBucket } from './missing-bucket.ts';
import { proxyIssue } from './proxy.ts';
import type { RequiredActions } from './requirements.ts';
import { type Store, type StoreAction, StoreError, type StoreKind } from './store.ts';

const VERBS: Readonly<Record<StoreAction, string>> = {
  put: 'write to',
  get: 'read from',
  list: 'list',
  delete: 'delete from',
  'read versioning': 'read the versioning of',
  'read lifecycle': 'read the lifecycle rules of',
  'read policy': 'read the policy of',
  'read retention': 'read the retention of',
};

/** Errors that concern the store as a whole, whichever bucket shows them. */
const EVERYWHERE: readonly StoreKind[] = [
  'credentials',
  'signature',
  'expired',
  'clock-skew',
  'wrong-region',
  'slow-down',
  'starting',
  'full',
  'not-a-store',
  'redirected',
];

interface StoreMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  /** Distinguishes errors of one kind that have different causes; the kind alone by default. */
  readonly cause?: Cause;
  /** The title for everything that the cause affects, when `title` names only one bucket. */
  readonly shared?: string;
}

type Sayings = Readonly<Record<StoreKind, (problem: StoreError, store: Store) => StoreMessage>>;

const SAYS: Sayings = {
  credentials: (_, { name }) => ({
    title: `${name} does not recognize the access key`,
    expected: 'an access key that exists and is enabled',
  }),
  signature: (_, { name }) => ({
    title: `${name} rejected the secret key`,
    detail: 'A proxy that changes the host or path of requests causes the same error.',
    expected: 'the secret key that belongs to the access key',
  }),
  expired: () => ({
    title: 'the credentials have expired',
    expected: 'credentials that stay valid as long as the installation runs',
  }),
  'clock-skew': ({ skewMs }, { name }) => ({
    title: `the clocks of this machine and ${name} differ${skewMs === undefined ? '' : ` by ${span(skewMs)}`}`,
    ...(skewMs !== undefined && { detail: `${name}’s clock is ${skewMs > 0 ? 'ahead' : 'behind'}.` }),
    expected: 'clocks at most 15 minutes apart: signatures include the time',
  }),
  denied: ({ action, bucket }, { messages }) => ({
    title: `the credentials lack ${messages.permission[action]} on ${bucket}`,
    detail: 'A wrong bucket name, or a bucket that belongs to someone else, can cause the same error.',
    expected: `${messages.permission[action]} for these credentials`,
    cause: cause.store('denied', messages.permission[action]),
    shared: `the credentials lack ${messages.permission[action]}`,
  }),
  'no-bucket': ({ bucket }) => ({
    title: `bucket ${bucket} does not exist`,
    expected: 'a bucket with exactly this name',
    cause: cause.store('no-bucket', bucket),
  }),
  'invalid-name': ({ bucket }) => ({
    title: `${bucket} is not a valid bucket name`,
    expected: '3 to 63 lowercase letters, digits, dots, and hyphens',
    cause: cause.store('invalid-name', bucket),
  }),
  'wrong-region': ({ region }, { name }) => ({
    title: `${name} is in another region${region === undefined ? '' : `: ${region}`}`,
    expected: 'requests signed for the store’s region',
  }),
  'slow-down': (_, { name }) => ({
    title: `${name} is throttling requests`,
    detail: 'It is overloaded, or too many of its drives are offline.',
    expected: 'a store that can serve a few small requests',
  }),
  starting: (_, { name }) => ({
    title: `${name} is still starting`,
    expected: `${name}, ready to serve requests`,
  }),
  full: (_, { name }) => ({
    title: `${name} has no space left`,
    expected: 'free space for Spacelift’s objects',
  }),
  quota: ({ bucket }) => ({
    title: `the quota of ${bucket} is exhausted`,
    expected: 'free space for Spacelift’s objects',
    cause: cause.store('quota', bucket),
  }),
  'too-large': ({ bucket }) => ({
    title: `${bucket} rejected a small object as too large`,
    detail: 'A proxy in front of the store limits the size of request bodies.',
    expected: 'no limit below the size of Spacelift’s objects',
  }),
  'server-error': ({ action, bucket, status }, { name }) => ({
    title: `${name} failed to ${VERBS[action]} ${bucket}${status === undefined ? '' : ` (HTTP ${status})`}`,
    expected: 'a successful response',
    shared: `${name} failed${status === undefined ? '' : ` (HTTP ${status})`}`,
  }),
  'not-a-store': ({ status }, { name, target }) => ({
    title: `${target.host}:${target.port} does not look like ${name}`,
    ...(status !== undefined && { detail: `It returned HTTP ${status}, but not in an object storage protocol.` }),
    expected: `the ${name} API`,
  }),
  redirected: ({ location, status }, { target, name }) => ({
    title: `${target.host}:${target.port} redirects to ${location?.origin ?? 'another address'}`,
    detail: `It returned HTTP ${status}. Clients of object stores do not follow redirects: signatures include the host.`,
    expected: `the ${name} API`,
    cause: cause.store('redirected', location?.origin ?? 'elsewhere'),
  }),
  unsupported: ({ action, bucket, code, status }, { name }) => ({
    title: `${name} does not support an operation: it can’t ${VERBS[action]} ${bucket}`,
    detail: `It returned ${code ?? `HTTP ${status}`}.`,
    expected: 'a store that supports the operations that Spacelift performs',
    cause: cause.store('unsupported', action),
    shared: `${name} does not support an operation that Spacelift performs: ${code ?? `HTTP ${status}`}`,
  }),
  other: ({ action, bucket, code, status }, { name }) => ({
    title: `${name} refused to ${VERBS[action]} ${bucket}: ${code ?? `HTTP ${status}`}`,
    expected: 'a successful response',
    cause: cause.store('other', code ?? status ?? 'no-code'),
    shared: `${name} refused a request: ${code ?? `HTTP ${status}`}`,
  }),
};

/**
 * Turns an error of the store into a finding: a failure; or a skip when only one service needs the permission that was
 * denied, or when the store can't be reached from here.
 * @param via `presigned`: the request used a pre-signed URL, after the same credentials had worked
 * @throws any error that comes from neither the store nor the network
 */
export async function storeIssue(probe: BucketOperations, error: unknown, via?: 'presigned'): Promise<Issue | Skip> {
  const { run, store, required } = probe;
  if (error instanceof CheckStopped) return error.outcome;
  if (error instanceof NetworkError) {
    const { title, ...words } = routeMessages(error, store.target);
    const fix =
      error instanceof ProxyError || error.tls === 'changed' ? undefined : providerFix(error, store.messages.network);
    const skipped = await skipIfOutside(run, store.target.host, error);
    return skipped ?? fail(title, { ...words, ...(fix !== undefined && { fix }) });
  }
  if (!(error instanceof StoreError)) throw error;
  const optional = onlyOneNeeds(error, required, store);
  if (optional !== undefined) return optional;
  const issue = (await proxyIssue(probe, error)) ?? inWords(error, store, via);
  return error.kind === 'no-bucket' ? missingBucket(issue, { run, store, bucket: error.bucket }) : issue;
}

function onlyOneNeeds(
  { kind, action, bucket }: StoreError,
  required: RequiredActions,
  { messages }: Store,
): Skip | undefined {
  const needs = action in required ? required[action as keyof RequiredActions] : undefined;
  if (kind !== 'denied' || needs === undefined || needs === 'must') return undefined;
  return skip(`the credentials are not allowed to ${VERBS[action]} ${bucket}; only the ${needs} needs to`, {
    detail: `They lack ${messages.permission[action]}.`,
    fix: advice`run with the ${needs}’s credentials and --service ${needs}`,
    evidence: { bucket, denied: messages.permission[action] },
  });
}

function inWords(problem: StoreError, store: Store, via: 'presigned' | undefined): Issue {
  const { kind, action, bucket, code, status, retryAfterMs, says } = problem;
  const { title, detail, expected, cause: itself = cause.store(kind), shared } = SAYS[kind](problem, store);
  const signed = via === 'presigned' && kind === 'signature';
  const wait = retryAfterMs === undefined ? undefined : `It asks clients to wait ${span(retryAfterMs)}.`;
  const details = [detail, wait].filter((one) => one !== undefined);
  const evidence = {
    ...(!EVERYWHERE.includes(kind) && { bucket, operation: action }),
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    ...(!signed && says?.evidence),
  };
  const said = fail(signed ? `pre-signed URLs for ${bucket} are rejected` : title, {
    ...(signed
      ? { detail: 'Signed requests work, so a proxy in front of the store changes the host, path, or query.' }
      : details.length > 0 && { detail: details.join(' ') }),
    expected: signed ? 'a URL that works as signed' : expected,
    fix: signed
      ? advice`configure the proxy to pass Host, path, and query to ${store.name} unchanged (nginx: proxy_set_header Host $http_host)`
      : store.messages.fixes[kind](problem),
    evidence,
    cause: signed ? cause.store('presigned').titled('pre-signed URLs are rejected') : itself.titled(shared),
  });
  return signed ? said : { ...said, ...says, evidence };
}
