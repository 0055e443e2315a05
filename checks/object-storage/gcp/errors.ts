/** Interprets responses of Cloud Storage: JSON API, XML API, and the plain text of its downloads. */

import { parseObject } from '../../../src/clouds/google/http.ts';
import type { HttpAnswer } from '../../../src/net/http.ts';
import { redirectTarget } from '../../../src/net/redirect.ts';
import { retryAfterIn } from '../../../src/net/retry.ts';
import { type Cause, cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { lookup } from '../../../src/util/lookup.ts';
import { held, undeletable } from '../held.ts';
import { type At, StoreError, type StoreKind } from '../store.ts';
import { grant, type Names, release } from './messages.ts';

/** By the XML API's `Code` or the JSON API's `reason` ("HTTP status and error codes" of each). */
const KIND_OF_CODE: Readonly<Record<string, StoreKind>> = {
  AccessDenied: 'denied',
  forbidden: 'denied',
  insufficientPermissions: 'denied',
  AuthenticationRequired: 'credentials',
  authError: 'credentials',
  required: 'credentials',
  SignatureDoesNotMatch: 'signature',
  // A proxy added something to a signed request, or removed something from it.
  MalformedSecurityHeader: 'signature',
  // A URL that was just signed can be expired only if the clocks differ.
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

/** The kind by the service's message, where its code does not tell: the first match wins. The message is never shown. */
const KIND_OF_MESSAGE: readonly (readonly [RegExp, StoreKind])[] = [
  [/No such object|The specified key does not exist/, 'other'],
  [/bucket does not exist/, 'no-bucket'],
  [/^Invalid bucket name/, 'invalid-name'],
  [/does not have storage\.[\w.]+ access/, 'denied'],
];

export const MISSING = 'NoSuchKey';

/** The error in a response, or `undefined` if Cloud Storage did what was asked. */
export function gcpRefusal(answer: HttpAnswer, at: At, names: Names): StoreError | undefined {
  const { status, headers, body } = answer;
  // The response to a signed PUT is an empty page.
  const page = /^text\/html/i.test(headers['content-type'] ?? '') && body.length > 0;
  if (status < 300 && !page) return undefined;
  const { code, message } = said(answer);
  const location = code === undefined ? redirectTarget(answer) : undefined;
  if (location !== undefined) return new StoreError('redirected', { ...at, status, location });
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

/** The JSON in a response. @throws StoreError */
export function jsonOf(answer: HttpAnswer, at: At): Readonly<Record<string, unknown>> {
  const value = parseObject(answer.body);
  if (value === undefined) throw new StoreError('not-a-store', { ...at, status: answer.status });
  return value;
}

interface JsonError {
  readonly message?: unknown;
  readonly errors?: readonly { readonly reason?: unknown }[];
}

/** The service's code and message, for matching only. */
function said({ body }: HttpAnswer): { code: string | undefined; message: string } {
  const text = body.toString('utf8', 0, 16_384);
  const element = (name: string) => new RegExp(`<${name}>([^<]{0,4096})</${name}>`).exec(text)?.[1];
  const error = parseObject(body)?.error as JsonError | undefined;
  const reason = error?.errors?.[0]?.reason;
  const message = [error?.message, [element('Message'), element('Details')].filter(Boolean).join(' ')].find(Boolean);
  const found = String(message ?? text);
  const code = typeof reason === 'string' ? reason : element('Code');
  // Emulators say only that something was not found; the service names the bucket if that is what is missing.
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

/** The cause of an error beyond its code (Cloud Storage documentation, "Troubleshooting"). */
function sayings(problem: StoreError, message: string, names: Names): Saying | undefined {
  const { kind, bucket } = problem;
  // Not `denied`: the roles allow the operation, and other checks draw conclusions from `denied`.
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

/** Overwriting requires the permission to delete: the service names the missing permission. */
function denied({ action, bucket }: StoreError, message: string, names: Names): Partial<Issue> {
  const permission = /(storage\.[A-Za-z]+\.[A-Za-z]+) access/.exec(message)?.[1];
  const verb = VERBS[action];
  if (permission === undefined || verb === undefined) return {};
  const account = names.account();
  return {
    title: `the credentials lack ${permission}, which is needed to ${verb} ${bucket}`,
    expected: `${permission} for ${account ?? 'these credentials'}`,
    fix: grant(bucket, permission, account),
    cause: cause.store('denied', permission).titled(`${permission} is missing for ${account ?? 'the credentials'}`),
  };
}

/** Quotas apply to the project, so all buckets share them. */
const usedUp = (): Partial<Issue> => ({
  title: 'a Cloud Storage quota of the project is exhausted',
  expected: 'a quota that leaves room for Spacelift’s requests',
  cause: cause.google('quota'),
});

const noLongerGood = ({ account }: Names): Partial<Issue> => ({
  title: 'Cloud Storage rejected the access token',
  detail: `Google issued it${account() === undefined ? '' : ` to ${account()}`}; the account may have been deleted or disabled since.`,
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
        'Cloud Storage itself allows the operation, but its service agent is not allowed to use the Cloud KMS key, or the key is disabled.',
      expected: 'roles/cloudkms.cryptoKeyEncrypterDecrypter on the key, for the service agent of Cloud Storage',
      fix: advice`find the key: ${sh`gcloud storage buckets describe gs://${bucket} --format=${'value(default_kms_key)'}`}\ngcloud storage service-agent --authorize-cmek=KEY`,
    }),
  },
  {
    pattern: /serviceusage\.services\.use access/,
    words: () => ({
      itself: cause.google('quota-project'),
      title: 'the credentials lack serviceusage.services.use on their quota project',
      shared: 'the credentials lack serviceusage.services.use on their quota project',
      detail:
        'The credentials file names a project to bill requests to; a service account’s key file does not name one.',
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
      detail: 'Without one, Cloud Storage refuses every operation.',
      expected: 'a project with billing enabled',
      fix: advice`gcloud billing projects link PROJECT --billing-account=BILLING_ACCOUNT`,
    }),
  },
  {
    pattern: /vpcServiceControls|prohibited by organization'?s policy/i,
    words: (bucket) => ({
      itself: cause.google('perimeter'),
      title: `a VPC Service Controls perimeter blocks this network from ${bucket}`,
      shared: 'a VPC Service Controls perimeter blocks this network from the buckets',
      detail: 'The roles may allow the operation, but the perimeter around the project does not.',
      expected: 'access from inside the perimeter, or an ingress rule for Spacelift',
      fix: advice`run inside the perimeter, or add an ingress rule: gcloud access-context-manager perimeters update PERIMETER --set-ingress-policies=FILE`,
    }),
  },
  {
    pattern: /retention policy|under active .*hold|Object .* is subject to/i,
    words: (bucket) => ({
      itself: cause.google('held', bucket),
      title: undeletable(bucket),
      shared: undeletable(bucket),
      ...held(release(bucket)),
    }),
  },
];
