/** Logins in values and texts: `scheme://user:password@…`, `scheme://token@…`, `user:password@host`, `password=…`. */

const MASK = '‹redacted›';
/** Schemes whose user alone is no secret: reports name it. */
const DATABASE = /^postgres(?:ql)?:/i;
/** What the vendor's documentation and this tool's own words write for a login. */
const PLACEHOLDERS = ['user:password', 'git'];
/** The digest of an image follows. */
const DIGEST = /^sha\d+:/;
/** What stands before a colon in what is no login: members of a policy at Google, and names in general. */
const NO_USERS =
  /^(?:serviceaccount|group|domain|deleted|principal(?:set)?|project(?:owner|editor|viewer)|mailto|arn|urn)$/i;

/** Of one value. */
const MOST_LOGINS = 32;
/** An access token of some KB can be a password. */
const LONGEST_LOGIN = 16_384;

interface Login {
  readonly user: string;
  readonly password: string | undefined;
  /** A database's, which reports name by its user. */
  readonly isDatabase: boolean;
}

/** Parameters of URLs and of connection strings that carry a credential. */
const PARAMETERS = ['sig', 'AccountKey', 'SharedAccessKey', 'SharedAccessSignature', 'X-Amz-Signature']
  .concat('X-Amz-Security-Token', 'X-Amz-Credential', 'X-Goog-Signature', 'X-Goog-Credential')
  .join('|');
const IN_PARAMETERS = new RegExp(`(?<![\\w-])(${PARAMETERS})=([^\\s&;,"'\`<>]+)`, 'gi');
/** Names of what is a password or a key, as queries, connection strings and JSON have them. */
const KEYS = 'api|access|account|secret|private|shared|signing|subscription|functions|auth|app|license';
const NAMES = [
  String.raw`[\w.-]{0,48}(?:passw(?:or)?d|passphrase|secret|token|(?:${KEYS})[-_.]?key)`,
  String.raw`(?:[\w.-]{0,48}[-_.])?(?:pass|pwd|passfile|jwt)`,
].join('|');
const IN_QUERY = new RegExp(`[?&](?:${NAMES})=([^&#\\s"\`<>]+)`, 'gi');
/** `password=…`, up to white space, the next keyword, or the quotation mark around all of it. */
const IN_KEYWORDS = new RegExp(
  String.raw`(?<![\w.-])-{0,2}(?:${NAMES})=(?:'([^']+)'|"([^"]+)"|((?:(?![,;&][\w. -]{1,64}=|["'\x60](?:[\s,;:)\]}]|$))\S)+(?<![,;&])))`,
  'gi',
);
/** `"password":"…"`. */
const IN_JSON = new RegExp(String.raw`"(?:${NAMES})"\s{0,8}:\s{0,8}"((?:[^"\\]|\\.)+)"`, 'gi');
/** What is no secret whatever its name: a switch, a small number, a place to fill in. */
const NO_SECRET =
  /^(?:true|false|yes|no|on|off|none|null|\d{1,5}(?:\.\d{1,3})?|<[^<>]*>|\$\{[^{}]*\}|\$\([^()]*\)|\*+|…|‹redacted›.*)$/is;

/** A text without the logins and signatures of URLs that stand in it. */
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

/** `https://`, and where each begins. */
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

/** What stands before the host. A password may hold what would have to be encoded. */
function userinfoIn(rest: string): string | undefined {
  const strict = /^([^/?#\s]*)@/.exec(rest)?.[1];
  const loose = looseIn(rest);
  if (strict === undefined || loose === undefined) return strict ?? loose;
  // `@` in a query is no end of a login.
  return /[?#]/.test(loose) ? strict : loose;
}

/** Up to the last `@`, unless what follows the colon is a port. */
const looseIn = (rest: string): string | undefined =>
  SSH.test(rest) ? undefined : /^([^\s:/?#]*:(?!\d{1,5}(?:[/?#,;]|$)).*)@/s.exec(rest)?.[1];

/** A repository, whose path follows the colon. */
const SSH = /^git@/;

/** A value of a config without the logins in it, also those without a scheme, and without passwords by their names. */
export function maskValue(value: string): string {
  const text = bareLoginsIn(value).reduce(
    (rest, login) => rest.replaceAll(`${written(login)}@`, `${MASK}@`),
    maskLogins(value),
  );
  return NAMED.reduce((rest, pattern) => rest.replace(pattern, withoutHeld), text);
}

const NAMED = [IN_QUERY, IN_KEYWORDS, IN_JSON];

const written = ({ user, password }: Login): string => (password === undefined ? user : `${user}:${password}`);

/** What a pattern found, with what its one group holds left out. */
function withoutHeld(all: string, ...groups: readonly unknown[]): string {
  const held = groups.find((group) => typeof group === 'string') as string;
  if (NO_SECRET.test(held)) return all;
  const at = all.lastIndexOf(held);
  return all.slice(0, at) + MASK + all.slice(at + held.length);
}

/** What stands behind names of passwords and keys; both readings where there are two. */
function namedSecretsIn(value: string): string[] {
  return NAMED.flatMap((pattern) => matchesIn(value, pattern))
    .map(([, ...groups]) => groups.find((group) => group !== undefined) ?? '')
    .filter((held) => !NO_SECRET.test(held));
}

/** What must never be seen of the logins in a value: passwords, tokens in place of a user, and both as they are written. */
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
  const all = [...held, ...parameters, ...namedSecretsIn(value)].flatMap((part) => [part, decoded(part)]);
  return [...new Set(all)].filter((part) => part !== '' && part.length <= LONGEST_LOGIN);
}

const matchesIn = (value: string, pattern: RegExp) => [...value.matchAll(pattern)].slice(0, MOST_LOGINS);

/** Both readings of each URL: with what must be encoded in a password, and without. */
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
/** The user may be of a realm: `user@realm:password@host`. */
const BARE = new RegExp(String.raw`^["'\x60]?([a-z][a-z0-9+.-]*//|:?//)?([^\s:/"'\x60]*):(\S+)@${HOST}`, 'i');
/** `//token@host`. */
const BARE_TOKEN = new RegExp(String.raw`^["'\x60]?:?//([^\s:/?#@"'\x60]+)@${HOST}`, 'i');
/** What follows the colon behind a host. */
const PORT = /^\d{1,5}[/?#,;]/;

/** `user:password@host`, alone or in a list, also behind `//`: no scheme says that it is a login. */
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

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** As providers begin their keys and tokens, and what JSON web tokens look like. */
const KNOWN_TOKENS = [
  /^(?:AKIA|ASIA|AROA|ABIA|ACCA)[A-Z0-9]{12,}/,
  /^(?:gh[pousr]_|github_pat_|glpat-|gldt-|glrt-|xox[abeoprs]-|sk-|sk_|rk_|pk_live|npm_|dop_v1_|hvs\.|AIza|ya29\.|shpat_)\w/,
  /^eyJ[\w-]{5,}/,
];
/** A secret access key of AWS has as many of these. */
const KEY_RUN = /[A-Za-z0-9/+]{40,}/g;
const isAccessKey = (run: string): boolean =>
  run.length === 40 && /\d/.test(run) && /[a-z]/.test(run) && /[A-Z]/.test(run);
const LONG_RUN = /[A-Za-z0-9]{20,}/g;

/** Whether a word is a key or a token rather than a name: it begins like one, or a long run mixes letters and digits. */
export function looksSecret(word: string): boolean {
  if (KNOWN_TOKENS.some((pattern) => pattern.test(word)) || word.match(KEY_RUN)?.some(isAccessKey)) return true;
  return (word.match(LONG_RUN) ?? []).some((run) => /\d/.test(run) && /[A-Za-z]/.test(run));
}

/** A text in which each word that looks like a key or a token is left out. */
export const maskTokens = (text: string): string =>
  text
    .replace(KEY_RUN, (run) => (isAccessKey(run) ? MASK : run))
    .replace(/[\w.+~-]{8,}/g, (word) => (looksSecret(word) ? MASK : word));
