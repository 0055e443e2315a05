/** What the check of the keys would do, and what KMS must permit. */

import type { ValueName } from '../../../src/config/contract.ts';
import type { Grant, PlannedOperation, Run } from '../../../src/engine/check.ts';

/** Permissions of the vendor's published policies (`DescribeKey` is not among them). */
const ENCRYPTS = ['kms:Encrypt', 'kms:Decrypt', 'kms:GenerateDataKey'];
const SIGNS = ['kms:GetPublicKey', 'kms:Sign'];

export function plan(run: Run): PlannedOperation[] {
  const multiRegion = run.deployment.lookup('AWS_SECONDARY_REGION').state !== 'unset';
  return [
    {
      rules: ['choice', 'kms/encryption-key', 'kms/distinct', ...(multiRegion ? ['kms/multi-region'] : [])],
      does: 'encrypts random bytes and decrypts them, asks for a data key and decrypts that',
      at: [run.require('ENCRYPTION_KMS_ENCRYPTION_KEY_ID')],
      grants: grantsOn(run, 'ENCRYPTION_KMS_ENCRYPTION_KEY_ID', ENCRYPTS),
    },
    {
      rules: ['kms/signing-key'],
      does: 'reads the public key, has a digest of random bytes signed, and verifies the signature here',
      at: [run.require('ENCRYPTION_KMS_SIGNING_KEY_ID')],
      grants: grantsOn(run, 'ENCRYPTION_KMS_SIGNING_KEY_ID', SIGNS),
    },
  ];
}

/** IAM takes the ARN of a key; an alias can only be a condition (KMS developer guide, "kms:RequestAlias"). */
function grantsOn(run: Run, variable: ValueName, actions: readonly string[]): Grant[] {
  const key = run.require(variable);
  const keys = `arn:${run.require('AWS_PARTITION')}:kms:${run.require('AWS_REGION')}:${run.require('AWS_ACCOUNT_ID')}:key`;
  const alias = /(?:^|:)(alias\/.+)$/.exec(key)?.[1];
  const resource = alias !== undefined ? `${keys}/*` : key.startsWith('arn:') ? key : `${keys}/${key}`;
  const condition = alias === undefined ? {} : { condition: { StringEquals: { 'kms:RequestAlias': alias } } };
  return actions.map((action) => ({ system: 'aws', action, resource, ...condition }));
}
