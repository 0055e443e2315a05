/** Faults of Google Cloud Storage, and of what is on the way to it. */
import type { Fault } from './fault.ts';
import { BUCKETS } from './google/buckets.ts';
import { IDENTITY } from './google/identity.ts';
import { WAY } from './google/way.ts';

export const GOOGLE: readonly Fault[] = [...IDENTITY, ...BUCKETS, ...WAY];
