/** The proxy that the environment sets for a target, read like Go's clients (golang.org/x/net/http/httpproxy). */
import { isIP } from 'node:net';
import ipaddr from 'ipaddr.js';
import type { Environment } from '../config/options.ts';
import { type Address, unbracketed } from './tcp.ts';

/**
 * The proxy for a target, or `undefined` for a direct connection.
 * Servers on this machine are never reached through a proxy.
 * @param target `secure` chooses between HTTPS_PROXY and HTTP_PROXY; gRPC always uses the former
 */
export function proxyFor(environment: Environment, target: Address & { readonly secure: boolean }): URL | undefined {
  const any = (name: string) => environment[name] || environment[name.toLowerCase()] || '';
  const proxy = parse(any(target.secure ? 'HTTPS_PROXY' : 'HTTP_PROXY'));
  if (proxy === undefined) return undefined;
  const host = unbracketed(target.host).toLowerCase();
  return isLocal(host) || isExempt(any('NO_PROXY'), host, target.port) ? undefined : proxy;
}

/** A full URL, or host:port of an HTTP proxy. */
function parse(value: string): URL | undefined {
  if (/^[a-z][a-z0-9+.-]*:\/\/./i.test(value)) return URL.canParse(value) ? new URL(value) : undefined;
  return value !== '' && URL.canParse(`http://${value}`) ? new URL(`http://${value}`) : undefined;
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
