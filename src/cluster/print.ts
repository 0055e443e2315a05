/** Manifests for people and for `kubectl apply`. */
import type { Redact } from '../config/redact.ts';
import { type JsonMap, listIn, mapIn } from '../util/json.ts';
import { withoutValues } from './values.ts';

/** Documents of YAML, in the order in which they are to be created. */
export async function yamlOfAll(objects: readonly JsonMap[]): Promise<string> {
  const { stringify } = await import('yaml');
  // kubectl reads YAML 1.1, in which more unquoted texts are numbers and booleans.
  const options = { schema: 'yaml-1.1', lineWidth: 0, aliasDuplicateObjects: false } as const;
  return objects.map((object) => `---\n${stringify(object, options)}`).join('');
}

export interface Masked {
  readonly objects: readonly JsonMap[];
  /** The variables whose values were secrets of the Deployments. */
  readonly masked: readonly string[];
}

/** Values in Secrets are not in manifests; those that a Deployment contains itself are masked. */
export function withoutSecrets(objects: readonly JsonMap[], redact: Redact): Masked {
  const masked = new Set<string>();
  const cleaned = (container: JsonMap) => withoutValues(container, 'env', redact, masked);
  const all = objects.map((object) => {
    if (object.kind !== 'Pod') return object;
    const spec = mapIn(object, 'spec');
    const lists = ['initContainers', 'containers'].filter((list) => spec[list] !== undefined);
    const changed = Object.fromEntries(lists.map((list) => [list, listIn(spec, list).map(cleaned)]));
    return { ...object, spec: { ...spec, ...changed } };
  });
  return { objects: all, masked: [...masked] };
}
