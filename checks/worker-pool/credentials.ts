/** Where the credentials of a worker pool are: in variables of the launcher, or in the pool's own Secret. */
import type { Deployment, Lookup } from '../../src/config/deployment.ts';
import type { Entry } from '../../src/config/entry.ts';
import { POOL_SECRET, POOL_VARIABLES } from '../../src/config/worker-pool.ts';
import { advice } from '../../src/outcome/fix.ts';

/** A value under the name that it has in the config. */
export interface Credential {
  readonly name: string;
  readonly found: Lookup;
  /** If it is not set: the entry that was meant to be it. */
  readonly near?: Entry | undefined;
}

export interface Credentials {
  readonly token: Credential;
  readonly key: Credential;
}

/** `undefined` if the config has none. */
export function credentialsIn(deployment: Deployment): Credentials | undefined {
  const of = (name: (typeof POOL_VARIABLES)[keyof typeof POOL_VARIABLES]) => ({ name, found: deployment.lookup(name) });
  const [token, key] = [of(POOL_VARIABLES.token), of(POOL_VARIABLES.key)];
  if (token.found.state !== 'unset' || key.found.state !== 'unset') return { token, key };
  const { poolSecret } = deployment;
  return (
    poolSecret && {
      token: { name: POOL_SECRET.token, found: lookupOf(poolSecret.token), near: poolSecret.near.token },
      key: { name: POOL_SECRET.key, found: lookupOf(poolSecret.key), near: poolSecret.near.key },
    }
  );
}

function lookupOf(entry: Entry | undefined): Lookup {
  if (entry === undefined) return { state: 'unset' };
  const { kind, value, origin } = entry;
  return kind === 'known'
    ? { state: 'set', value, origin }
    : { state: 'unknown', origin, fix: advice`pass its value in an additional -f file` };
}
