/** Where the credentials of a worker pool are: in variables of the launcher, or in the pool's own Secret. */
import type { Deployment, Lookup } from '../../src/config/deployment.ts';
import { holdsPoolSecret, POOL_SECRET, POOL_VARIABLES } from '../../src/config/worker-pool.ts';
import { advice } from '../../src/outcome/fix.ts';

/** A value under the name that it has in the config. */
export interface Credential {
  readonly name: string;
  readonly found: Lookup;
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
  return inSecret(deployment);
}

function inSecret({ entry }: Deployment): Credentials | undefined {
  const [token, key] = [entry(POOL_SECRET.token), entry(POOL_SECRET.key)];
  if (token === undefined || key === undefined || !holdsPoolSecret([token, key])) return undefined;
  const of = ({ name, kind, value, origin }: typeof token): Credential => ({
    name,
    found:
      kind === 'known'
        ? { state: 'set', value, origin }
        : { state: 'unknown', origin, fix: advice`pass its value in an additional -f file` },
  });
  return { token: of(token), key: of(key) };
}
