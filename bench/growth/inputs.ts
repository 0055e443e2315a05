/** Everything whose size an installation decides. */
import { configs } from './configs.ts';
import { documents } from './documents.ts';
import { servers } from './servers.ts';
import type { Growing } from './types.ts';

export const GROWING: readonly Growing[] = [...configs, ...servers, ...documents];
