/** Kubernetes objects that hold no config, with the command that prints one. */

import { whatIsNear } from './near.ts';
import { kinds, labelOf, namespaceIn, POD_SPECS } from './objects.ts';
import { isNamed } from './quote.ts';
import { getAll, getSecrets, SELF } from './refused.ts';
import { isSealed, onlySealed } from './sealed.ts';
import { isList, nameOf, type ValueMap, within } from './value.ts';
import type { WorkloadReading } from './workloads.ts';

interface Refused {
  /** @param label "HelmRelease spacelift" */
  readonly what: (label: string) => string;
  /** @param namespace an option of kubectl */
  readonly instead: (namespace: string) => string;
}

const RENDERED: Refused = { what: (label) => `${label} is rendered in the cluster`, instead: getAll };

const OWN: Refused = { what: () => 'an output of this tool, which has no values', instead: getSecrets };

/** By kind. */
const KINDS: ReadonlyMap<string, Refused> = new Map([
  ['HelmRelease', RENDERED],
  ['HelmChart', RENDERED],
  ['Application', RENDERED],
  [
    'Kustomization',
    {
      what: () => 'a Kustomization, which names the files of a config',
      instead: () => `kubectl kustomize DIRECTORY ${SELF}`,
    },
  ],
  ['report', OWN],
  ['plan', OWN],
  ['matrix', OWN],
  ['comparison', OWN],
  ['Status', { what: () => 'an error of the Kubernetes API', instead: getSecrets }],
]);

/**
 * Why objects are no config, and the command that prints one; completes a sentence that starts with the file.
 * @param workloads among them, with their references
 */
export function reasonForObjects(
  objects: readonly ValueMap[],
  { isMissing, unresolved = [] }: Pick<WorkloadReading, 'isMissing' | 'unresolved'>,
): string {
  const near = unresolved.find((reference) => reference.near !== undefined && reference.key === undefined);
  const missing = near === undefined ? '' : ` (${whatIsNear(near)})`;
  const sealed = objects.filter(isSealed);
  if (sealed.length > 0) return onlySealed(sealed);
  const workload = objects.find((object) => POD_SPECS.some((path) => isList(within(object, ...path, 'containers'))));
  if (isMissing && workload !== undefined)
    return `${labelOf(workload)} reads its variables from Secrets or ConfigMaps that are not in it${missing}; pass them too: ${getAll(optionFor(workload))}`;
  const [known] = objects.filter(({ kind }) => KINDS.has(nameOf(kind) ?? ''));
  const found = KINDS.get(nameOf(known?.kind) ?? '');
  if (known !== undefined && found !== undefined)
    return `${found.what(labelOf(known))}; pass the config: ${found.instead(optionFor(known))}`;
  const [first] = objects;
  return `expected a Kubernetes Secret or ConfigMap; found ${kinds(objects)}; pass them: ${getSecrets(first ? optionFor(first) : '')}`;
}

/** For the namespace where the objects are, or will be. */
function optionFor(object: ValueMap): string {
  const target = within(object, 'spec', 'destination', 'namespace') ?? within(object, 'spec', 'targetNamespace');
  const namespace = nameOf(target) ?? namespaceIn(object) ?? '';
  return isNamed(namespace, 'object') ? ` -n ${namespace}` : '';
}
