/** Faults of Azure Blob Storage. */
import type { Fault } from './fault.ts';

export const AZURE: readonly Fault[] = [];
