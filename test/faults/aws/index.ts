/** Faults of an installation on EKS: identity, KMS, S3, SQS, IoT Core, X-Ray, and the way to each. */
import { EKS } from '../../support/estate.ts';
import type { Fault } from '../fault.ts';
import { IDENTITY } from './identity.ts';
import { IOT } from './iot.ts';
import { KMS } from './kms.ts';
import { REACH } from './reach.ts';
import { S3 } from './s3.ts';
import { SOURCE } from './source.ts';
import { SQS } from './sqs.ts';
import { WAY } from './way.ts';

export const AWS: readonly Fault[] = [...IDENTITY, ...SOURCE, ...KMS, ...S3, ...SQS, ...IOT, ...REACH, ...WAY].map(
  (fault) => ({
    at: EKS,
    ...fault,
  }),
);
