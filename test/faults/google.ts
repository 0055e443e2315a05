/** Faults of Google Cloud Storage. */
import type { Fault } from './fault.ts';

export const GOOGLE: readonly Fault[] = [];
