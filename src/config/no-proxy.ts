/** NO_PROXY, read like Go's clients (golang.org/x/net/http/httpproxy): an entry that they do not understand exempts nothing. */
import { domainToASCII } from 'node:url';
import { isIP } from '../util/ip.ts';

export type Exemption =
  | { readonly kind: 'everything' }
  /** All ports of an address range. */
  | { readonly kind: 'range'; readonly network: string; readonly bits: number }
  /** @property port empty for all ports */
  | { readonly kind: 'address'; readonly address: string; readonly port: string }
  /** A name, with what is below it; `below` only that. */
  | { readonly kind: 'name'; readonly name: string; readonly below: boolean; readonly port: string };

/** The entries, in lower case; empty ones are left out. */
export const entriesIn = (value: string): string[] =>
  value
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter((entry) => entry !== '');

/** What an entry exempts; `undefined` if it has no host. */
export function exemptionOf(entry: string): Exemption | undefined {
  if (entry === '*') return { kind: 'everything' };
  const range = rangeIn(entry);
  if (range !== undefined) return { kind: 'range', ...range };
  const { host, port } = splitHostPort(entry) ?? { host: entry, port: '' };
  if (host === '') return undefined;
  if (isIP(host) !== 0 && !host.includes('%')) return { kind: 'address', address: host, port };
  const name = host.startsWith('*.') ? host.slice(1) : host;
  const below = name.startsWith('.');
  return { kind: 'name', name: asAscii(below ? name.slice(1) : name), below, port };
}

/** As Go's `net.ParseCIDR`. */
function rangeIn(entry: string): { readonly network: string; readonly bits: number } | undefined {
  const [, network = '', digits] = /^([^/%]*)\/0*(\d{1,3})$/.exec(entry) ?? [];
  const bits = Number(digits);
  const version = isIP(network);
  return version !== 0 && bits <= (version === 4 ? 32 : 128) ? { network, bits } : undefined;
}

/** As Go's `net.SplitHostPort`; `undefined` if that refuses it, such as for want of a port. */
function splitHostPort(text: string): { readonly host: string; readonly port: string } | undefined {
  const [, inside, outside, port = ''] = /^(?:\[([^\][]*)\]|([^:\][]*)):([^:\][]*)$/s.exec(text) ?? [];
  const host = inside ?? outside;
  return host === undefined ? undefined : { host, port };
}

/** A name that is not ASCII, as DNS has it; any other text as it is, since Node would read it like a part of a URL. */
export const asAscii = (name: string): string =>
  /^[\p{L}\p{M}\p{N}._-]+$/u.test(name) && !/^[\w.-]+$/.test(name) ? domainToASCII(name) || name : name;

const LABEL = '[\\p{L}\\p{N}_](?:[\\p{L}\\p{M}\\p{N}_-]*[\\p{L}\\p{N}_])?';
const NAME = new RegExp(`^${LABEL}(?:\\.${LABEL})*\\.?$`, 'u');
const NUMERIC = /^[\d.*-]+$/;

export interface UselessEntry {
  /** A sentence. */
  readonly why: string;
  /** What was meant: the entries instead, if that is certain. */
  readonly corrected?: string;
}

/** Whether a request of a client can match it. */
function canMatch(exemption: Exemption | undefined): boolean {
  if (exemption === undefined) return false;
  if (!('port' in exemption)) return true;
  const { port } = exemption;
  const isPort = port === '' || (/^[1-9]\d{0,4}$/.test(port) && Number(port) <= 65_535);
  return isPort && (exemption.kind === 'address' || isName(exemption.name));
}

/** The empty name is that of `.`, which exempts absolute names. */
const isName = (name: string): boolean => name === '' || (NAME.test(name) && !NUMERIC.test(name));

/** Why no request of a client matches an entry; `undefined` if one can. */
export function uselessnessOf(entry: string): UselessEntry | undefined {
  const exemption = exemptionOf(entry);
  return canMatch(exemption) ? undefined : { why: whyOf(entry, exemption), ...correctionOf(entry) };
}

function whyOf(entry: string, exemption: Exemption | undefined): string {
  if (exemption === undefined) return 'It has no host.';
  if (/[\s;|]/.test(entry)) return 'Entries are separated by commas, and by nothing else.';
  if (/^[a-z][a-z0-9+.-]*:\/\//.test(entry)) return 'An entry has no scheme.';
  if (isIP(entry.split('/')[0] ?? '') !== 0 && entry.includes('/')) return 'Its range is not valid.';
  if (entry.includes('/')) return 'An entry has no path.';
  if (/^\[.*\]$/.test(entry)) return 'An address without a port has no brackets.';
  if (exemption.kind === 'name' && NUMERIC.test(exemption.name))
    return 'It is neither an IP address nor a range such as 10.0.0.0/8.';
  if (entry.includes('*')) return 'A * can only be alone, or the first part of a name: *.corp.io.';
  return exemption.kind === 'name' && !isName(exemption.name) ? 'It is not a host.' : 'Its port is not a number.';
}

/** `a b;c` → `a,b,c`; `https://corp.io/path` → `corp.io`; `[fd00::7]` → `fd00::7`. */
function correctionOf(entry: string): Pick<UselessEntry, 'corrected'> {
  const parts = entry.split(/[\s;|]+/).filter((part) => part !== '');
  const bare = parts.map((part) => (canMatch(exemptionOf(part)) ? part : bareOf(part)));
  return bare.length > 0 && bare.every((part) => canMatch(exemptionOf(part))) ? { corrected: bare.join(',') } : {};
}

const bareOf = (part: string): string =>
  part
    .replace(/^[a-z][a-z0-9+.-]*:\/\//, '')
    // What follows an address could be a range.
    .replace(/^([^/]*[a-z][^/]*)\/.*$/s, '$1')
    .replace(/^\[([^\][]*)\]$/, '$1');
