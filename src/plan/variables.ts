/** Each variable with its origin, without secrets. */
import { isKnown, isSecret, isVariable, VARIABLES } from '../config/contract.ts';
import type { Deployment } from '../config/deployment.ts';
import { ENVIRONMENT, type Entry } from '../config/entry.ts';
import { looksSecret, MASK, maskValue } from '../config/logins.ts';
import { holdsPrivateKey } from '../config/pem/envelope.ts';
import { named } from '../config/sources/quote.ts';

export interface PlannedVariable {
  readonly name: string;
  /** The value in effect, without secrets; `null` if it is not set or unknown. */
  readonly value: string | null;
  /** The source, "default", or for a missing required variable "not set". */
  readonly origin: string;
  /** The problem with the value, or why it is unknown. */
  readonly note: string | null;
}

const LONGEST = 200;

export function variablesOf(deployment: Deployment): { variables: PlannedVariable[]; unknown: string[] } {
  const others = deployment.set.filter((name) => !isVariable(name)).sort();
  return {
    variables: [
      ...VARIABLES.flatMap((name) => ofSpacelift(deployment, name)),
      ...others.filter(isKnown).flatMap((name) => ofSdk(deployment, name)),
    ],
    // The environment of a job is full of unrelated variables.
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
      return [{ name, value: null, origin: entry?.origin ?? found.origin, note: 'set, but the value is unknown' }];
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
      note: isHere ? null : 'set, but the value is unknown',
    },
  ];
}

function shown(name: string, entry: Entry | undefined, value: string): string {
  if (isSecret(name) || entry?.secret === true || holdsPrivateKey(value)) return MASK;
  if (!isVariable(name) && looksSecret(value)) return MASK;
  const safe = maskValue(value)
    .replace(/\s*\n\s*/g, ' ')
    // A query can contain secrets, too.
    .replace(/^([a-z][a-z0-9+.-]*:\/\/[^?#]*)[?#].*$/i, '$1?…');
  return safe.length > LONGEST ? `${safe.slice(0, LONGEST - 1)}…` : safe;
}
