/** The words for what a store answers: the same for every provider, with the provider's own way out. */

import type { Run } from '../../src/engine/check.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { type Cause, cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Skip, skip } from '../../src/outcome/outcome.ts';
import { span } from '../../src/util/format.ts';
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
};

/** What is wrong with the store as a whole, whichever bucket shows it. */
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
];

/** The bucket that was tried when the error came. */
export interface TriedBucket {
  readonly run: Run;
  readonly store: Store;
  readonly required: RequiredActions;
}

interface StoreMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  /** Sets problems of one kind apart that have different causes; the kind alone unless told. */
  readonly cause?: Cause;
  /** For all that the cause hits, when the title names but one of them. */
  readonly shared?: string;
}

type Sayings = Readonly<Record<StoreKind, (problem: StoreError, store: Store) => StoreMessage>>;

const SAYS: Sayings = {
  credentials: (_, { name }) => ({
    title: `${name} does not know the access key`,
    expected: 'an access key that exists and is enabled',
  }),
  signature: (_, { name }) => ({
    title: `${name} knows the access key, but the secret is another`,
    detail: 'A proxy that changes the host or the path of requests looks the same.',
    expected: 'the secret of that access key',
  }),
  expired: () => ({
    title: 'the credentials have expired',
    expected: 'credentials that last as long as the installation',
  }),
  'clock-skew': ({ skewMs }, { name }) => ({
    title: `the clocks of this machine and of ${name} differ${skewMs === undefined ? '' : ` by ${span(skewMs)}`}`,
    ...(skewMs !== undefined && { detail: `${name}’s clock is ${skewMs > 0 ? 'ahead' : 'behind'}.` }),
    expected: 'at most 15 minutes apart: signatures carry the time',
  }),
  denied: ({ action, bucket }, { messages }) => ({
    title: `may not ${VERBS[action]} ${bucket}: ${messages.permission[action]} is denied`,
    detail: 'A name that is wrong, or a bucket of someone else, can look the same.',
    expected: `${messages.permission[action]} for these credentials`,
    cause: cause.store('denied', messages.permission[action]),
    shared: `${messages.permission[action]} is denied to these credentials`,
  }),
  'no-bucket': ({ bucket }) => ({
    title: `there is no bucket ${bucket}`,
    expected: 'the bucket, under exactly this name',
    cause: cause.store('no-bucket', bucket),
  }),
  'invalid-name': ({ bucket }) => ({
    title: `${bucket} can’t be the name of a bucket`,
    expected: '3 to 63 lower-case letters, digits, dots and hyphens',
    cause: cause.store('invalid-name', bucket),
  }),
  'wrong-region': ({ region }, { name }) => ({
    title: `${name} is in another region${region === undefined ? '' : `: ${region}`}`,
    expected: 'requests that are signed for the region of the store',
  }),
  'slow-down': (_, { name }) => ({
    title: `${name} refuses requests for now: it asks to slow down`,
    detail: 'It is overloaded, or so many drives are offline that it can’t read or write.',
    expected: 'an answer to a handful of small requests',
  }),
  starting: (_, { name }) => ({
    title: `${name} is still starting`,
    expected: `a ${name} that has started`,
  }),
  full: (_, { name }) => ({
    title: `${name} has no space left`,
    expected: 'space for Spacelift’s objects',
  }),
  quota: ({ bucket }) => ({
    title: `the quota of ${bucket} is used up`,
    expected: 'space for Spacelift’s objects',
    cause: cause.store('quota', bucket),
  }),
  'too-large': ({ bucket }) => ({
    title: `a small object is too large for ${bucket}`,
    detail: 'A proxy in front of the store caps the size of bodies.',
    expected: 'no limit below what Spacelift stores',
  }),
  'server-error': ({ action, bucket, status }, { name }) => ({
    title: `${name} fails to ${VERBS[action]} ${bucket}${status === undefined ? '' : ` (HTTP ${status})`}`,
    expected: 'success',
    shared: `${name} fails${status === undefined ? '' : ` (HTTP ${status})`}`,
  }),
  'not-a-store': ({ status }, { name, target }) => ({
    title: `what answers at ${target.host}:${target.port} is not ${name}`,
    ...(status !== undefined && { detail: `It answers HTTP ${status}, and not in the protocol of an object store.` }),
    expected: `${name}’s API`,
  }),
  other: ({ action, bucket, code, status }, { name }) => ({
    title: `${name} refuses to ${VERBS[action]} ${bucket}: ${code ?? `HTTP ${status}`}`,
    expected: 'success',
    cause: cause.store('other', code ?? status ?? 'no-code'),
    shared: `${name} refuses: ${code ?? `HTTP ${status}`}`,
  }),
};

/**
 * The finding that an error of the store becomes: a failure; or a skip when only one service needs what was denied, or when
 * the store can't be reached from here.
 * @param via `presigned`: by a plain client, after the same credentials had worked
 * @throws what is no problem of the store or of the way to it
 */
export async function storeIssue(probe: TriedBucket, error: unknown, via?: 'presigned'): Promise<Issue | Skip> {
  const { run, store, required } = probe;
  if (error instanceof CheckStopped) return error.outcome;
  if (error instanceof NetworkError) {
    const { title, ...words } = routeMessages(error, store.target);
    const mend =
      error instanceof ProxyError || error.tls === 'changed' ? undefined : store.messages.network[error.kind];
    const skipped = await skipIfOutside(run, store.target.host, error);
    return skipped ?? fail(title, { ...words, ...(mend !== undefined && { fix: mend }) });
  }
  if (!(error instanceof StoreError)) throw error;
  return onlyOneNeeds(error, required, store) ?? inWords(error, store, via);
}

function onlyOneNeeds(
  { kind, action, bucket }: StoreError,
  required: RequiredActions,
  { messages }: Store,
): Skip | undefined {
  const needs = action in required ? required[action as keyof RequiredActions] : undefined;
  if (kind !== 'denied' || needs === undefined || needs === 'must') return undefined;
  return skip(`may not ${VERBS[action]} ${bucket}; only the ${needs} needs to`, {
    detail: `${messages.permission[action]} is denied to these credentials.`,
    fix: advice`run with the ${needs}’s credentials and --service ${needs}`,
    evidence: { bucket, denied: messages.permission[action] },
  });
}

function inWords(problem: StoreError, store: Store, via: 'presigned' | undefined): Issue {
  const { kind, action, bucket, code, status, retryAfterMs, says } = problem;
  const { title, detail, expected, cause: itself = cause.store(kind), shared } = SAYS[kind](problem, store);
  const signed = via === 'presigned' && kind === 'signature';
  const wait = retryAfterMs === undefined ? undefined : `It asks to wait ${span(retryAfterMs)}.`;
  const details = [detail, wait].filter((one) => one !== undefined);
  const evidence = {
    ...(!EVERYWHERE.includes(kind) && { bucket, operation: action }),
    ...(code !== undefined && { code }),
    ...(status !== undefined && { status }),
    ...(!signed && says?.evidence),
  };
  const said = fail(signed ? `pre-signed URLs are refused for ${bucket}` : title, {
    ...(signed
      ? { detail: 'Signed requests work, so a proxy in front changes the host, the path or the query.' }
      : details.length > 0 && { detail: details.join(' ') }),
    expected: signed ? 'a URL that works as it was signed' : expected,
    fix: signed
      ? advice`let the proxy pass Host, path and query to ${store.name} as they are (nginx: proxy_set_header Host $http_host)`
      : store.messages.mend[kind](problem),
    evidence,
    cause: signed ? cause.store('presigned').titled('pre-signed URLs are refused') : itself.titled(shared),
  });
  return signed ? said : { ...said, ...says, evidence };
}
