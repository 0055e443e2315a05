/** Objects in several namespaces: of those, one is the installation's. */
import { isKnown, isVariable } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { isNamed } from './quote.ts';

type Read = { readonly entries: readonly Entry[] };
const namespaceOf = ({ entries }: Read): string | undefined => entries[0]?.location?.namespace;

/** "Secret spacelift/spacelift-shared" */
function labelOf({ entries }: Read): string {
  const { kind, namespace, name } = entries[0]?.location ?? {};
  return `${kind} ${namespace}/${name}`;
}

/** The namespace with the most variables of Spacelift. */
function mostIn(readings: readonly Read[]): string {
  const count = (group: readonly Read[]) =>
    group.flatMap(({ entries }) => entries).filter(({ name }) => isVariable(name)).length;
  const [most] = [...Map.groupBy(readings, namespaceOf)]
    .filter(([namespace]) => namespace !== undefined)
    .sort(([, a], [, b]) => count(b) - count(a));
  const namespace = most?.[0];
  return namespace !== undefined && isNamed(namespace, 'object') ? namespace : 'NAMESPACE';
}

/**
 * A pod reads only Secrets and ConfigMaps in its own namespace, so variables from several are never those of one
 * installation. Objects in other namespaces without such variables are not part of it either.
 * @throws InputError
 */
export function inOneNamespace<Of extends Read>(readings: readonly Of[], file: string): Of[] {
  const relevant = readings.filter(({ entries }) => entries.some(({ name }) => isKnown(name)));
  const [first, second] = [...new Set(relevant.map(namespaceOf))].filter((namespace) => namespace !== undefined);
  if (first !== undefined && second !== undefined) {
    const inFirst = relevant.filter((reading) => namespaceOf(reading) === first).map(labelOf);
    const inSecond = relevant.filter((reading) => namespaceOf(reading) === second).map(labelOf);
    throw new InputError(
      `${file}: variables for Spacelift in several namespaces (${inFirst[0]}, ${inSecond[0]}), but a pod reads only its own; pass one: kubectl get secrets,configmaps -n ${mostIn(relevant)} -o yaml`,
    );
  }
  if (first === undefined) return [...readings];
  return readings.filter((reading) => [undefined, first].includes(namespaceOf(reading)));
}
