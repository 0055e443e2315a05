/** The values in a config that must never be shown, in every form that clients use. */
import { percentDecoded } from '../util/percent.ts';
import { isKnown, isSecret, isVariable } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import { loginSecretsIn, looksSecret } from './logins.ts';
import { OPTION_PREFIX } from './options.ts';
import { holdsPrivateKey } from './pem/envelope.ts';
import { isPublicVariable } from './public-variables.ts';

/** Secret values in all sources, and the logins in all other values. A job's environment also contains public values. */
export function secretsOf(sources: readonly Source[]): string[] {
  const entries = sources.flatMap(({ entries: held, process }) =>
    held.filter(({ kind }) => kind === 'known').map((entry) => ({ entry, process })),
  );
  const open = publicText(entries.map(({ entry }) => entry));
  const hidden = entries.filter(({ entry, process }) => isHidden(entry, process, open));
  const logins = entries.flatMap(({ entry }) => loginSecretsIn(entry.value)).slice(0, MOST_LOGINS);
  return [...new Set([...hidden.flatMap(({ entry }) => partsOf(entry.value)), ...logins])];
}

const LOOKS_SECRET = /SECRET|TOKEN|PASSW|PASSPHRASE|KEY|CREDENTIAL|CONNECTION_?STRING|(^|_)SAS(_|$)|ASSERTION|HEADER/i;

/** Names that end like this name a location, whatever they start with: KEYCLOAK_HOST, TOKEN_ISSUER, PASSWORD_RESET_URL. */
const NAMES_LOCATION = /(^|_)(HOST|HOSTNAME|DOMAIN|REGION|ISSUER|AUDIENCE|ENDPOINT|ADDRESS|SERVER|ORIGIN|UR[IL])$/i;

function isHidden({ name, value, secret }: Entry, process: boolean, open: string): boolean {
  if (secret === true || holdsPrivateKey(value)) return true;
  // An option of the caller, such as SPACELIFT_PREFLIGHT_CREDENTIALS_FILE.
  if (process && name.startsWith(OPTION_PREFIX)) return looksSecret(value);
  if (!isSecret(name)) return isPublicVariable(name) && looksSecret(value);
  if (isVariable(name)) return true;
  // Not known to be a secret: masking a value that is public elsewhere would only mask unrelated words.
  const isOpen = value.length <= LONGEST_NAME && open.includes(value);
  if (LOOKS_SECRET.test(name)) return !(isOpen && NAMES_LOCATION.test(name));
  return (!process || isKnown(name)) && !isOpen;
}

/** In all values together: each login is kept in many forms. */
const MOST_LOGINS = 10_000;
const LONGEST_NAME = 253;
const MOST_PUBLIC = 65_536;

/** Text that a report may show: public values, and the location of the database. */
function publicText(entries: readonly Entry[]): string {
  const values = entries.flatMap(({ name, value, secret }) => {
    if (secret === true || value.length > 2048) return [];
    if (/^DATABASE_(READ_ONLY_)?URL$/.test(name)) return placeIn(value);
    return !isSecret(name) && (isVariable(name) || isPublicVariable(name)) ? [value] : [];
  });
  return [...new Set(values)].join('\n').slice(0, MOST_PUBLIC);
}

/** Host and database name in a URL. */
function placeIn(value: string): string[] {
  if (!URL.canParse(value)) return [];
  const { hostname, pathname } = new URL(value);
  return [hostname, pathname.slice(1)];
}

function partsOf(value: string): string[] {
  return [value, ...urlSecrets(value), ...pemIn(value)];
}

/** The password in a URL, as written and decoded. */
function urlSecrets(value: string): string[] {
  const [, rest] = /^[a-z][a-z0-9+.-]*:\/\/(.*)$/is.exec(value) ?? [];
  if (rest === undefined) return [];
  const authority = rest.slice(0, rest.lastIndexOf('@'));
  const password = authority.includes(':') ? authority.slice(authority.indexOf(':') + 1) : '';
  return [password, percentDecoded(password)].filter((part) => part !== '');
}

/** The PEM text of a base64-encoded key; the redactor masks its lines one by one. */
function pemIn(value: string): string[] {
  const text = Buffer.from(value, 'base64').toString('latin1');
  return text.includes('-----BEGIN') ? [text] : [];
}
