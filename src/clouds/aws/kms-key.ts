/** A KMS key that can't be used, no matter which service reports it: one key in one state is one cause. */

import type { Run } from '../../engine/check.ts';
import { type Cause, cause } from '../../outcome/cause.ts';
import { type Shell, sh } from '../../outcome/fix.ts';
import { lookup } from '../../util/lookup.ts';

interface State {
  readonly says: string;
  readonly expected: string;
  /** The commands that make the key usable; absent if only another key can be used. */
  readonly commands?: (key: string) => readonly Shell[];
}

/** Without its region, a command asks the region of whoever runs it. */
function asking(verb: string, key: string): Shell {
  const region = key.startsWith('arn:') ? key.split(':')[3] : undefined;
  return region === undefined
    ? sh`aws kms ${verb} --key-id ${key}`
    : sh`aws kms ${verb} --key-id ${key} --region ${region}`;
}

const STATES: Readonly<Record<string, State>> = {
  Disabled: { says: 'is disabled', expected: 'an enabled key', commands: (key) => [asking('enable-key', key)] },
  InvalidState: {
    says: 'can’t be used: it is pending deletion or import',
    expected: 'an enabled key',
    commands: (key) => [asking('cancel-key-deletion', key), asking('enable-key', key)],
  },
  NotFound: { says: 'does not exist', expected: 'a key that exists' },
  InvalidKeyUsage: { says: 'is not an encryption key', expected: 'a key with the usage ENCRYPT_DECRYPT' },
};

/** KMS's code without each service's additions: `DisabledException`, `KMS.DisabledException`, `KmsDisabled`. */
const nameOf = (code: string): string =>
  code
    .replace(/^KMS\./, '')
    .replace(/^KMS/i, '')
    .replace(/Exception$/, '');

/** The state of the key for a KMS code, in the form of KMS, S3, or SQS. */
export const keyState = (code: string): State =>
  lookup(STATES, nameOf(code)) ?? {
    says: `can’t be used (${code})`,
    expected: 'a key that can be used',
  };

/** @param arn the ARN of the key */
export const keyCause = (arn: string, code: string): Cause =>
  cause.kmsKey(arn, nameOf(code)).titled(`the KMS key ${arn} ${keyState(code).says}`);

/** The ARN of a key given as an ID or alias, in the config's account and region. */
export function keyArn(run: Run, written: string): string {
  if (written.startsWith('arn:')) return written;
  const name = written.startsWith('alias/') ? written : `key/${written}`;
  return `arn:${run.require('AWS_PARTITION')}:kms:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:${name}`;
}

const KEY_ARN = /arn:[a-z-]+:kms:[a-z0-9-]+:\d{12}:key\/[A-Za-z0-9-]+/;

/** The key ARN in a message. */
export const keyArnIn = (message: string): string | undefined => KEY_ARN.exec(message)?.[0];
