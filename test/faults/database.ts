/** Faults of the database, and of the queue in it. */
import { LOGIN } from './database/login.ts';
import { PLACES } from './database/places.ts';
import { ROLES } from './database/roles.ts';
import { RULES } from './database/rules.ts';
import { TLS } from './database/tls.ts';
import { WAY } from './database/way.ts';
import type { Fault } from './fault.ts';

export const DATABASE: readonly Fault[] = [...WAY, ...LOGIN, ...TLS, ...RULES, ...ROLES, ...PLACES];
