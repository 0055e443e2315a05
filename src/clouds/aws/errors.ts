/** Errors of AWS credentials: the same in every check, so that one cause is one failure. */

import { cause } from '../../outcome/cause.ts';
import { advice, command, type Fix, sh } from '../../outcome/fix.ts';
import { fail, type Issue } from '../../outcome/outcome.ts';
import { span } from '../../util/format.ts';
import { lookup } from '../../util/lookup.ts';

export type CredentialKind =
  /** None were found, or the role that should provide them was refused. */
  | 'missing'
  /** The source that the caller selects (a file, a program, a login, a server) provides none; the facts say why. */
  | 'source'
  /** AWS does not recognize the access key. */
  | 'invalid'
  /** AWS recognizes the access key, but rejects the secret key. */
  | 'signature'
  | 'expired'
  | 'clock-skew';

/** Details beyond the kind. */
export interface CredentialFacts {
  /** A more specific title than the kind's. */
  readonly title?: string;
  readonly expected?: string;
  /** Where credentials were searched for, and the result. */
  readonly detail?: string;
  /** A more specific fix than the kind's. */
  readonly fix?: Fix;
  /** How far the server's clock is ahead of this machine's, ms; negative: behind. */
  readonly skewMs?: number | undefined;
  /** The service's own code; never its message. */
  readonly code?: string | undefined;
}

/** An error of credentials, as a value. */
export class CredentialError extends Error {
  readonly kind: CredentialKind;
  readonly facts: CredentialFacts;
  constructor(kind: CredentialKind, facts: CredentialFacts = {}) {
    super(kind);
    this.name = 'CredentialError';
    this.kind = kind;
    this.facts = facts;
  }
}

const KIND_OF_CODE: Readonly<Record<string, CredentialKind>> = {
  CredentialsProviderError: 'missing',
  MissingAuthenticationToken: 'missing',
  InvalidAccessKeyId: 'invalid',
  InvalidClientTokenId: 'invalid',
  InvalidToken: 'invalid',
  UnrecognizedClientException: 'invalid',
  SignatureDoesNotMatch: 'signature',
  InvalidSignatureException: 'signature',
  ExpiredToken: 'expired',
  ExpiredTokenException: 'expired',
  RequestExpired: 'expired',
  RequestTimeTooSkewed: 'clock-skew',
  RequestInTheFuture: 'clock-skew',
};

/** IoT Core has one code for every refusal, and gives the reason only in its message. */
const SAID: readonly (readonly [RegExp, CredentialKind])[] = [
  [/^Missing Authentication Token/i, 'missing'],
  [/security token included in the request is (invalid|not valid)/i, 'invalid'],
  [/security token included in the request (is|has) expired/i, 'expired'],
  [/signature (expired|not yet current)/i, 'clock-skew'],
  [/request signature we calculated does not match/i, 'signature'],
];

/**
 * The error of the credentials in an error of any AWS service; `undefined` if it is about something else.
 * @param message for matching only: services with JSON protocols use one code for a wrong secret key and a wrong clock
 */
export function credentialKind(code: string | undefined, message = ''): CredentialKind | undefined {
  const kind = code === 'ForbiddenException' ? kindSaid(message) : lookup(KIND_OF_CODE, code);
  if (kind === 'signature' && /signature (expired|not yet current)/i.test(message)) return 'clock-skew';
  if (kind === 'missing' && /expired/i.test(message)) return 'expired';
  return kind;
}

const kindSaid = (message: string) => SAID.find(([pattern]) => pattern.test(message))?.[1];

interface CredentialMessage {
  readonly title: string;
  readonly detail?: string;
  readonly expected: string;
  readonly fix: Fix;
}

const SAYS: Readonly<Record<CredentialKind, (facts: CredentialFacts) => CredentialMessage>> = {
  missing: () => ({
    title: 'no AWS credentials found',
    expected: 'credentials from the environment, a profile, or the role of the task, pod, or instance',
    fix: advice`give Spacelift a role (task role, pod identity, instance profile), or set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
  }),
  source: () => SAYS.missing({}),
  invalid: () => ({
    title: 'AWS does not recognize the access key',
    detail: 'It was deleted, is inactive, or is temporary and lacks its AWS_SESSION_TOKEN.',
    expected: 'an access key that exists and is active',
    fix: advice`set AWS_ACCESS_KEY_ID to an access key that exists (${sh`aws iam list-access-keys`}), and for a temporary key set AWS_SESSION_TOKEN too`,
  }),
  signature: () => ({
    title: 'AWS rejected the secret key',
    expected: 'the secret key that belongs to the access key',
    fix: advice`set AWS_SECRET_ACCESS_KEY to the secret key that belongs to AWS_ACCESS_KEY_ID, or create a new pair: ${sh`aws iam create-access-key`}`,
  }),
  expired: () => ({
    title: 'the AWS credentials have expired',
    expected: 'credentials that are valid now',
    fix: advice`get new credentials (aws sso login), or give Spacelift a role, whose credentials are renewed automatically`,
  }),
  'clock-skew': ({ skewMs }) => ({
    title: `the clocks of this machine and AWS differ${skewMs === undefined ? '' : ` by ${span(skewMs)}`}`,
    ...(skewMs !== undefined && { detail: `This machine’s clock is ${skewMs > 0 ? 'behind' : 'ahead'}.` }),
    expected: 'clocks at most 5 minutes apart (S3: 15): signatures include the time',
    fix: command(sh`timedatectl set-ntp true`, { note: 'set this machine’s clock' }),
  }),
};

/** The failure for a kind of error, the same for every service. */
export function credentialIssue(kind: CredentialKind, facts: CredentialFacts = {}): Issue {
  const { title, detail, expected, fix } = SAYS[kind](facts);
  const told = facts.detail ?? detail;
  return fail(facts.title ?? title, {
    ...(told !== undefined && { detail: told }),
    expected: facts.expected ?? expected,
    fix: facts.fix ?? fix,
    ...(facts.code !== undefined && { evidence: { code: facts.code } }),
    cause: cause.awsCredentials(kind),
  });
}
