/** The meaning of S3’s errors, and of those of its credentials. */

import { CredentialError, type CredentialKind, credentialIssue } from '../../../src/clouds/aws/errors.ts';
import type { HttpAnswer } from '../../../src/net/http.ts';
import { messageIn, s3Refusal } from '../s3/protocol.ts';
import { type At, StoreError, type StoreKind } from '../store.ts';
import { awsSays, keySays, type Names } from './messages.ts';

const KINDS: Readonly<Record<CredentialKind, StoreKind>> = {
  missing: 'credentials',
  source: 'credentials',
  invalid: 'credentials',
  signature: 'signature',
  expired: 'expired',
  'clock-skew': 'clock-skew',
};

/** Turns an error of the credentials into a StoreError; returns others unchanged. */
export const withCredentials = (error: unknown, at: At): unknown =>
  error instanceof CredentialError
    ? new StoreError(KINDS[error.kind], { ...at, says: credentialIssue(error.kind, error.facts) })
    : error;

/** The error in a response, or `undefined` for a success. */
export function awsRefusal(answer: HttpAnswer, at: At, names: Names): StoreError | undefined {
  const problem = s3Refusal(answer, at);
  if (problem === undefined) return undefined;
  const message = messageIn(answer);
  // Not `denied`: S3 itself allows the operation, and other checks draw conclusions from `denied`.
  const byKey = keySays(problem, message);
  if (byKey !== undefined) return new StoreError('other', { ...problem, says: byKey });
  return new StoreError(problem.kind, { ...problem, says: awsSays(problem, message, names) });
}
