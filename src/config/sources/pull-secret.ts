/** Secrets for pulling images (`imagePullSecrets`): they contain no variables, but logins for container registries. */
import { lookup } from '../../util/lookup.ts';
import { PULL_SECRETS, type RegistryLogin, registryLoginsIn } from '../registry-logins.ts';
import { named } from './quote.ts';
import { isMap, nameOf, type ValueMap } from './value.ts';

/** The key that holds the logins. */
const keyOf = (object: ValueMap): string | undefined =>
  object.kind === 'Secret' ? lookup(PULL_SECRETS, nameOf(object.type)) : undefined;

export const isPullSecret = (object: ValueMap): boolean => keyOf(object) !== undefined;

/** @param namespaces of the variables, if known: a pod pulls images only with Secrets in its own */
export function readPullSecret(object: ValueMap, file: string, namespaces: readonly string[]): RegistryLogin[] {
  const { name, namespace } = isMap(object.metadata) ? object.metadata : {};
  const [key, place] = [keyOf(object) ?? '', nameOf(namespace)];
  if (place !== undefined && namespaces.length > 0 && !namespaces.includes(named(place, 'object'))) return [];
  const held = (field: string) => {
    const map = object[field];
    return isMap(map) ? nameOf(map[key]) : undefined;
  };
  const json = held('stringData') ?? Buffer.from(held('data') ?? '', 'base64').toString();
  return registryLoginsIn(json, `${file} (Secret ${named(nameOf(name), 'object')})`);
}
