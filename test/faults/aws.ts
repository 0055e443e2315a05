/** Faults of AWS: identity, S3, KMS, SQS and IoT Core. */
import type { Fault } from './fault.ts';

export const AWS: readonly Fault[] = [];
