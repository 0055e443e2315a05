/** The permissions that S3 must grant. */
import type { Run } from '../../../src/engine/check.ts';
import { type Grants, s3Grants } from '../grants.ts';
import { awsMessages } from './messages.ts';

export function grants(run: Run): Grants {
  const partition = run.require('AWS_PARTITION');
  const { permission } = awsMessages({
    region: run.require('AWS_REGION'),
    partition,
    account: undefined,
    endpointFrom: undefined,
  });
  return s3Grants('aws', partition, {
    ...permission,
    'read policy': ['s3:GetBucketPolicyStatus', 's3:GetBucketPublicAccessBlock'],
  });
}
