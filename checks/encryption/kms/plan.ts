/** The operations of the KMS rules, and the permissions that they need. */

import type { ValueName } from '../../../src/config/contract.ts';
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Grant, PlannedOperation, Run } from '../../../src/engine/check.ts';

/** Permissions in the policies that Spacelift publishes (`DescribeKey` is not among them). */
const ENCRYPTS = ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey'];
const SIGNS = ['kms:GetPublicKey', 'kms:Sign'];

export function plan(run: Run): PlannedOperation[] {
  const multiRegion = usesSecondaryRegion(run.deployment);
  return [
    {
      rules: ['choice', 'kms/encryption-key', 'kms/distinct', ...(multiRegion ? ['kms/multi-region'] : [])],
      does: 'encrypts and decrypts random bytes, and generates and decrypts a data key',
      at: [run.require('ENCRYPTION_KMS_ENCRYPTION_KEY_ID')],
      grants: grantsOn(run, 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID', ENCRYPTS),
    },
    {
      rules: ['kms/signing-key'],
      does: 'reads the public key, signs a digest of random bytes, and verifies the signature on this machine',
      at: [run.require('ENCRYPTION_KMS_SIGNING_KEY_ID')],
      grants: grantsOn(run, 'ENCRYPTION_KMS_SIGNING_KEY_ID', SIGNS),
    },
  ];
}

/** IAM accepts the ARN of a key; an alias is possible only as a condition (KMS developer guide, "kms:RequestAlias"). */
function grantsOn(run: Run, variable: ValueName, actions: readonly string[]): Grant[] {
  const key = run.require(variable);
  const keys = `arn:${run.require('AWS_PARTITION')}:kms:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:key`;
  const alias = /(?:^|:)(alias\/.+)$/.exec(key)?.[1];
  const resource = alias !== undefined ? `${keys}/*` : key.startsWith('arn:') ? key : `${keys}/${key}`;
  const condition = alias === undefined ? {} : { condition: { StringEquals: { 'kms:RequestAlias': alias } } };
  return actions.map((action) => ({ system: 'aws', action, resource, ...condition }));
}
