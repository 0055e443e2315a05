/** Which value of a variable is in force: the contract's precedence. */

import { CONTRACT, isVariable } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import { type Perspective, SERVICES, type Service } from './options.ts';

export interface Resolved {
  /** The one service that is checked, selected or implied; `undefined` for all of them as one. */
  readonly service: Perspective | undefined;
  /** Whose variables are checked. */
  readonly perspectives: readonly Perspective[];
  /** The entry in force of every variable that is set, by name. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** Each service's own entry, where services differ in who has one. */
  readonly byService: ReadonlyMap<Service, ReadonlyMap<string, Entry>>;
  /** Variables may also be set in files that are not known here. */
  readonly incomplete: boolean;
}

export function resolve(sources: readonly Source[], selected: Perspective | undefined): Resolved {
  const all = sources
    .flatMap((source) => source.entries)
    .filter((entry) => entry.value !== '' || entry.kind !== 'known');
  const present = SERVICES.filter((service) => all.some((entry) => entry.service === service));
  const only = present.length === 1 ? present[0] : undefined;
  const service = selected ?? only;
  const services =
    service === undefined || service === 'worker' ? (present.length > 0 ? present : SERVICES) : [service];
  const byService = new Map(services.map((name) => [name, inForce(all, name)]));
  return {
    service,
    perspectives: service === 'worker' ? ['worker'] : services,
    entries: union([...byService.values()]),
    byService,
    incomplete: sources.some((source) => source.incomplete),
  };
}

/** A service's own values beat the shared ones; otherwise later beats earlier, and known beats "set, not known here". */
function inForce(entries: readonly Entry[], service: Service): Map<string, Entry> {
  const result = new Map<string, Entry>();
  for (const scope of ['all', service]) {
    const scoped = new Map<string, Entry>();
    for (const entry of entries.filter((candidate) => candidate.service === scope)) {
      if (entry.kind !== 'secret' || scoped.get(entry.name) === undefined) scoped.set(entry.name, entry);
    }
    for (const [name, entry] of scoped) {
      if (entry.kind !== 'secret' || result.get(name) === undefined) result.set(name, entry);
    }
  }
  return result;
}

/** The services' variables as one: whose need it is comes first, then the first that knows it. */
function union(maps: readonly ReadonlyMap<string, Entry>[]): Map<string, Entry> {
  const result = new Map<string, Entry>();
  for (const map of maps) {
    for (const [name, entry] of map) {
      const known = result.get(name);
      if (known === undefined || (known.kind === 'secret' && entry.kind !== 'secret')) result.set(name, entry);
    }
  }
  return result;
}

/** Whether one of those who are checked needs the variable when it is required. */
export function isNeeded(name: string, perspectives: readonly Perspective[]): boolean {
  if (!isVariable(name)) return false;
  const of = CONTRACT[name].of ?? SERVICES;
  return perspectives.some((perspective) => (of as readonly Perspective[]).includes(perspective));
}
