/** What an answer of Cloud Storage means: JSON API, XML API, and the plain text of its downloads. */

import { parseObject } from '../../../src/clouds/google/http.ts';
import type { HttpAnswer } from '../../../src/net/http.ts';
import { retryAfterIn } from '../../../src/net/retry.ts';
import { type Cause, cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { lookup } from '../../../src/util/lookup.ts';
import { type StoreAction, StoreError, type StoreKind } from '../store.ts';
import { grant, type Names } from './messages.ts';

interface At {
  readonly action: StoreAction;
  readonly bucket: string;
}

/** By the XML API's `Code` or the JSON API's `reason` ("HTTP status and error codes" of each). */
const KIND_OF_CODE: Readonly<Record<string, StoreKind>> = {
  AccessDenied: 'denied',
  forbidden: 'denied',
  insufficientPermissions: 'denied',
  AuthenticationRequired: 'credentials',
  authError: 'credentials',
  required: 'credentials',
  SignatureDoesNotMatch: 'signature',
  // What a proxy adds to or takes from a signed request.
  MalformedSecurityHeader: 'signature',
  // A URL that has just been signed is too old only by another clock.
  ExpiredToken: 'clock-skew',
  RequestTimeTooSkewed: 'clock-skew',
  NoSuchBucket: 'no-bucket',
  InvalidBucketName: 'invalid-name',
  EntityTooLarge: 'too-large',
  rateLimitExceeded: 'slow-down',
  userRateLimitExceeded: 'slow-down',
  SlowDown: 'slow-down',
  TooManyRequests: 'slow-down',
  quotaExceeded: 'quota',
  dailyLimitExceeded: 'quota',
  InternalError: 'server-error',
  ServiceUnavailable: 'server-error',
  backendError: 'server-error',
  internalError: 'server-error',
};

/** What the service says where its code does not: first match wins. Only looked at, never passed on. */
const KIND_OF_MESSAGE: readonly (readonly [RegExp, StoreKind])[] = [
  [/No such object|The specified key does not exist/, 'other'],
  [/bucket does not exist/, 'no-bucket'],
  [/^Invalid bucket name/, 'invalid-name'],
  [/does not have storage\.[\w.]+ access/, 'denied'],
];

export const MISSING = 'NoSuchKey';

/** What is wrong, or `undefined` for an answer that Cloud Storage gives when it has done what was asked. */
export function gcpRefusal(answer: HttpAnswer, at: At, names: Names): StoreError | undefined {
  const { status, headers, body } = answer;
  // A signed PUT is answered with an empty page.
  const page = /^text\/html/i.test(headers['content-type'] ?? '') && body.length > 0;
  if (status < 300 && !page) return undefined;
  const { code, message } = said(answer);
  const date = Date.parse(headers.date ?? '');
  const kind = kindOf(status, code, message);
  const problem = new StoreError(kind, {
    ...at,
    status,
    retryAfterMs: retryAfterIn(headers['retry-after']),
    ...(code !== undefined && { code }),
    ...(!Number.isNaN(date) && { skewMs: date - Date.now() }),
  });
  const [other, says] = sayings(problem, message, names) ?? [];
  return says === undefined ? problem : new StoreError(other ?? kind, { ...problem, says });
}

/** The JSON of an answer. @throws StoreError */
export function jsonOf(answer: HttpAnswer, at: At): Readonly<Record<string, unknown>> {
  const value = parseObject(answer.body);
  if (value === undefined) throw new StoreError('not-a-store', { ...at, status: answer.status });
  return value;
}

interface JsonError {
  readonly message?: unknown;
  readonly errors?: readonly { readonly reason?: unknown }[];
}

/** The service's code, and its words: to be looked at. */
function said({ body }: HttpAnswer): { code: string | undefined; message: string } {
  const text = body.toString('utf8', 0, 16_384);
  const element = (name: string) => new RegExp(`<${name}>([^<]{0,4096})</${name}>`).exec(text)?.[1];
  const error = parseObject(body)?.error as JsonError | undefined;
  const reason = error?.errors?.[0]?.reason;
  const message = [error?.message, [element('Message'), element('Details')].filter(Boolean).join(' ')].find(Boolean);
  const found = String(message ?? text);
  const code = typeof reason === 'string' ? reason : element('Code');
  // Emulators say no more than that something is not found; of a bucket, the service always says so.
  const missing = reason === 'notFound' && !/bucket does not exist/.test(found);
  if (missing || /No such object/.test(found)) return { code: MISSING, message: found };
  return { code: /^[A-Za-z.]{1,64}$/.exec(code ?? '')?.[0], message: found };
}

function kindOf(status: number, code: string | undefined, message: string): StoreKind {
  const byMessage = KIND_OF_MESSAGE.find(([pattern]) => pattern.test(message))?.[1];
  if (byMessage !== undefined) return byMessage;
  if (status === 429) return 'slow-down';
  if (code !== undefined) return lookup(KIND_OF_CODE, code) ?? (status >= 500 ? 'server-error' : 'other');
  if (status === 413) return 'too-large';
  return status >= 500 ? 'server-error' : 'not-a-store';
}

type Saying = readonly [kind: StoreKind | undefined, says: Partial<Issue>];

/** What stands behind a refusal beyond its code ("Troubleshooting" of Cloud Storage). */
function sayings(problem: StoreError, message: string, names: Names): Saying | undefined {
  const { kind, bucket } = problem;
  // Not `denied`: the roles allow it, and what depends on what they allow must not conclude anything.
  const found = BEHIND.find(({ pattern }) => pattern.test(message));
  if (found !== undefined) {
    const { title, shared, itself, detail, expected, fix } = found.words(bucket);
    return ['other', { title, detail, expected, fix, cause: itself.titled(shared) }];
  }
  if (kind === 'credentials') return [undefined, noLongerGood(names)];
  if (kind === 'quota') return [undefined, usedUp()];
  return kind === 'denied' ? [undefined, denied(problem, message, names)] : undefined;
}

const VERBS: Readonly<Record<string, string>> = {
  put: 'write to',
  get: 'read from',
  list: 'list',
  delete: 'delete from',
};

/** Overwriting takes the permission to delete: the service says which one it missed. */
function denied({ action, bucket }: StoreError, message: string, names: Names): Partial<Issue> {
  const permission = /(storage\.[A-Za-z]+\.[A-Za-z]+) access/.exec(message)?.[1];
  const verb = VERBS[action];
  if (permission === undefined || verb === undefined) return {};
  const account = names.account();
  return {
    title: `may not ${verb} ${bucket}: ${permission} is denied`,
    expected: `${permission} for ${account ?? 'these credentials'}`,
    fix: grant(bucket, permission, account),
    cause: cause.store('denied', permission).titled(`${permission} is denied to ${account ?? 'these credentials'}`),
  };
}

/** Quotas are those of the project, so all buckets meet the same. */
const usedUp = (): Partial<Issue> => ({
  title: 'a quota of the project for Cloud Storage is used up',
  expected: 'a quota that leaves room for Spacelift’s requests',
  cause: cause.google('quota'),
});

const noLongerGood = ({ account }: Names): Partial<Issue> => ({
  title: 'Cloud Storage does not accept the access token',
  detail: `Google gave it${account() === undefined ? '' : ` to ${account()}`}; the account may have been deleted or disabled since.`,
  expected: 'an account that exists and is enabled',
  fix:
    account() === undefined
      ? command(sh`gcloud auth application-default login`)
      : command(sh`gcloud iam service-accounts describe ${account() ?? ''}`),
  cause: cause.google('credentials', 'token'),
});

interface Behind {
  readonly pattern: RegExp;
  readonly words: (bucket: string) => {
    readonly itself: Cause;
    readonly title: string;
    readonly shared: string;
    readonly detail: string;
    readonly expected: string;
    readonly fix: Fix;
  };
}

const BEHIND: readonly Behind[] = [
  {
    pattern: /Cloud KMS key/,
    words: (bucket) => ({
      itself: cause.google('kms'),
      title: `the key that encrypts ${bucket} can’t be used`,
      shared: 'the key that encrypts the buckets can’t be used',
      detail:
        'Cloud Storage itself allows the operation; its service agent may not use the Cloud KMS key, or the key is disabled.',
      expected: 'roles/cloudkms.cryptoKeyEncrypterDecrypter on the key, for the service agent of Cloud Storage',
      fix: advice`see which key it is: ${sh`gcloud storage buckets describe gs://${bucket} --format=${'value(default_kms_key)'}`}\ngcloud storage service-agent --authorize-cmek=KEY`,
    }),
  },
  {
    pattern: /serviceusage\.services\.use access/,
    words: () => ({
      itself: cause.google('quota-project'),
      title: 'the quota project of these credentials may not be used: serviceusage.services.use is denied',
      shared: 'the quota project of these credentials may not be used: serviceusage.services.use is denied',
      detail:
        'The credentials file names a project that requests are billed to; a service account’s key file names none.',
      expected: 'serviceusage.services.use on that project',
      fix: advice`gcloud auth application-default set-quota-project PROJECT, or grant roles/serviceusage.serviceUsageConsumer on it`,
    }),
  },
  {
    pattern: /billing account|to be billed/i,
    words: (bucket) => ({
      itself: cause.google('billing'),
      title: `the project of ${bucket} has no active billing account`,
      shared: 'the project of the buckets has no active billing account',
      detail: 'Cloud Storage refuses every operation then.',
      expected: 'a project with billing enabled',
      fix: advice`gcloud billing projects link PROJECT --billing-account=BILLING_ACCOUNT`,
    }),
  },
  {
    pattern: /vpcServiceControls|prohibited by organization'?s policy/i,
    words: (bucket) => ({
      itself: cause.google('perimeter'),
      title: `a VPC Service Controls perimeter keeps this network from ${bucket}`,
      shared: 'a VPC Service Controls perimeter keeps this network from the buckets',
      detail: 'The roles may allow the operation; the perimeter around the project does not.',
      expected: 'access from inside the perimeter, or an ingress rule for Spacelift',
      fix: advice`run it inside the perimeter, or add an ingress rule: gcloud access-context-manager perimeters update PERIMETER --set-ingress-policies=FILE`,
    }),
  },
  {
    pattern: /retention policy|under active .*hold|Object .* is subject to/i,
    words: (bucket) => ({
      itself: cause.google('held', bucket),
      title: `a retention policy or hold keeps objects in ${bucket} from being deleted`,
      shared: `a retention policy or hold keeps objects in ${bucket} from being deleted`,
      detail: 'Spacelift overwrites and deletes what it stores.',
      expected: 'a bucket without retention policy and holds',
      fix: command(
        sh`gcloud storage buckets update gs://${bucket} --clear-retention-period --no-default-event-based-hold`,
      ),
    }),
  },
];
