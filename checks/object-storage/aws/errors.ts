/** Turns the errors of S3, of the SDK, and of the connection into values with a kind. */

import { isUnread } from '../../../src/clouds/aws/call.ts';
import { CredentialError, type CredentialKind, credentialIssue } from '../../../src/clouds/aws/errors.ts';
import { HttpErrorResponse } from '../../../src/clouds/aws/transport.ts';
import type { HttpAnswer } from '../../../src/net/http.ts';
import { networkErrorOr } from '../../../src/net/network-error.ts';
import { messageIn, s3Refusal } from '../s3-protocol.ts';
import { type StoreAction, StoreError, type StoreKind } from '../store.ts';
import { awsSays, keySays, type Names } from './messages.ts';

export interface At {
  readonly action: StoreAction;
  readonly bucket: string;
}

const KINDS: Readonly<Record<CredentialKind, StoreKind>> = {
  missing: 'credentials',
  source: 'credentials',
  invalid: 'credentials',
  signature: 'signature',
  expired: 'expired',
  'clock-skew': 'clock-skew',
};

/** Turns everything that the SDK and the transport can throw into a StoreError or NetworkError. */
export function meaningOf(error: unknown, at: At, names: Names): unknown {
  if (error instanceof HttpErrorResponse) return awsRefusal(error.answer, at, names) ?? error;
  if (error instanceof CredentialError) {
    return new StoreError(KINDS[error.kind], { ...at, says: credentialIssue(error.kind, error.facts) });
  }
  const problem = networkErrorOr(error);
  return isUnread(problem) ? new StoreError('not-a-store', at) : problem;
}

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
