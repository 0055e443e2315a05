/** Leftovers from templates. A password can contain `${b}` or `{{y}}`: of a credential, only the whole is a placeholder. */
import { isSecret } from './contract.ts';

/** Unfilled templates: shell, Helm, Terraform. */
const TEMPLATE = /\$\{[A-Za-z_][\w.-]*\}|\$?\{\{[^{}]*\}\}|\$\([A-Z_][A-Z0-9_]*\)/;
/** In place of a secret, as Argo CD, CI systems and Terraform print it. */
const MASK = /[*•●]{3,}|\+{4,}|redacted|[<[(‹](?:redacted|hidden|masked|sensitive)(?: value)?[>\])›]/;
const WHOLE_MASK = new RegExp(`^(?:${MASK.source})$`, 'i');
const WORD = /<[^<>]{1,80}>|change[-_ ]?me!?|replace[-_ ]?me|to[-_]?do|tbd|fixme|x{3,}/;
const WHOLE = new RegExp(`^(?:${MASK.source}|${WORD.source}|(?:${TEMPLATE.source})+)$`, 'i');
const IN_LOCATION = new RegExp(`${TEMPLATE.source}|<[A-Za-z][\\w -]*>|\\bchange[-_]?me\\b`, 'i');
/** RFC 2606. */
const RESERVED_DOMAINS = ['example.com', 'example.org', 'example.net'];
/** Chosen by people, like passwords, but not secret. */
const USER_NAMES: readonly string[] = ['ADMIN_USERNAME', 'OBJECT_STORAGE_MINIO_ACCESS_KEY_ID'];

/** Whether a value is a leftover from a template. */
export function isPlaceholder(name: string, value: string): boolean {
  if (isWhole(value)) return true;
  const { credentials, location } = partsOf(value);
  if (location !== undefined) return credentials.some(isWhole) || IN_LOCATION.test(location);
  if (name === 'SERVER_DOMAIN' && RESERVED_DOMAINS.includes(value.toLowerCase())) return true;
  return !isSecret(name) && !USER_NAMES.includes(name) && TEMPLATE.test(value);
}

/** Whether a program has put something in place of a secret. */
export const isMask = (text: string): boolean => WHOLE_MASK.test(text.trim());

const isWhole = (text: string): boolean => WHOLE.test(text.trim());

/** The parameters of a URL that hold a password. */
const PASSWORD = /([?&](?:ssl)?password=)([^&]*)/gi;

/**
 * User name, password and password parameters of a URL, each as written, and the URL without them; no location if it is no
 * URL. A password can contain any character, so the last `@` ends it.
 */
export function partsOf(value: string): { credentials: readonly string[]; location: string | undefined } {
  const [, scheme, rest = ''] = /^([a-z][a-z0-9+.-]*:\/\/)(.*)$/is.exec(value) ?? [];
  if (scheme === undefined) return { credentials: [], location: undefined };
  const end = rest.lastIndexOf('@');
  const login = rest.slice(0, Math.max(end, 0));
  const colon = login.indexOf(':');
  const user = colon === -1 ? [login] : [login.slice(0, colon), login.slice(colon + 1)];
  const passwords = [...rest.slice(end + 1).matchAll(PASSWORD)].map(([, , password = '']) => password);
  return { credentials: [...user, ...passwords], location: scheme + rest.slice(end + 1).replace(PASSWORD, '$1') };
}
