/**
 * The two grammars of database URLs in pgx v5 (`pgconn.ParseConfig`): up to 5.10 Go's `net/url`, since 5.11 that of libpq
 * (`fe-connect.c`, `conninfo_uri_parse_options`; in pgx `pgconn/parse_url.go`).
 */
import { isIP } from '../../src/util/ip.ts';
import { isKnown } from './parameters.ts';
import { UrlError } from './url-error.ts';

/** Parameters by the name that pgx uses: `database`, not `dbname`. */
export type Settings = Readonly<Record<string, string>>;

/**
 * Reads what follows `postgres://`. `host` and `port` are lists with commas.
 * @throws UrlError
 */
export type Grammar = (rest: string) => Settings;

const canonical = (name: string): string => (name === 'dbname' ? 'database' : name);

/** Splits at the first separator; the second part is `undefined` without one. */
function cut(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

/** Like `net/url` (`Parse`, `Query`) and pgx 5.10. */
export const goGrammar: Grammar = (rest) => {
  const [beforeFragment, fragment = ''] = cut(rest, '#');
  const [beforeQuery, query = ''] = cut(beforeFragment, '?');
  const slash = beforeQuery.indexOf('/');
  const authority = slash < 0 ? beforeQuery : beforeQuery.slice(0, slash);
  const path = slash < 0 ? '' : beforeQuery.slice(slash);
  if (path.includes('@') || fragment.includes('@') || hasStray(query)) throw new UrlError('unescaped');
  // biome-ignore lint/suspicious/noControlCharactersInRegex: net/url rejects them anywhere
  if (/[\0-\x1f\x7f]/.test(rest)) throw new UrlError('unescaped');
  decode(fragment);
  const at = authority.lastIndexOf('@');
  const settings: Record<string, string> = {};
  if (at >= 0) Object.assign(settings, goLogin(authority.slice(0, at)));
  Object.assign(settings, goHosts(authority.slice(at + 1)));
  const database = decode(path).replace(/^\/+/, '');
  if (database !== '') settings.database = database;
  return { ...settings, ...goQuery(query) };
};

function goLogin(userinfo: string): Settings {
  // The characters that net/url accepts there (RFC 3986, 3.2.1, and `@`).
  if (/[^A-Za-z0-9\-._:~!$&'()*+,;=%@]/.test(userinfo)) throw new UrlError('unescaped');
  const [user, password] = cut(userinfo, ':');
  return { user: decode(user), ...(password !== undefined && { password: decode(password) }) };
}

function goHosts(text: string): Settings {
  const hosts: string[] = [];
  const ports: string[] = [];
  if (text.lastIndexOf('[') > 0) throw new UrlError('host-name');
  if (text.startsWith('[')) {
    const [, address, port] = /^\[([^\]]*)\](.*)$/.exec(text) ?? [];
    if (address === undefined || isIP(decodeHost(address)) !== 6) throw new UrlError('host-name');
    if (!/^(:\d*)?$/.test(port ?? '')) throw new UrlError('port');
  } else if (text.includes(':') && !/:\d*$/.test(text)) throw new UrlError('port');
  for (const part of decodeHost(text).split(',')) {
    if (part === '') continue;
    const bare = part.replace(/^[[\]]+|[[\]]+$/g, '');
    const [, host, port] = /^(\[[^\]]*\]|[^:[\]]*):([^:[\]]*)$/.exec(part) ?? [];
    if (isIP(bare) !== 0 || !part.includes(':')) hosts.push(bare);
    else if (host === undefined || port === undefined) throw new UrlError('port');
    else {
      if (host !== '') hosts.push(host.replace(/^\[|\]$/g, ''));
      if (port !== '') ports.push(port);
    }
  }
  return {
    ...(hosts.length > 0 && { host: hosts.join() }),
    ...(ports.length > 0 && { port: ports.join() }),
  };
}

/** In a host, net/url decodes only what is not ASCII, and `%25` in front of an IPv6 zone. */
function decodeHost(host: string): string {
  if (/%(?!25)[0-7]/.test(host)) throw new UrlError('host-name');
  const decoded = decode(host);
  if (/[^A-Za-z0-9\-._~!$&'()*+,;=:[\]<>"%\u0080-\u{10ffff}]/u.test(decoded)) throw new UrlError('host-name');
  return decoded;
}

/** The first of several parameters applies; a pair that can't be decoded is dropped. */
function goQuery(query: string): Settings {
  const found: Record<string, string> = {};
  for (const pair of query.split('&')) {
    if (pair === '' || pair.includes(';')) continue;
    const [name, value = ''] = cut(pair.replaceAll('+', ' '), '=');
    try {
      const key = canonical(decode(name));
      const decoded = decode(value);
      if (!Object.hasOwn(found, key)) found[key] = decoded;
    } catch {
      // Like url.Query, which ignores the error.
    }
  }
  return found;
}

/** Like libpq and pgx 5.11. */
export const libpqGrammar: Grammar = (rest) => {
  if (rest.includes('\0')) throw new UrlError('unescaped');
  const settings: Record<string, string> = {};
  let left = rest;
  const [end] = /[@/]/.exec(left) ?? [];
  if (end === '@') {
    const [userinfo, after = ''] = cut(left, '@');
    const [user, password = ''] = cut(userinfo, ':');
    if (user !== '') settings.user = decodePart(user);
    if (password !== '') settings.password = decodePart(password);
    left = after;
  }
  const { host, port, after } = libpqHosts(left);
  const [path, query] = cut(after, '?');
  if (path.includes('@') || hasStray(query ?? '')) throw new UrlError('unescaped');
  if (host.includes('@') || port.includes('@')) throw new UrlError('unescaped');
  if (host !== '') settings.host = decodePart(host, 'host-name');
  if (port !== '') settings.port = decodePart(port, 'port');
  if (path.length > 1) settings.database = decodePart(path.slice(1));
  return { ...settings, ...libpqQuery(query) };
};

/** Hosts and ports as two lists of the same length, and what follows them: nothing, or from `/` or `?` on. */
function libpqHosts(text: string): { host: string; port: string; after: string } {
  const hosts: string[] = [];
  const ports: string[] = [];
  let left = text;
  for (;;) {
    const [found = '', bracketed, plain = '', , port = ''] =
      /^(?:\[([^\]]+)\]|([^:/?,[][^:/?,]*)?)(:([^/?,]*))?/.exec(left) ?? [];
    if (left.startsWith('[') && bracketed === undefined) throw new UrlError('host-name');
    hosts.push(bracketed ?? plain);
    ports.push(port);
    left = left.slice(found.length);
    if (!left.startsWith(',')) break;
    left = left.slice(1);
  }
  if (left !== '' && !/^[/?]/.test(left)) throw new UrlError('host-name');
  return { host: hosts.join(), port: ports.join(), after: left };
}

/** The last of several parameters applies, and so does the last of `ssl=true` and `sslmode`. */
function libpqQuery(query = ''): Settings {
  const found: Record<string, string> = {};
  let aliased = false;
  const pairs = query.split('&');
  // A trailing separator ends the query.
  if (pairs.at(-1) === '') pairs.pop();
  for (const pair of pairs) {
    const [name, value] = cut(pair, '=');
    if (value === undefined || value.includes('=')) throw new UrlError('query');
    const key = canonical(decodePart(name));
    if (key === 'ssl' || key === 'sslmode') aliased = key === 'ssl';
    found[key] = decodePart(value);
  }
  if (found.ssl !== 'true') return found;
  const { ssl: _, ...others } = found;
  return { ...others, ...(aliased && { sslmode: 'require' }) };
}

/** `conninfo_uri_decode`: spaces around a part are dropped, and not allowed within. */
function decodePart(part: string, kind: 'unescaped' | 'host-name' | 'port' = 'unescaped'): string {
  const trimmed = part.replace(/^ +| +$/g, '');
  if (trimmed.includes(' ')) throw new UrlError(kind);
  return decode(trimmed);
}

/**
 * Whether a query contains the end of a password: an unescaped `?` in a password ends the authority too early; the rest
 * of the password, up to the `@`, the host and the path then follow.
 */
const hasStray = (query: string): boolean =>
  query.split('&').some((pair) => {
    const [name, value = ''] = cut(pair, '=');
    return name.includes('@') || (value.includes('@') && !isKnown(name));
  });

function decode(part: string): string {
  try {
    const decoded = decodeURIComponent(part);
    if (!decoded.includes('\0')) return decoded;
  } catch {
    // Reported below, together with NUL.
  }
  throw new UrlError('percent');
}
