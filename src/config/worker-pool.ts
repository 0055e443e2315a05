/** The credentials of a worker pool: variables of its launcher, or keys in its own Secret (vendor's docs, "Kubernetes workers"). */
import { isForSdk, isSpacelifts } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import type { Perspective } from './options.ts';

export const POOL_VARIABLES = { token: 'SPACELIFT_TOKEN', key: 'SPACELIFT_POOL_PRIVATE_KEY' } as const;
export const POOL_SECRET = { token: 'token', key: 'privateKey' } as const;

/** What a worker pool's Secret holds; at least one of its keys. */
export interface PoolSecret {
  readonly token: Entry | undefined;
  readonly key: Entry | undefined;
  /** The entries that were meant to be a missing key. */
  readonly near: { readonly token: Entry | undefined; readonly key: Entry | undefined };
}

/** Other names that people give to the keys, in lower case and without separators. */
const NEAR = {
  token: /^(?:spacelift|worker)*(?:pool)?token$/,
  key: /^(?:spacelift|worker)*(?:pool)?(?:private)?key$/,
} as const;

/**
 * The worker pool's Secret. Others may have a key called token too: only both together are a worker pool's, or one of them in
 * a file that holds nothing else for Spacelift, when the caller checks a worker.
 */
export function poolSecretIn(
  sources: readonly Pick<Source, 'entries'>[],
  service: Perspective | undefined,
): PoolSecret | undefined {
  const whole = objectsIn(sources).find((entries) =>
    Object.values(POOL_SECRET).every((wanted) => entries.some(({ name }) => name === wanted)),
  );
  if (whole !== undefined || service !== 'worker') return whole && poolSecretOf(whole);
  const own = sources.filter(({ entries }) => !entries.some(({ name }) => isSpacelifts(name)));
  return objectsIn(own)
    .map(poolSecretOf)
    .find((found) => found !== undefined);
}

const objectsIn = (sources: readonly Pick<Source, 'entries'>[]): Entry[][] =>
  sources.flatMap(({ entries }) => [...Map.groupBy(entries, ({ origin }) => origin).values()]);

function poolSecretOf(entries: readonly Entry[]): PoolSecret | undefined {
  const held = entries.filter(({ kind, value }) => kind !== 'known' || value !== '');
  const named = (name: string) => held.find((entry) => entry.name === name);
  const like = (key: keyof typeof NEAR) =>
    held.find(({ name }) => name !== POOL_SECRET[key] && NEAR[key].test(name.replace(/[-_.]/g, '').toLowerCase()));
  const [token, key] = [named(POOL_SECRET.token), named(POOL_SECRET.key)];
  return token === undefined && key === undefined
    ? undefined
    : { token, key, near: { token: like('token'), key: like('key') } };
}

const isPools = (name: string): boolean => name === POOL_VARIABLES.token || name === POOL_VARIABLES.key;

/** Whether the sources hold a worker pool's credentials and no other variable of Spacelift. */
export function hasPoolAlone(sources: readonly Source[], service: Perspective | undefined): boolean {
  const names = sources.flatMap(({ entries }) => entries.map(({ name }) => name));
  return (
    (names.some(isPools) || poolSecretIn(sources, service) !== undefined) &&
    names.every((name) => isPools(name) || isForSdk(name) || !isSpacelifts(name)) &&
    sources.every(({ incomplete, terraform }) => !incomplete && terraform === undefined)
  );
}
