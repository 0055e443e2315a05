/** The credentials of a worker pool: variables of its launcher, or keys in its own Secret (vendor's docs, "Kubernetes workers"). */
import type { Entry } from './entry.ts';

export const POOL_VARIABLES = { token: 'SPACELIFT_TOKEN', key: 'SPACELIFT_POOL_PRIVATE_KEY' } as const;
export const POOL_SECRET = { token: 'token', key: 'privateKey' } as const;

/** Whether there is a worker pool's Secret. Others may have a key called token too: only both together are a worker pool's. */
export function holdsPoolSecret(entries: readonly Entry[]): boolean {
  const origins = (name: string) => entries.filter((entry) => entry.name === name).map(({ origin }) => origin);
  const keys = new Set(origins(POOL_SECRET.key));
  return origins(POOL_SECRET.token).some((origin) => keys.has(origin));
}
