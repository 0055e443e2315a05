/** Logins in values and texts: `scheme://user:password@…`, `scheme://token@…`, `user:password@host`, `password=…`. */
import { percentDecoded } from '../util/percent.ts';

/** In place of a secret. */
export const MASK = '‹redacted›';
/** Schemes whose user name without a password is not a secret: reports show it. */
const DATABASE = /^postgres(?:ql)?:/i;
/** Placeholders for logins in Spacelift's docs and in this tool's messages. */
const PLACEHOLDERS = ['user:password', 'git'];
/** The start of an image digest. */
const DIGEST = /^sha\d+:/;
/** Prefixes before a colon that are not a user: members of a Google policy, and other kinds of names. */
const NO_USERS =
  /^(?:serviceaccount|group|domain|deleted|principal(?:set)?|project(?:owner|editor|viewer)|mailto|arn|urn)$/i;

/** Per value. */
const MOST_LOGINS = 32;
/** A password can be an access token of several KB. */
const LONGEST_LOGIN = 16_384;

interface Login {
  readonly user: string;
  readonly password: string | undefined;
  /** Whether it is a database login, which reports identify by its user. */
  readonly isDatabase: boolean;
}

/** Parameters in URLs and connection strings that contain a credential. */
const PARAMETERS = ['sig', 'AccountKey', 'SharedAccessKey', 'SharedAccessSignature', 'X-Amz-Signature']
  .concat('X-Amz-Security-Token', 'X-Amz-Credential', 'X-Goog-Signature', 'X-Goog-Credential')
  .join('|');
const IN_PARAMETERS = new RegExp(`(?<![\\w-])(${PARAMETERS})=([^\\s&;,"'\`<>]+)`, 'gi');
/** Names of passwords and keys in queries, connection strings and JSON. */
const KEYS = 'api|access|account|secret|private|shared|signing|subscription|functions|auth|app|license';
const NAMES = [
  String.raw`[\w.-]{0,48}(?:passw(?:or)?d|passphrase|secret|token|(?:${KEYS})[-_.]?key)`,
  String.raw`(?:[\w.-]{0,48}[-_.])?(?:pass|pwd|passfile|jwt)`,
].join('|');
const IN_QUERY = new RegExp(`[?&](?:${NAMES})=([^&#\\s"\`<>]+)`, 'gi');
/** `password=…`, up to whitespace, the next keyword, or the closing quotation mark around the whole string. */
const IN_KEYWORDS = new RegExp(
  String.raw`(?<![\w.-])-{0,2}(?:${NAMES})=(?:'([^']+)'|"([^"]+)"|((?:(?![,;&][\w. -]{1,64}=|["'\x60](?:[\s,;:)\]}]|$))\S)+(?<![,;&])))`,
  'gi',
);
/** `"password":"…"`. */
const IN_JSON = new RegExp(String.raw`"(?:${NAMES})"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.)+)"`, 'gi');
/** Values that are never secret: a switch, a small number, a placeholder. */
const NO_SECRET =
  /^(?:true|false|yes|no|on|off|none|null|\d{1,5}(?:\.\d{1,3})?|<[^<>]*>|\$\{[^{}]*\}|\$\([^()]*\)|\*+|…|‹redacted›.*)$/is;

/** Masks logins and signatures in the URLs in a text. */
export function maskLogins(text: string): string {
  return masked(text).replace(IN_PARAMETERS, (all, name: string, value: string) =>
    value.startsWith(MASK) || value.startsWith('…') ? all : `${name}=${MASK}`,
  );
}

function masked(text: string): string {
  if (!text.includes('://')) return text;
  const found = schemesIn(text);
  const parts = found.map(({ scheme, index }, at) => {
    const tail = text.slice(index + scheme.length, found[at + 1]?.index);
    const [rest = ''] = /^[^\s"<>`]*/.exec(tail) ?? [];
    const userinfo = userinfoIn(rest);
    if (userinfo === undefined || !isLogin(scheme, userinfo, rest)) return scheme + tail;
    return `${scheme}${MASK}@${tail.slice(userinfo.length + 1)}`;
  });
  return text.slice(0, found[0]?.index) + parts.join('');
}

/** Schemes such as `https://`, and their positions. */
function schemesIn(text: string, most = Number.POSITIVE_INFINITY): { scheme: string; index: number }[] {
  const found: { scheme: string; index: number }[] = [];
  for (let at = text.indexOf('://'); at >= 0 && found.length < most; at = text.indexOf('://', at + 3)) {
    const [name] = /[a-z][a-z0-9+.-]*$/i.exec(text.slice(Math.max(0, at - 32), at)) ?? [];
    if (name !== undefined) found.push({ scheme: `${name}://`, index: at - name.length });
  }
  return found;
}

function isLogin(scheme: string, userinfo: string, rest: string): boolean {
  if (PLACEHOLDERS.includes(userinfo) || DIGEST.test(rest.slice(userinfo.length + 1))) return false;
  const colon = userinfo.indexOf(':');
  const secret = colon < 0 ? userinfo : userinfo.slice(colon + 1);
  if (/^(?:…|‹redacted›)*$/.test(secret)) return false;
  return colon >= 0 || !DATABASE.test(scheme);
}

/** The part before the host. A password may contain characters that should have been encoded. */
function userinfoIn(rest: string): string | undefined {
  const strict = /^([^/?#\s]*)@/.exec(rest)?.[1];
  const loose = looseIn(rest);
  if (strict === undefined || loose === undefined) return strict ?? loose;
  // `@` in a query does not end a login.
  return /[?#]/.test(loose) ? strict : loose;
}

/** Up to the last `@`, unless a port follows the colon. */
const looseIn = (rest: string): string | undefined =>
  SSH.test(rest) ? undefined : /^([^\s:/?#]*:(?!\d{1,5}(?:[/?#,;]|$)).*)@/s.exec(rest)?.[1];

/** An SSH repository URL: the colon is followed by a path. */
const SSH = /^git@/;

/** Masks all logins in a config value, with or without a scheme, and all passwords that are recognizable by name. */
export function maskValue(value: string): string {
  const text = bareLoginsIn(value).reduce(
    (rest, login) => rest.replaceAll(`${written(login)}@`, `${MASK}@`),
    maskLogins(value),
  );
  return NAMED.reduce((rest, pattern) => rest.replace(pattern, withoutHeld), text);
}

const NAMED = [IN_QUERY, IN_KEYWORDS, IN_JSON];

const written = ({ user, password }: Login): string => (password === undefined ? user : `${user}:${password}`);

/** The match of a pattern, with its group masked. */
function withoutHeld(all: string, ...groups: readonly unknown[]): string {
  const held = groups.find((group) => typeof group === 'string') as string;
  if (NO_SECRET.test(held)) return all;
  const at = all.lastIndexOf(held);
  return all.slice(0, at) + MASK + all.slice(at + held.length);
}

/** The values that follow the names of passwords and keys; both interpretations if ambiguous. */
function namedSecretsIn(value: string): string[] {
  return NAMED.flatMap((pattern) => matchesIn(value, pattern))
    .map(([, ...groups]) => groups.find((group) => group !== undefined) ?? '')
    .filter((held) => !NO_SECRET.test(held));
}

/** The parts of logins in a value that must never be shown: passwords, tokens used as user names, and whole logins. */
export function loginSecretsIn(value: string): string[] {
  if (!/[@=]|"\s{0,8}:/.test(value)) return [];
  const logins = [...urlLoginsIn(value), ...bareLoginsIn(value)].filter(
    (login) => !PLACEHOLDERS.includes(written(login)),
  );
  const held = logins.flatMap(({ user, password, isDatabase }) => {
    const isToken = looksSecret(user) || (password === undefined && !isDatabase);
    return [...(password === undefined ? [] : [password, `${user}:${password}@`]), ...(isToken ? [user] : [])];
  });
  const parameters = matchesIn(value, IN_PARAMETERS).map(([, , held_ = '']) => held_);
  const all = [...held, ...parameters, ...namedSecretsIn(value)].flatMap((part) => [part, percentDecoded(part)]);
  return [...new Set(all)].filter((part) => part !== '' && part.length <= LONGEST_LOGIN);
}

const matchesIn = (value: string, pattern: RegExp) => [...value.matchAll(pattern)].slice(0, MOST_LOGINS);

/** Both interpretations of each URL: with and without unencoded special characters in the password. */
function urlLoginsIn(value: string): Login[] {
  const found = schemesIn(value, MOST_LOGINS);
  return found.flatMap(({ scheme, index }, at): Login[] => {
    const rest = value.slice(index + scheme.length, found[at + 1]?.index);
    const strict = /^([^/?#\s]*)@/.exec(rest)?.[1];
    const all = new Set([strict, looseIn(rest)].filter((userinfo) => userinfo !== undefined && userinfo !== ''));
    return [...all].map((userinfo = '') => ({ ...divided(userinfo), isDatabase: DATABASE.test(scheme) }));
  });
}

function divided(userinfo: string): Pick<Login, 'user' | 'password'> {
  const colon = userinfo.indexOf(':');
  if (colon < 0) return { user: userinfo, password: undefined };
  return { user: userinfo.slice(0, colon), password: userinfo.slice(colon + 1) };
}

const HOST = String.raw`(\[[\da-f:]+\]|[\w.-]+)(?::\d+)?(?=["'\x60/?,;:]|$)`;
/** The user may include a realm: `user@realm:password@host`. */
const BARE = new RegExp(String.raw`^["'\x60]?([a-z][a-z0-9+.-]*//|:?//)?([^\s:/"'\x60]*):(\S+)@${HOST}`, 'i');
/** `//token@host`. */
const BARE_TOKEN = new RegExp(String.raw`^["'\x60]?:?//([^\s:/?#@"'\x60]+)@${HOST}`, 'i');
/** A port after a host and a colon. */
const PORT = /^\d{1,5}[/?#,;]/;

/** `user:password@host`, alone or in a list, optionally after `//`: a login without a scheme. */
function bareLoginsIn(value: string): Login[] {
  if (!value.includes('@')) return [];
  return [value.trim(), ...value.split(/[,\s]+/, MOST_LOGINS)].flatMap(
    (part) => bareLoginIn(part) ?? tokenIn(part) ?? [],
  );
}

function bareLoginIn(part: string): Login | undefined {
  const [, slashes, user, password, host = ''] = BARE.exec(part) ?? [];
  if (user === undefined || password === undefined || password.startsWith('//')) return undefined;
  if (NO_USERS.test(user) || /^sha\d+$/.test(host) || /^‹redacted›$/.test(password)) return undefined;
  if ((slashes !== undefined || user.includes('@')) && PORT.test(password)) return undefined;
  return SSH.test(user) ? undefined : { user, password, isDatabase: false };
}

function tokenIn(part: string): Login | undefined {
  const [, user] = BARE_TOKEN.exec(part) ?? [];
  if (user === undefined || PLACEHOLDERS.includes(user) || NO_SECRET.test(user)) return undefined;
  return { user, password: undefined, isDatabase: false };
}

/** Prefixes of providers' keys and tokens, and the shape of JSON Web Tokens. */
const KNOWN_TOKENS = [
  /^(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z0-9]{12,}/,
  /^(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|xox[abeoprs]-|sk-|sk_|rk_|pk_live|npm_|dop_v1_|hvs\.|AIza|ya29\.|shpat_)\w/,
  /^eyJ[\w-]{5,}/,
];
/** An AWS secret access key is 40 of these characters. */
const KEY_RUN = /[A-Za-z0-9/+]{40,}/g;
const isAccessKey = (run: string): boolean =>
  run.length === 40 && /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
const LONG_RUN = /[A-Za-z0-9]{20,}/g;

/** Whether a word is a key or token, not a name: it starts like one, or a long run mixes letters and digits. */
export function looksSecret(word: string): boolean {
  if (KNOWN_TOKENS.some((pattern) => pattern.test(word)) || word.match(KEY_RUN)?.some(isAccessKey)) return true;
  return (word.match(LONG_RUN) ?? []).some((run) => /\d/.test(run) && /[A-Za-z]/.test(run));
}

/** Masks every word that looks like a key or token. */
export const maskTokens = (text: string): string =>
  text
    .replace(KEY_RUN, (run) => (isAccessKey(run) ? MASK : run))
    .replace(/[\w.+~-]{8,}/g, (word) => (looksSecret(word) ? MASK : word));
