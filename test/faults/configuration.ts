/** Faults that can be seen in the config alone: values, choices, RSA keys and the license. */
import { CHOICES } from './configuration/choices.ts';
import { FILES } from './configuration/files.ts';
import { LICENSE } from './configuration/license.ts';
import { LOGIN } from './configuration/login.ts';
import { PROXIES } from './configuration/proxies.ts';
import { RSA } from './configuration/rsa.ts';
import { SAML } from './configuration/saml.ts';
import { VALUES } from './configuration/values.ts';
import { WORKER_POOL } from './configuration/worker-pool.ts';
import type { Fault } from './fault.ts';

export const CONFIGURATION: readonly Fault[] = [
  ...VALUES,
  ...FILES,
  ...CHOICES,
  ...RSA,
  ...LICENSE,
  ...LOGIN,
  ...SAML,
  ...WORKER_POOL,
  ...PROXIES,
];
