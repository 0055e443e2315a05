/** Faults of MinIO, and of what stands in front of it. */
import type { Fault } from './fault.ts';
import { OF_ANSWERS } from './minio/answers.ts';
import { OF_BUCKETS } from './minio/buckets.ts';
import { OF_STORES } from './minio/stores.ts';
import { ON_THE_WAY } from './minio/way.ts';

export const MINIO: readonly Fault[] = [...OF_BUCKETS, ...OF_ANSWERS, ...OF_STORES, ...ON_THE_WAY];
