/** Where a redirect leads, as far as it can be shown: servers are free to send anything. */
import type { IncomingHttpHeaders } from 'node:http';
import { isIP } from '../util/ip.ts';
import { unbracketed } from './tcp.ts';

/** In characters: longer than any real URL of a server. */
const LONGEST = 2048;
/** RFC 1035, section 2.3.4. */
const LONGEST_HOST = 253;

/**
 * The URL that a redirect leads to; `undefined` if the response is none, or names no HTTP server.
 * @param from the URL of the request, for redirects that are relative to it
 */
export function redirectTarget(
  { status, headers }: { readonly status: number; readonly headers: IncomingHttpHeaders },
  from?: URL,
): URL | undefined {
  const { location } = headers;
  if (status < 301 || status > 308 || status === 304 || location === undefined || location.length > LONGEST)
    return undefined;
  if (!URL.canParse(location, from)) return undefined;
  const url = new URL(location, from);
  const { protocol, hostname } = url;
  const isName = /^[a-z0-9._-]+$/.test(hostname) && hostname.length <= LONGEST_HOST;
  if (!/^https?:$/.test(protocol) || !(isName || isIP(unbracketed(hostname)) !== 0)) return undefined;
  return url;
}

/** Whether a redirect asks for TLS to the same server. */
export const upgradesToTls = (to: URL, from: URL): boolean =>
  from.protocol === 'http:' && to.protocol === 'https:' && to.hostname === from.hostname;
