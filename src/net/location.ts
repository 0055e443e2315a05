/** Failures that the location of this tool explains: `--from outside`. */
import ipaddr from 'ipaddr.js';
import type { Run } from '../engine/check.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail, type Skip, skip } from '../outcome/outcome.ts';
import { isIP } from '../util/ip.ts';
import { resolve } from './dns.ts';
import { noDnsServer } from './messages.ts';
import type { NetworkError, NetworkKind } from './network-error.ts';
import { unbracketed } from './tcp.ts';

/** Kinds of errors that the location can explain; a wrong response is wrong from everywhere. */
const EXPLAINED: readonly NetworkKind[] = ['dns', 'refused', 'timeout', 'unreachable', 'closed'];

/** Endings of names that resolve only in a private network (Kubernetes, RFC 6762, RFC 8375, ICANN's .internal). */
const PRIVATE_ENDINGS = ['svc', 'cluster.local', 'local', 'internal', 'home.arpa', 'localdomain', 'localhost', 'lan'];

/** Whether an address is loopback, private, link-local, shared (RFC 6598), or unique-local. */
export function isPrivateAddress(address: string): boolean {
  return ipaddr.isValid(address) && ipaddr.process(address).range() !== 'unicast';
}

/** Whether a name can be expected to resolve only in Spacelift's own network. */
export function isPrivateName(host: string): boolean {
  const name = host.replace(/\.$/, '').toLowerCase();
  return !name.includes('.') || PRIVATE_ENDINGS.some((ending) => name.endsWith(`.${ending}`));
}

/**
 * Turns a failure to reach `host` into a skip if the tool runs outside of Spacelift's network and the host is inside of it;
 * `undefined` if it remains a failure.
 * @param others who reaches the host, as a sentence, if that is not this machine: its address then says nothing
 * @throws CheckStopped if no DNS server responds
 */
export async function skipIfOutside(
  run: Run,
  host: string,
  problem: NetworkError,
  others?: string,
): Promise<Skip | undefined> {
  // Without DNS, nothing is known about any host, so nothing explains it or makes it less than a failure.
  if (problem.dnsServers !== undefined) {
    const { title, ...words } = noDnsServer(host, problem.dnsServers);
    throw new CheckStopped(fail(title, words));
  }
  if (run.options.from !== 'outside' || !EXPLAINED.includes(problem.kind)) return undefined;
  const bare = unbracketed(host);
  const inside =
    others !== undefined ||
    (isIP(bare) === 0 ? isPrivateName(bare) || (await resolvesToPrivate(run, bare)) : isPrivateAddress(bare));
  if (!inside) return undefined;
  return skip(`${host} can’t be reached from here`, {
    detail: others ?? 'It is in a private network, and this run is outside of that network.',
    fix: advice`run this tool inside that network with --from inside: as a Kubernetes Job with envFrom for the same Secrets, or as a one-off ECS task`,
    evidence: { host, observed: problem.kind },
  });
}

async function resolvesToPrivate(run: Run, host: string): Promise<boolean> {
  try {
    return (await resolve(run, host)).every(isPrivateAddress);
  } catch {
    return false;
  }
}
