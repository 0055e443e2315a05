/** The Secrets and ConfigMaps of a file, by their names: workloads refer to them thousands of times. */
import type { Entry } from '../entry.ts';

/** A Secret or ConfigMap of the input. */
export interface Stored {
  readonly kind: 'Secret' | 'ConfigMap';
  readonly name: string;
  readonly namespace: string | undefined;
  readonly entries: readonly Entry[];
  /** Whether it can hold more than its entries, because something in the cluster creates it. */
  readonly isOpen?: true;
}

/** The objects of one kind and name, and where in the file each is. */
interface Namesakes {
  readonly first: Stored;
  /** The first in each namespace; `undefined` for objects without one. */
  readonly byNamespace: Map<string | undefined, { readonly object: Stored; readonly position: number }>;
}

export class StoredObjects {
  readonly #byName: Readonly<Record<Stored['kind'], Map<string, Namesakes>>> = {
    Secret: new Map(),
    ConfigMap: new Map(),
  };
  readonly #byKey = new Map<Stored, ReadonlyMap<string, Entry>>();

  constructor(stored: readonly Stored[]) {
    for (const [position, object] of stored.entries()) {
      const named = this.#byName[object.kind];
      const namesakes = named.get(object.name) ?? { first: object, byNamespace: new Map() };
      named.set(object.name, namesakes);
      const { byNamespace } = namesakes;
      if (!byNamespace.has(object.namespace)) byNamespace.set(object.namespace, { object, position });
    }
  }

  /** The first of this name; an object without a namespace is for any, and so is a reference without one. */
  find(kind: Stored['kind'], name: string | undefined, namespace: string | undefined): Stored | undefined {
    const namesakes = name === undefined ? undefined : this.#byName[kind].get(name);
    if (namesakes === undefined || namespace === undefined) return namesakes?.first;
    const [own, forAny] = [namesakes.byNamespace.get(namespace), namesakes.byNamespace.get(undefined)];
    if (own === undefined || forAny === undefined) return (own ?? forAny)?.object;
    return own.position < forAny.position ? own.object : forAny.object;
  }

  /** The objects of a kind that a reference from this namespace could mean, the first of each name. */
  near(kind: Stored['kind'], namespace: string | undefined): Stored[] {
    return [...this.#byName[kind].keys()].flatMap((name) => this.find(kind, name, namespace) ?? []);
  }

  /** An object of this name, of either kind, in any namespace. */
  namesake(kind: Stored['kind'], name: string): Stored | undefined {
    const other = kind === 'Secret' ? 'ConfigMap' : 'Secret';
    return this.#byName[kind].get(name)?.first ?? this.#byName[other].get(name)?.first;
  }

  /** What an object holds under a key. */
  entryIn(object: Stored, key: string | undefined): Entry | undefined {
    let entries = this.#byKey.get(object);
    if (entries === undefined) {
      entries = new Map(object.entries.map((entry) => [entry.name, entry]));
      this.#byKey.set(object, entries);
    }
    return key === undefined ? undefined : entries.get(key);
  }
}
