/** Where the credentials of a worker pool are: in variables of the launcher, or in the pool's own Secret. */
import type { Deployment, Lookup } from '../../src/config/deployment.ts';
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

/** The variables of the launcher, and the keys in a Secret that the vendor's guide creates (docs, "Kubernetes workers"). */
const VARIABLES = { token: 'SPACELIFT_TOKEN', key: 'SPACELIFT_POOL_PRIVATE_KEY' } as const;
const IN_SECRET = { token: 'token', key: 'privateKey' } as const;

/** `undefined` if the config has none. */
export function credentialsIn(deployment: Deployment): Credentials | undefined {
  const of = (name: (typeof VARIABLES)[keyof typeof VARIABLES]) => ({ name, found: deployment.lookup(name) });
  const [token, key] = [of(VARIABLES.token), of(VARIABLES.key)];
  if (token.found.state !== 'unset' || key.found.state !== 'unset') return { token, key };
  return inSecret(deployment);
}

/** Other Secrets may have a key called token too: only both together are a worker pool's. */
function inSecret({ entry }: Deployment): Credentials | undefined {
  const [token, key] = [entry(IN_SECRET.token), entry(IN_SECRET.key)];
  if (token === undefined || key === undefined || token.origin !== key.origin) return undefined;
  const of = ({ name, kind, value, origin }: typeof token): Credential => ({
    name,
    found:
      kind === 'known'
        ? { state: 'set', value, origin }
        : { state: 'unknown', origin, fix: advice`pass its value in an additional -f file` },
  });
  return { token: of(token), key: of(key) };
}
