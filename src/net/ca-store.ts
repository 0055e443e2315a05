/** The certificate authorities that TLS trusts, and the proxies for requests: the caller's, and those that the config adds. */
import tls, { type SecureContext, type SecureContextOptions } from 'node:tls';
import type { Deployment } from '../config/deployment.ts';
import type { NetworkContext } from '../engine/check.ts';
import { timedOut } from './network-error.ts';
import { certificatesIn, readIfThere, systemAuthorities } from './system-store.ts';

const PROXIES = ['HTTPS_PROXY', 'HTTP_PROXY', 'NO_PROXY'].flatMap((name) => [name, name.toLowerCase()]);

/**
 * For everything together, and for the caller alone: Node's roots, the system's store, and the process's SSL_CERT_FILE and
 * proxies. SSL_CERT_FILE in a config is a path in Spacelift's container.
 * @param extra PEM, from `--ca-file`
 */
export function networkContext(deployment: Deployment, extra: string | undefined): NetworkContext {
  const { pems, party } = deployment.authorities;
  const added = pems.flatMap(certificatesIn);
  const own = once(() =>
    distinct([
      ...tls.getCACertificates('default'),
      ...systemAuthorities(deployment.own('SSL_CERT_DIR')?.split(':')),
      ...tls.getCACertificates('extra'),
      ...certificatesIn(extra ?? ''),
      ...(party === 'process' ? added : []),
      ...certificatesIn(readIfThere(deployment.own('SSL_CERT_FILE'))),
    ]),
  );
  const all = party === 'process' || added.length === 0 ? own : once(() => distinct([...own(), ...added]));
  const proxiesBy = (read: (name: string) => string | undefined) =>
    Object.fromEntries(PROXIES.map((name) => [name, read(name)]));
  return {
    authorities: all,
    proxies: proxiesBy((name) => deployment.setting(name)?.value),
    own: { authorities: own, proxies: proxiesBy(deployment.own) },
    timedOut,
  };
}

/** Whether the config adds proxies or CAs that requests with the caller's credentials do not use. */
export const changesNetworkContext = ({ authorities, setting }: Deployment): boolean =>
  (authorities.party === 'config' && authorities.pems.length > 0) ||
  PROXIES.some((name) => setting(name)?.party === 'config');

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => {
    made ??= { value: make() };
    return made.value;
  };
}

interface Known {
  readonly authorities: readonly string[];
  readonly context: SecureContext;
}

/** The newest first, and not more than a few: they hold all their certificates. */
let known: readonly Known[] = [];
const MOST_KNOWN = 4;

/**
 * A context that trusts these CAs. An equal list returns the same context, for all connections of all runs of a process:
 * reading hundreds of certificates takes longer than a handshake, and blocks everything else.
 */
export function secureContextFor(authorities: readonly string[]): SecureContext {
  const found = known.find((one) => isSame(one.authorities, authorities));
  const { context } = found ?? { context: makeSecureContext(authorities) };
  known = [{ authorities, context }, ...known.filter((one) => one !== found)].slice(0, MOST_KNOWN);
  return context;
}

const isSame = (some: readonly string[], others: readonly string[]): boolean =>
  some === others || (some.length === others.length && some.every((one, index) => one === others[index]));

/**
 * Like Go's verifier, and unlike Node by default, accepts a chain that ends at any of these certificates, for example at an
 * intermediate one without its root (`crypto/x509`, `Certificate.Verify`).
 */
export const makeSecureContext = (
  authorities: readonly string[],
  client: Pick<SecureContextOptions, 'cert' | 'key' | 'passphrase'> = {},
): SecureContext => tls.createSecureContext({ ca: [...authorities], allowPartialTrustChain: true, ...client });

/**
 * The first of those that differ at most in where their lines end: Node's own roots have longer lines than a system's, which has
 * each of them two or three times. Reading one takes 0.1 ms.
 */
function distinct(pems: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const pem of new Set(pems)) {
    const key = pem.replace(/\s+/g, '');
    if (!found.has(key)) found.set(key, pem);
  }
  return [...found.values()];
}
