/** The variables of one container, from its own lines and the Secrets and ConfigMaps beside it. */
import { isVariable } from '../contract.ts';
import { type Entry, InputError, type UnresolvedReference } from '../entry.ts';
import { Budget } from '../env-file/assignment.ts';
import { GATEWAY, type Service } from '../options.ts';
import type { Location } from '../schema.ts';
import type { Unseen } from '../unseen.ts';
import { isTooLong, MOST_ASSIGNMENTS, refuseLongName, tooLong, tooMany } from './bounds.ts';
import { refuseFields } from './container-fields.ts';
import { placeIn } from './lines.ts';
import { isConfig, nearest, nearestObject } from './near.ts';
import { named } from './quote.ts';
import { holdsSpacelifts, setsVariables } from './service.ts';
import { type Stored, StoredObjects } from './stored.ts';
import {
  entryOf,
  isList,
  isMap,
  nameOf,
  originIn,
  type Place,
  Unquoted,
  type Value,
  type ValueMap,
  Veiled,
} from './value.ts';

export interface Container {
  readonly container: ValueMap;
  readonly label: string;
  readonly service: Service | undefined;
  /** Whether its command is the one of a backend service: no other program has it. */
  readonly isBackend: boolean;
  readonly namespace: string | undefined;
  readonly location: Location;
  /** Whether the workload starts any pod: with `replicas: 0`, it does not. */
  readonly isStarted: boolean;
}

/** `PREFIX_NAME`: what Kubernetes makes a variable of; other keys of a Secret are left out. */
const VARIABLE_NAME = /^[-._A-Za-z][-._A-Za-z0-9]*$/;

/** Kinds whose containers have the fields of Kubernetes; other programs have others. */
const NATIVE = /^(?:Deployment|StatefulSet|DaemonSet|ReplicaSet|Pod|Job|CronJob|Rollout)$/;

/** Thousands of containers can refer to the same object. */
export const MOST_UNRESOLVED = 100;
/** Searches for what was meant. */
const MOST_SEARCHED = 20;

/** What the containers of a file read from, and how much they may read of it: each can hold the whole of every Secret. */
export class WorkloadInput {
  readonly file: string;
  readonly stored: StoredObjects;
  readonly #nearObjects = new Map<string, Stored | undefined>();
  readonly #nearKeys = new Map<string, string | undefined>();
  readonly #budget = new Budget();
  #assignments = 0;

  constructor(stored: readonly Stored[], file: string) {
    this.file = file;
    this.stored = new StoredObjects(stored);
  }

  /** What a reference to an object that is not in the file probably means. */
  nearObject(kind: Stored['kind'], name: string, namespace: string | undefined): Stored | undefined {
    const find = () => {
      const namesake = this.stored.namesake(kind, name);
      if (namesake !== undefined && isConfig(namesake)) return namesake;
      return nearestObject(name, this.stored.near(kind, namespace));
    };
    return this.#once(this.#nearObjects, `${kind} ${namespace} ${name}`, find);
  }

  /** What a reference to a key that an object lacks probably means. */
  nearKey(object: Stored, key: string): string | undefined {
    const keys = () => object.entries.map(({ name }) => name);
    return this.#once(this.#nearKeys, `${object.kind} ${object.namespace} ${object.name} ${key}`, () =>
      nearest(key, keys()),
    );
  }

  /** Only for the first references: each takes a look at all objects, or keys. */
  #once<Found>(found: Map<string, Found | undefined>, of: string, find: () => Found | undefined): Found | undefined {
    if (!found.has(of) && found.size < MOST_SEARCHED) found.set(of, find());
    return found.get(of);
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
export class ContainerReader {
  readonly of: ValueMap;
  readonly #input: WorkloadInput;
  readonly #namespace: string | undefined;
  readonly #place: Place;
  readonly #variables = new Map<string, Entry>();
  /** What set each variable: an object, or the container itself. */
  readonly #setBy = new Map<string, Stored | undefined>();
  /** Values that later ones from the same place replace. */
  readonly #replaced: Entry[] = [];
  readonly #service: Container['service'];
  readonly #isBackend: boolean;
  readonly referred = new Set<Stored>();
  readonly unresolved: UnresolvedReference[] = [];
  /** Why it has variables whose names are not known here. */
  unseen: Unseen | undefined;
  /** The objects that it refers to and that are not in the file: `Secret NAME`. */
  readonly missing = new Set<string>();
  /** Those to which something in the cluster can add variables. */
  readonly open = new Set<string>();

  constructor({ container, label, service, isBackend, namespace, location }: Container, input: WorkloadInput) {
    this.of = container;
    this.#input = input;
    this.#namespace = namespace;
    this.#service = service;
    this.#isBackend = isBackend;
    this.#place = { service: service ?? 'all', origin: originIn(input.file, location, label), location };
    if (service !== undefined && NATIVE.test(location.kind ?? '')) refuseFields(container, `${input.file}: ${label}`);
    for (const source of isList(container.envFrom) ? container.envFrom.filter(isMap) : []) this.#addAll(source);
    for (const pair of isList(container.env) ? container.env.filter(isMap) : []) this.#add(pair);
    if (service !== undefined && setsVariables([container.command, container.args])) this.unseen = 'command';
  }

  get isGateway(): boolean {
    return this.#service === GATEWAY;
  }

  get isService(): boolean {
    return this.#service !== undefined && !this.isGateway;
  }

  /** Whether it has no more of Spacelift than a name that other programs use too: a backup of the database has it. */
  get isPerhapsAnother(): boolean {
    return this.#service === undefined && !this.#isBackend && !this.#variables.has('SERVER_DOMAIN');
  }

  get entries(): readonly Entry[] {
    return [...this.#replaced, ...this.#variables.values()];
  }

  /** Sidecars have no variables of Spacelift, or only those of its region. */
  get isSpacelifts(): boolean {
    if (holdsSpacelifts((name) => this.#variables.has(name))) return true;
    if (this.#service !== undefined && this.unresolved.some(({ near }) => near !== undefined)) return true;
    if (this.#isBackend && (this.missing.size > 0 || this.unseen !== undefined)) return true;
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
      const object = this.#find(kind, reference);
      if (object?.isOpen) {
        this.unseen = 'operator';
        this.open.add(`${kind} ${named(object.name, 'object')}`);
      } else if (object === undefined && !isTrue(reference.optional)) this.unseen = 'cluster';
      for (const entry of object?.entries ?? []) {
        this.#input.count();
        refuseLongName(this.#input.file, prefix, entry.name);
        const name = prefix + entry.name;
        if (VARIABLE_NAME.test(name)) this.#set({ ...entry, name, service: this.#place.service }, object);
      }
    }
  }

  #add(pair: ValueMap): void {
    const name = nameOf(pair.name);
    if (name === undefined) return;
    this.#input.count();
    const from = pair.valueFrom;
    const place = placeIn(pair, 'name', this.#place);
    if (isMap(from)) this.#addFrom(name, from, place);
    else if (this.#isMissedIn(name, pair.value)) this.#variables.delete(name);
    else this.#set(entryOf(name, this.#expanded(name, pair.value), place));
  }

  #set(entry: Entry, by?: Stored): void {
    const before = this.#variables.get(entry.name);
    if (before !== undefined && before.value !== entry.value && this.#setBy.get(entry.name) === by)
      this.#replaced.push(before);
    this.#variables.set(entry.name, entry);
    this.#setBy.set(entry.name, by);
  }

  #addFrom(name: string, from: ValueMap, place: Place): void {
    for (const [field, kind] of [
      ['secretKeyRef', 'Secret'],
      ['configMapKeyRef', 'ConfigMap'],
    ] as const) {
      const reference = from[field];
      if (!isMap(reference)) continue;
      const object = this.#find(kind, reference);
      const held = object && this.#input.stored.entryIn(object, nameOf(reference.key));
      const isOptional = isTrue(reference.optional);
      if (held !== undefined) this.#set({ ...held, name, service: this.#place.service });
      else if (object?.isOpen) this.#set(entryOf(name, new Veiled('operator'), place));
      else if (object !== undefined || isOptional) {
        this.#variables.delete(name);
        if (object !== undefined && !isOptional) this.#missKey(name, object, nameOf(reference.key) ?? '');
      } else this.#set(entryOf(name, new Veiled('cluster'), place));
      return;
    }
    this.#set(entryOf(name, new Veiled('field'), place));
  }

  #find(kind: Stored['kind'], reference: ValueMap): Stored | undefined {
    const name = nameOf(reference.name) ?? '';
    const object = this.#input.stored.find(kind, name, this.#namespace);
    if (object !== undefined) this.referred.add(object);
    else if (!isTrue(reference.optional)) {
      this.missing.add(`${kind} ${named(name, 'object')}`);
      const near = this.#input.nearObject(kind, name, this.#namespace);
      if (near !== undefined) {
        const { namespace } = near;
        const isElsewhere = near.kind === kind && near.name === name && namespace !== undefined;
        this.#miss({
          kind,
          name: named(name, 'object'),
          near: named(near.name, 'object'),
          ...(near.kind !== kind && { nearKind: near.kind }),
          ...(isElsewhere && { nearNamespace: named(namespace, 'object') }),
        });
      }
    }
    return object;
  }

  #missKey(variable: string, object: Stored, key: string): void {
    const { kind, name } = object;
    const near = this.#input.nearKey(object, key);
    this.#miss({
      kind,
      name: named(name, 'object'),
      key: named(key, 'key'),
      variable,
      ...(near !== undefined && { near: named(near, 'key') }),
    });
  }

  /** Whether a variable is made of one whose key is missing; that is then told of the variable itself. */
  #isMissedIn(name: string, value: Value | undefined): boolean {
    if (typeof value !== 'string' || !value.includes('$(') || this.unresolved.length > MOST_UNRESOLVED) return false;
    const index = this.unresolved.findIndex(
      ({ key, variable: part = '' }) =>
        key !== undefined && !isVariable(part) && !this.#variables.has(part) && value.includes(`$(${part})`),
    );
    const missed = this.unresolved[index];
    if (missed !== undefined) this.unresolved[index] = { ...missed, variable: name };
    return missed !== undefined;
  }

  #miss(reference: Omit<UnresolvedReference, 'origin'>): void {
    this.unresolved.push({ ...reference, origin: this.#place.origin });
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

const isTrue = (value: Value | undefined): boolean =>
  value === true || (value instanceof Unquoted && value.text === 'true');
