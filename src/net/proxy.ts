/** The proxy that the environment sets for a target, read like Go's clients (golang.org/x/net/http/httpproxy). */
import ipaddr, { type IPv4, type IPv6 } from 'ipaddr.js';
import { asAscii, type Exemption, entriesIn, exemptionOf } from '../config/no-proxy.ts';
import type { Environment } from '../config/options.ts';
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail } from '../outcome/outcome.ts';
import { isIP } from '../util/ip.ts';
import { type Address, unbracketed } from './tcp.ts';

/**
 * The proxy for a target, or `undefined` for a direct connection.
 * Servers on this machine are never reached through a proxy.
 * @param target `secure` chooses between HTTPS_PROXY and HTTP_PROXY; gRPC always uses the former
 * @throws CheckStopped if the variable contains no proxy that Go could use
 */
export function proxyFor(environment: Environment, target: Address & { readonly secure: boolean }): URL | undefined {
  const nameOf = (name: string) => (environment[name] ? name : name.toLowerCase());
  const name = nameOf(target.secure ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  const value = environment[name] ?? '';
  if (value === '') return undefined;
  const host = asAscii(unbracketed(target.host));
  if (isLocal(host) || isExempt(environment[nameOf('NO_PROXY')] ?? '', host.toLowerCase(), target.port))
    return undefined;
  return parse(value) ?? stop(name);
}

/** A full URL, or host:port of an HTTP proxy. The parser is more tolerant than Go's about slashes. */
function parse(value: string): URL | undefined {
  const url = /^[a-z][a-z0-9+.-]*:\/\//i.test(value) ? value : `http://${value}`;
  return /^[^:]+:\/\/[^/?#\\]/.test(url) && URL.canParse(url) && new URL(url).host !== '' ? new URL(url) : undefined;
}

/** The failure that `configuration` reports of a value in the config. */
function stop(name: string): never {
  throw new CheckStopped(
    fail(`${name} is not a proxy URL`, {
      expected: 'a proxy URL such as http://proxy.corp.io:3128',
      fix: advice`correct ${name}, or remove it to connect directly`,
      evidence: { variable: name },
      cause: cause.variable(name),
    }),
  );
}

const isLocal = (host: string): boolean => host === 'localhost' || addressIn(host)?.range() === 'loopback';

/** An address, without its zone, and as one of IPv4 if it is mapped. */
const addressIn = (host: string): IPv4 | IPv6 | undefined =>
  isIP(host) === 0 ? undefined : ipaddr.process(host.replace(/%.*$/s, ''));

/** Bits in front of an IPv4 address that is written as one of IPv6. */
const MAPPED = 96;

const isExempt = (noProxy: string, host: string, port: number): boolean =>
  entriesIn(noProxy).some((entry) => {
    const exemption = exemptionOf(entry);
    return exemption !== undefined && matches(exemption, host, port);
  });

function matches(exemption: Exemption, host: string, port: number): boolean {
  if (exemption.kind === 'everything') return true;
  const address = addressIn(host);
  if (exemption.kind === 'range') return address !== undefined && inRange(address, exemption);
  if (exemption.port !== '' && exemption.port !== String(port)) return false;
  if (exemption.kind === 'address') return address?.toString() === addressIn(exemption.address)?.toString();
  const { name, below } = exemption;
  return address === undefined && (host.endsWith(`.${name}`) || (!below && host === name));
}

/** Of mapped addresses, a range inside those of IPv4 counts for IPv4. */
function inRange(
  address: IPv4 | IPv6,
  { network, bits }: { readonly network: string; readonly bits: number },
): boolean {
  const base = ipaddr.parse(network);
  if (base instanceof ipaddr.IPv4) return address instanceof ipaddr.IPv4 && address.match(base, bits);
  if (base.isIPv4MappedAddress() && bits >= MAPPED)
    return address instanceof ipaddr.IPv4 && address.match(base.toIPv4Address(), bits - MAPPED);
  return address instanceof ipaddr.IPv6 && address.match(base, bits);
}
