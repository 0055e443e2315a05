/** Determines the effective value of each variable. */

import { type ChoiceName, CONTRACT, isVariable } from './contract.ts';
import type { Entry, Source } from './entry.ts';
import { hasGatewayAlone } from './gateway.ts';
import { CORE_SERVICES, GATEWAY, type Perspective, SERVICES, type Service } from './options.ts';
import type { Unseen } from './unseen.ts';
import { hasPoolAlone } from './worker-pool.ts';

export interface Resolved {
  /** The single service to check, selected or implied; `undefined` for all services together. */
  readonly service: Perspective | undefined;
  /** The services whose variables are checked. */
  readonly perspectives: readonly Perspective[];
  /** The effective entry of every variable that is set, by name. */
  readonly entries: ReadonlyMap<string, Entry>;
  /** The effective entries of each service. */
  readonly byService: ReadonlyMap<Service, ReadonlyMap<string, Entry>>;
  /** Whether variables may also be set in files that are not known here. */
  readonly incomplete: boolean;
  /** If incomplete: why. */
  readonly unseen: Unseen;
}

export function resolve(sources: readonly Source[], selected: Perspective | undefined): Resolved {
  const all = sources
    .flatMap((source) => source.entries)
    .filter((entry) => entry.value !== '' || entry.kind !== 'known');
  const present = CORE_SERVICES.filter((service) => all.some((entry) => entry.service === service));
  const only = present.length === 1 ? present[0] : hasGatewayAlone(sources) ? GATEWAY : undefined;
  const isPool = (selected ?? 'worker') === 'worker' && hasPoolAlone(sources, selected);
  const service = selected ?? (isPool ? 'worker' : only);
  const services =
    service === undefined || service === 'worker' ? (present.length > 0 ? present : CORE_SERVICES) : [service];
  const byService = new Map(services.map((name) => [name, inForce(all, name)]));
  return {
    service,
    perspectives: service === 'worker' ? ['worker'] : services,
    entries: union([...byService.values()]),
    byService,
    incomplete: isPool || sources.some((source) => source.incomplete),
    unseen: isPool ? 'sharedConfig' : (sources.find((source) => source.incomplete)?.unseen ?? 'environmentFiles'),
  };
}

/** Service values override shared ones; otherwise later overrides earlier, and known overrides unknown. */
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

/** Merges the services' variables: the first service with a known value wins. */
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

/** Whether any checked service needs the variable when it is required. */
export function isNeeded(name: string, perspectives: readonly Perspective[]): boolean {
  if (!isVariable(name)) return false;
  const of = CONTRACT[name].of ?? SERVICES;
  return perspectives.some((perspective) => (of as readonly Perspective[]).includes(perspective));
}

/**
 * Whether a choice can have a value that is not known here, so that its default need not be in effect. The files of a task
 * definition add to what it sets; what is left out elsewhere is often everything.
 */
export const isOpenChoice = (name: ChoiceName, { entries, incomplete, unseen }: Resolved): boolean =>
  incomplete && unseen !== 'environmentFiles' && !entries.has(name);
