/** Each variable with where it comes from, fit to be seen. */
import { isKnown, isSecret, isVariable, VARIABLES } from '../config/contract.ts';
import type { Deployment } from '../config/deployment.ts';
import { ENVIRONMENT, type Entry } from '../config/entry.ts';
import { looksSecret, maskValue } from '../config/logins.ts';
import { named } from '../config/sources/quote.ts';

export interface PlannedVariable {
  readonly name: string;
  /** The value in force, without what is secret in it; `null` when there is none, or when it is not known here. */
  readonly value: string | null;
  /** The source; "default"; or "not set", for what is required. */
  readonly origin: string;
  /** What is wrong with it, or why it is not known here. */
  readonly note: string | null;
}

const REDACTED = '‹redacted›';
const LONGEST = 200;

export function variablesOf(deployment: Deployment): { variables: PlannedVariable[]; unknown: string[] } {
  const others = deployment.set.filter((name) => !isVariable(name)).sort();
  return {
    variables: [
      ...VARIABLES.flatMap((name) => ofSpacelift(deployment, name)),
      ...others.filter(isKnown).flatMap((name) => ofSdk(deployment, name)),
    ],
    // The job's own environment is full of what is none of Spacelift's.
    unknown: others
      .filter((name) => !isKnown(name) && deployment.entry(name)?.origin !== ENVIRONMENT)
      .map((name) => named(name, 'key')),
  };
}

function ofSpacelift(deployment: Deployment, name: (typeof VARIABLES)[number]): PlannedVariable[] {
  const found = deployment.lookup(name);
  const entry = deployment.entry(name);
  switch (found.state) {
    case 'unset':
      return [];
    case 'default':
      return [{ name, value: found.value, origin: 'default', note: null }];
    case 'unusable':
      return [{ name, value: null, origin: entry?.origin ?? 'not set', note: found.outcome.title }];
    case 'unknown':
      return [{ name, value: null, origin: entry?.origin ?? found.origin, note: 'set, not known here' }];
    case 'set':
      return [{ name, value: shown(name, entry, found.value), origin: found.origin, note: null }];
  }
}

function ofSdk(deployment: Deployment, name: string): PlannedVariable[] {
  const entry = deployment.entry(name);
  if (entry === undefined) return [];
  const isHere = entry.kind === 'known';
  return [
    {
      name: named(name, 'key'),
      value: isHere ? shown(name, entry, entry.value) : null,
      origin: entry.origin,
      note: isHere ? null : 'set, not known here',
    },
  ];
}

function shown(name: string, entry: Entry | undefined, value: string): string {
  if (isSecret(name) || entry?.secret === true || (!isVariable(name) && looksSecret(value))) return REDACTED;
  const safe = maskValue(value)
    .replace(/\s*\n\s*/g, ' ')
    // A query may hold what is secret, too.
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^?#]*)[?#].*$/i, '$1?…');
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST - 1)}…` : safe;
}
