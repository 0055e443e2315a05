/** Pods and the workloads that start them: what their containers read from the Secrets and ConfigMaps beside them. */
import { isVariable } from '../contract.ts';
import { type Entry, InputError, type Location } from '../entry.ts';
import { Budget } from '../env-file/assignment.ts';
import type { Service } from '../options.ts';
import type { Unseen } from '../unseen.ts';
import { isTooLong, MOST_ASSIGNMENTS, refuseLongName, tooLong, tooMany } from './bounds.ts';
import { named } from './quote.ts';
import { holdsSpacelifts, serviceInName, serviceStarted } from './service.ts';
import { type Stored, StoredObjects } from './stored.ts';
import {
  entryOf,
  isList,
  isMap,
  nameOf,
  originIn,
  type Place,
  type Reading,
  rejectedPairs,
  Unquoted,
  type Value,
  type ValueMap,
  Veiled,
} from './value.ts';

/** Where objects contain a pod: pods, and workloads with a pod template. */
export const POD_SPECS = [['spec'], ['spec', 'template', 'spec'], ['spec', 'jobTemplate', 'spec', 'template', 'spec']];

interface Container {
  readonly container: ValueMap;
  readonly label: string;
  readonly service: Service | undefined;
  readonly namespace: string | undefined;
  readonly location: Location;
  /** Whether the workload starts any pod: with `replicas: 0`, it does not. */
  readonly isStarted: boolean;
}

/** `PREFIX_NAME`: what Kubernetes makes a variable of; other keys of a Secret are left out. */
const VARIABLE_NAME = /^[-._A-Za-z][-._A-Za-z0-9]*$/;

/**
 * @returns no entries if no container belongs to Spacelift
 * @throws InputError for more than a file may hold
 */
export function readWorkloads(
  objects: readonly { readonly object: ValueMap; readonly location: Location }[],
  stored: readonly Stored[],
  file: string,
): Reading {
  const containers = objects.flatMap(({ object, location }) => containersOf(object, location));
  const input = new WorkloadInput(stored, file);
  const found = new Set<Service | 'all'>();
  const read = containers.flatMap((container) => {
    const reader = new ContainerReader(container, input);
    // The scheduler's values may all be in objects that are not in the input.
    const isFound = reader.isSpacelifts || container.service === 'scheduler';
    if (isFound && container.isStarted) found.add(container.service ?? 'all');
    return reader.isSpacelifts ? [reader] : [];
  });
  const own = new Set(read.map((reader) => reader.of));
  return {
    entries: read.flatMap(({ entries }) => entries),
    incomplete: read.some(({ unseen }) => unseen !== undefined),
    ...(read.some(({ unseen }) => unseen !== undefined) && { unseen: 'cluster' }),
    ...(read.length > 0 && { workloads: [...found] }),
    rejected: containers
      .filter(({ container }) => !own.has(container))
      .flatMap(({ container, label, location }) =>
        rejectedPairs(container.env, ({ value }) => value, originIn(file, location, label)),
      ),
  };
}

function containersOf(object: ValueMap, location: Location): Container[] {
  const metadata = isMap(object.metadata) ? object.metadata : {};
  const workload = nameOf(metadata.name) ?? '';
  const kind = named(nameOf(object.kind), 'kind');
  return POD_SPECS.flatMap((path) => {
    const spec = path.reduce<Value | undefined>((value, key) => (isMap(value) ? value[key] : undefined), object);
    const lists = isMap(spec) ? [spec.initContainers, spec.containers] : [];
    const all = lists.flatMap((list) => (isList(list) ? list.filter(isMap) : []));
    const inWorkload = serviceInName(workload);
    const isStarted = !(isMap(object.spec) && isZero(object.spec.replicas));
    return all.map((container): Container => {
      const name = nameOf(container.name) ?? '';
      return {
        container,
        label: `${kind} ${named(workload, 'object')}, container ${named(name, 'container')}`,
        service: serviceInName(name) ?? inWorkload ?? serviceStarted([container.command, container.args]),
        namespace: nameOf(metadata.namespace),
        location: {
          ...location,
          kind,
          name: named(workload, 'object'),
          ...(nameOf(metadata.namespace) !== undefined && { namespace: named(nameOf(metadata.namespace), 'object') }),
          container: named(name, 'container'),
        },
        isStarted,
      };
    });
  });
}

/** What the containers of a file read from, and how much they may read of it: each can hold the whole of every Secret. */
class WorkloadInput {
  readonly file: string;
  readonly stored: StoredObjects;
  readonly #budget = new Budget();
  #assignments = 0;

  constructor(stored: readonly Stored[], file: string) {
    this.file = file;
    this.stored = new StoredObjects(stored);
  }

  /** To be called for each variable, also for one that overrides another. */
  count(): void {
    this.#assignments += 1;
    if (this.#assignments > MOST_ASSIGNMENTS) throw tooMany(this.file);
  }

  /** To be called with each text that is put in for a reference. */
  spend(text: string): void {
    if (this.#budget.isSpentBy(text))
      throw new InputError(`${this.file}: its $(NAME) references stand for more than ${Budget.MIB} MiB, the maximum`);
  }
}

/** The variables of one container: `env` beats `envFrom`, and later beats earlier. */
class ContainerReader {
  readonly of: ValueMap;
  readonly #input: WorkloadInput;
  readonly #namespace: string | undefined;
  readonly #place: Place;
  readonly #variables = new Map<string, Entry>();
  readonly #service: Container['service'];
  unseen: Unseen | undefined;

  constructor({ container, label, service, namespace, location }: Container, input: WorkloadInput) {
    this.of = container;
    this.#input = input;
    this.#namespace = namespace;
    this.#service = service;
    this.#place = { service: service ?? 'all', origin: originIn(input.file, location, label), location };
    for (const source of isList(container.envFrom) ? container.envFrom.filter(isMap) : []) this.#addAll(source);
    for (const pair of isList(container.env) ? container.env.filter(isMap) : []) this.#add(pair);
  }

  get entries(): readonly Entry[] {
    return [...this.#variables.values()];
  }

  /** Sidecars have no variables of Spacelift, or only those of its region. */
  get isSpacelifts(): boolean {
    if (holdsSpacelifts((name) => this.#variables.has(name))) return true;
    return this.#service !== undefined && [...this.#variables.keys()].some(isVariable);
  }

  #addAll(source: ValueMap): void {
    const prefix = nameOf(source.prefix) ?? '';
    for (const [field, kind] of [
      ['secretRef', 'Secret'],
      ['configMapRef', 'ConfigMap'],
    ] as const) {
      const reference = source[field];
      if (!isMap(reference)) continue;
      const object = this.#input.stored.find(kind, nameOf(reference.name), this.#namespace);
      if (object === undefined && !isTrue(reference.optional)) this.unseen = 'cluster';
      for (const entry of object?.entries ?? []) {
        this.#input.count();
        refuseLongName(this.#input.file, prefix, entry.name);
        const name = prefix + entry.name;
        if (VARIABLE_NAME.test(name)) this.#variables.set(name, { ...entry, name, service: this.#place.service });
      }
    }
  }

  #add(pair: ValueMap): void {
    const name = nameOf(pair.name);
    if (name === undefined) return;
    this.#input.count();
    const from = pair.valueFrom;
    if (isMap(from)) this.#addFrom(name, from);
    else this.#variables.set(name, entryOf(name, this.#expanded(name, pair.value), this.#place));
  }

  #addFrom(name: string, from: ValueMap): void {
    for (const [field, kind] of [
      ['secretKeyRef', 'Secret'],
      ['configMapKeyRef', 'ConfigMap'],
    ] as const) {
      const reference = from[field];
      if (!isMap(reference)) continue;
      const object = this.#input.stored.find(kind, nameOf(reference.name), this.#namespace);
      const held = object && this.#input.stored.entryIn(object, nameOf(reference.key));
      const isOptional = isTrue(reference.optional);
      if (held !== undefined) this.#variables.set(name, { ...held, name, service: this.#place.service });
      else if (object !== undefined || isOptional) this.#variables.delete(name);
      else this.#variables.set(name, entryOf(name, new Veiled('cluster'), this.#place));
      return;
    }
    this.#variables.set(name, entryOf(name, new Veiled('field'), this.#place));
  }

  /** `$(NAME)` of variables that are already defined; `$$` is a dollar sign. */
  #expanded(of: string, value: Value | undefined): Value | undefined {
    if (typeof value !== 'string' || !value.includes('$')) return value;
    let veiled: Veiled | undefined;
    let length = 0;
    const text = value.replace(/\$\$|\$\(([-._A-Za-z][-._A-Za-z0-9]*)\)/g, (written, name: string | undefined) => {
      if (name === undefined) return '$';
      const entry = this.#variables.get(name);
      if (entry?.kind === 'secret') veiled = new Veiled(entry.unseen ?? 'cluster');
      if (entry?.kind !== 'known') return written;
      length += entry.value.length;
      if (isTooLong(length)) throw tooLong(this.#input.file, of);
      this.#input.spend(entry.value);
      return entry.value;
    });
    return veiled ?? text;
  }
}

const isZero = (value: Value | undefined): boolean =>
  value === 0 || (value instanceof Unquoted && Number(value.text) === 0);

const isTrue = (value: Value | undefined): boolean =>
  value === true || (value instanceof Unquoted && value.text === 'true');
