/** Logins for container registries: Secrets of the types that Kubernetes uses to pull images. */
import { membersOf } from '../util/json.ts';
import { trimEndOf } from '../util/trim.ts';
import { DOCKER_HUB, DOCKER_HUB_INDEX, type ImageReference } from './image-reference.ts';

/** How to log in to a registry. */
export type RegistryCredentials =
  | { readonly kind: 'password'; readonly username: string; readonly password: string }
  /** Exchanged for a token at the registry's token server. */
  | { readonly kind: 'identity-token'; readonly token: string }
  /** Sent to the registry as it is. */
  | { readonly kind: 'registry-token'; readonly token: string };

/** One entry of `auths`. */
export interface RegistryLogin {
  /** The host, with a port and the beginning of a repository if the entry has them: `registry.corp.io:5000/team`. */
  readonly scope: string;
  /** `undefined` if the entry contains no complete login, such as one without a password. */
  readonly credentials: RegistryCredentials | undefined;
  /** For people: "secrets.yaml (Secret regcred)". */
  readonly origin: string;
}

/** The types of Secrets for pulling images, and the key with the logins. */
export const PULL_SECRETS: Readonly<Record<string, string>> = {
  'kubernetes.io/dockerconfigjson': '.dockerconfigjson',
  'kubernetes.io/dockercfg': '.dockercfg',
};

/** In one Secret: far more than any has. */
const MOST = 1000;

/**
 * The logins in the value of a pull Secret. An unreadable value has none: Kubernetes rejects it, and nothing can log in with it.
 * @param json the decoded value
 * @param origin of the Secret, for people
 */
export function registryLoginsIn(json: string, origin: string): RegistryLogin[] {
  const held = membersOf(json) ?? {};
  // The older type has no `auths` around its entries.
  const auths = isObject(held.auths) ? held.auths : 'auths' in held ? {} : held;
  return Object.entries(auths)
    .filter(([, entry]) => isObject(entry))
    .slice(0, MOST)
    .map(([key, entry]) => ({ scope: scopeOf(key), credentials: credentialsIn(entry), origin }));
}

/** Without the scheme, and without the path of an API: `https://index.docker.io/v1/` is all of Docker Hub. */
function scopeOf(key: string): string {
  const [, host = '', path = ''] = /^(?:https?:\/\/)?([^/]*)(\/.*)?$/s.exec(key) ?? [];
  const below = trimEndOf(path.replace(/^\/v[12](?=\/|$)/, ''), '/');
  return `${host.toLowerCase() === DOCKER_HUB ? DOCKER_HUB_INDEX : host.toLowerCase()}${below}`;
}

function credentialsIn(entry: unknown): RegistryCredentials | undefined {
  if (!isObject(entry)) return undefined;
  const text = (name: string) => (typeof entry[name] === 'string' ? entry[name] : '');
  if (text('registrytoken') !== '') return { kind: 'registry-token', token: text('registrytoken') };
  if (text('identitytoken') !== '') return { kind: 'identity-token', token: text('identitytoken') };
  const login =
    text('auth') === ''
      ? `${text('username')}:${text('password')}`
      : trimEndOf(Buffer.from(text('auth'), 'base64').toString(), '\0');
  const [, username = '', password = ''] = /^([^:]+):(.+)$/s.exec(login) ?? [];
  // A username `<token>` marks an identity token (docker/cli, cli/config/credentials).
  if (username === '<token>' && password !== '') return { kind: 'identity-token', token: password };
  return password === '' ? undefined : { kind: 'password', username, password };
}

/** The secret parts of a login, which must never be shown. */
export function secretsIn({ credentials }: RegistryLogin): string[] {
  if (credentials === undefined) return [];
  return [credentials.kind === 'password' ? credentials.password : credentials.token];
}

/**
 * The logins that Kubernetes uses for an image, the most specific first: those for its registry, and for the beginning of its
 * repository. `*` in a host stands for a part of a name, never for a period (k8s.io/kubernetes, pkg/credentialprovider).
 */
export function loginsFor(image: ImageReference, logins: readonly RegistryLogin[]): RegistryLogin[] {
  const registry = image.registry === DOCKER_HUB ? DOCKER_HUB_INDEX : image.registry.toLowerCase();
  return logins
    .filter(({ scope }) => covers(scope, registry, image.repository))
    .toSorted((a, b) => (a.scope === b.scope ? 0 : a.scope < b.scope ? 1 : -1));
}

function covers(scope: string, registry: string, repository: string): boolean {
  const slash = scope.indexOf('/');
  const [host, path] = slash < 0 ? [scope, ''] : [scope.slice(0, slash), scope.slice(slash + 1)];
  const [pattern, given] = [host.split('.'), registry.split('.')];
  return (
    pattern.length === given.length &&
    pattern.every((part, index) => isLike(part, given[index] ?? '')) &&
    repository.startsWith(path)
  );
}

/** Whether a part of a name matches a pattern with `*`. */
function isLike(pattern: string, part: string): boolean {
  const pieces = pattern.split('*');
  if (pieces.length === 1) return pattern === part;
  const [first = '', last = ''] = [pieces[0], pieces.at(-1)];
  if (!part.startsWith(first) || !part.endsWith(last) || part.length < first.length + last.length) return false;
  let at = first.length;
  for (const piece of pieces.slice(1, -1)) {
    const found = part.indexOf(piece, at);
    if (found < 0) return false;
    at = found + piece.length;
  }
  return at <= part.length - last.length;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
