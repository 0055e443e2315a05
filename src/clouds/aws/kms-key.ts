/** A KMS key that can't be used, whichever service shows it: one key in one state is one cause. */

import type { Run } from '../../engine/check.ts';
import { type Cause, cause } from '../../outcome/cause.ts';
import { type Shell, sh } from '../../outcome/fix.ts';
import { lookup } from '../../util/lookup.ts';

interface State {
  readonly says: string;
  readonly expected: string;
  /** What makes the key usable; none where only another key is. */
  readonly commands?: (key: string) => readonly Shell[];
}

const enable = (key: string): Shell => sh`aws kms enable-key --key-id ${key}`;

const STATES: Readonly<Record<string, State>> = {
  Disabled: { says: 'is disabled', expected: 'an enabled key', commands: (key) => [enable(key)] },
  InvalidState: {
    says: 'can’t be used: it is pending deletion or import',
    expected: 'an enabled key',
    commands: (key) => [sh`aws kms cancel-key-deletion --key-id ${key}`, enable(key)],
  },
  NotFound: { says: 'is not there', expected: 'a key that exists' },
  InvalidKeyUsage: { says: 'is not for encryption', expected: 'a key of usage ENCRYPT_DECRYPT' },
};

/** KMS's code without what each service writes around it: `DisabledException`, `KMS.DisabledException`, `KmsDisabled`. */
const nameOf = (code: string): string =>
  code
    .replace(/^KMS\./, '')
    .replace(/^KMS/i, '')
    .replace(/Exception$/, '');

/** What a code of KMS says of the key, as KMS, S3 and SQS write it. */
export const keyState = (code: string): State =>
  lookup(STATES, nameOf(code)) ?? {
    says: `can’t be used (${code})`,
    expected: 'a key that can be used',
    commands: (key) => [sh`aws kms describe-key --key-id ${key}`],
  };

/** @param arn of the key */
export const keyCause = (arn: string, code: string): Cause =>
  cause.kmsKey(arn, nameOf(code)).titled(`the KMS key ${arn} ${keyState(code).says}`);

/** The ARN of a key that is written as an id or an alias, in the account and region of the config. */
export function keyArn(run: Run, written: string): string {
  if (written.startsWith('arn:')) return written;
  const name = written.startsWith('alias/') ? written : `key/${written}`;
  return `arn:${run.require('AWS_PARTITION')}:kms:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:${name}`;
}

const KEY_ARN = /arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+/;

/** The ARN of the key that a message names. */
export const keyArnIn = (message: string): string | undefined => KEY_ARN.exec(message)?.[0];
