/** Faults of Azure Blob Storage, and of what is on the way to it. */
import { CONTAINERS } from './azure/containers.ts';
import { IDENTITY } from './azure/identity.ts';
import { WAY } from './azure/way.ts';
import type { Fault } from './fault.ts';

export const AZURE: readonly Fault[] = [...IDENTITY, ...CONTAINERS, ...WAY];
