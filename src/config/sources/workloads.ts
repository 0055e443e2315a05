/** Pods and the workloads that start them: what their containers read from the Secrets and ConfigMaps beside them. */
import type { UnresolvedReference } from '../entry.ts';
import type { Location } from '../schema.ts';
import { type Container, ContainerReader, MOST_UNRESOLVED, WorkloadInput } from './container-variables.ts';
import { labelOf, nameIn, namespaceIn, POD_SPECS } from './objects.ts';
import { named } from './quote.ts';
import { serviceInName, serviceStarted } from './service.ts';
import type { Stored } from './stored.ts';
import {
  isList,
  isMap,
  nameOf,
  originIn,
  type Reading,
  rejectedPairs,
  Unquoted,
  type Value,
  type ValueMap,
  within,
} from './value.ts';

/** What the containers of a file read. */
export interface WorkloadReading extends Reading {
  /** The objects to which Spacelift's containers refer. */
  readonly referred: ReadonlySet<Stored>;
  /** Whether Spacelift's containers refer to any object, in the file or not. */
  readonly isReferring: boolean;
  /** Whether containers refer to objects that are not in the file, whatever program they run. */
  readonly isMissing: boolean;
}

/**
 * @returns no `workloads` if no container belongs to Spacelift
 * @throws InputError for more than a file may hold
 */
export function readWorkloads(
  objects: readonly { readonly object: ValueMap; readonly location: Location }[],
  stored: readonly Stored[],
  file: string,
): WorkloadReading {
  const containers = objects.flatMap(({ object, location }) => containersOf(object, location));
  const input = new WorkloadInput(stored, file);
  const readers = containers.map((container) => new ContainerReader(container, input));
  const candidates = readers.filter((reader) => reader.isSpacelifts);
  const hasService = candidates.some((reader) => reader.isService);
  const read = candidates.filter((reader) => !(hasService && reader.isPerhapsAnother));
  const own = new Set(read.map((reader) => reader.of));
  // The scheduler's values may all be in objects that are not in the input.
  const started = containers.filter(
    ({ container, service, isStarted }) => isStarted && (service === 'scheduler' || own.has(container)),
  );
  const open = read.filter((reader) => reader.unseen !== undefined);
  const { unseen } = open.find((reader) => !reader.isGateway) ?? open[0] ?? {};
  return {
    entries: read.flatMap(({ entries }) => entries),
    incomplete: open.some((reader) => !reader.isGateway),
    ...(unseen !== undefined && { unseen }),
    ...(!open.some((reader) => reader.unseen === 'command') && {
      missing: [...new Set(open.flatMap((reader) => [...reader.missing, ...reader.open]))],
    }),
    ...(open.some((reader) => reader.isGateway) && { incompleteGateway: true as const }),
    referred: new Set(read.flatMap((reader) => [...reader.referred])),
    isReferring: read.some(({ referred, missing }) => referred.size + missing.size > 0),
    isMissing: readers.some(({ missing }) => missing.size > 0),
    unresolved: distinct(read.flatMap(({ unresolved }) => unresolved)),
    ...(read.length > 0 && { workloads: [...new Set(started.map(({ service }) => service ?? ('all' as const)))] }),
    rejected: containers
      .filter(({ container }) => !own.has(container))
      .flatMap(({ container, label, location }) =>
        rejectedPairs(container.env, ({ value }) => value, originIn(file, location, label)),
      ),
  };
}

const distinct = (references: readonly UnresolvedReference[]): UnresolvedReference[] =>
  [...Map.groupBy(references, ({ kind, name, key, variable }) => `${kind} ${name} ${key} ${variable}`).values()]
    .flatMap(([first]) => first ?? [])
    .slice(0, MOST_UNRESOLVED);

function containersOf(object: ValueMap, location: Location): Container[] {
  const workload = nameIn(object);
  const namespace = namespaceIn(object);
  const kind = named(nameOf(object.kind), 'kind');
  return POD_SPECS.flatMap((path) => {
    const spec = within(object, ...path);
    const lists = isMap(spec) ? [spec.initContainers, spec.containers] : [];
    const all = lists.flatMap((list) => (isList(list) ? list.filter(isMap) : []));
    const inWorkload = serviceInName(workload);
    const isStarted = !(isMap(object.spec) && isZero(object.spec.replicas));
    return all.map((container): Container => {
      const name = nameOf(container.name) ?? '';
      const started = serviceStarted([container.command, container.args]);
      return {
        container,
        label: `${labelOf(object)}, container ${named(name, 'container')}`,
        service: serviceInName(name) ?? inWorkload ?? started,
        isBackend: started === 'server' || started === 'drain',
        namespace,
        location: {
          ...location,
          kind,
          name: named(workload, 'object'),
          ...(namespace !== undefined && { namespace: named(namespace, 'object') }),
          container: named(name, 'container'),
        },
        isStarted,
      };
    });
  });
}

const isZero = (value: Value | undefined): boolean =>
  value === 0 || (value instanceof Unquoted && Number(value.text) === 0);
