/** The proxy that the environment sets for a target, read like Go's clients (golang.org/x/net/http/httpproxy). */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Environment } from '../config/options.ts';
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, fail } from '../outcome/outcome.ts';
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
  const host = unbracketed(target.host).toLowerCase();
  if (isLocal(host) || isExempt(environment[nameOf('NO_PROXY')] ?? '', host, target.port)) return undefined;
  return parse(value) ?? stop(name);
}

/** A full URL, or host:port of an HTTP proxy. */
function parse(value: string): URL | undefined {
  const url = value.includes('://') ? value : `http://${value}`;
  return URL.canParse(url) && new URL(url).host !== '' ? new URL(url) : undefined;
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

const isLocal = (host: string): boolean =>
  host === 'localhost' || (isIP(host) !== 0 && ipaddr.process(host).range() === 'loopback');

const isExempt = (noProxy: string, host: string, port: number): boolean =>
  noProxy
    .toLowerCase()
    .split(',')
    .map((entry) => entry.trim())
    .some((entry) => entry !== '' && matches(entry, host, port));

/** `*`, `10.0.0.0/8`, `10.0.0.7:8080`, `corp.io` (with subdomains), `.corp.io` or `*.corp.io` (subdomains only). */
function matches(entry: string, host: string, port: number): boolean {
  if (entry === '*') return true;
  if (ipaddr.isValidCIDR(entry)) return isIP(host) !== 0 && inRange(host, entry);
  const [, name = '', only] = /^(.*?)(?::(\d+))?$/.exec(isIP(entry) === 6 ? `[${entry}]` : entry) ?? [];
  if (only !== undefined && Number(only) !== port) return false;
  const bare = unbracketed(name).replace(/^\*\./, '.');
  if (isIP(bare) !== 0) return isIP(host) !== 0 && ipaddr.process(bare).toString() === ipaddr.process(host).toString();
  if (bare === '' || isIP(host) !== 0) return false;
  return bare.startsWith('.') ? host.endsWith(bare) : host === bare || host.endsWith(`.${bare}`);
}

function inRange(host: string, range: string): boolean {
  const address = ipaddr.process(host);
  const [network, bits] = ipaddr.parseCIDR(range);
  return address.kind() === network.kind() && address.match(network, bits);
}
