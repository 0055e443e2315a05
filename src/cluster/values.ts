/** The values in containers that must not be shown when a server quotes them. */
import type { Entry, Source } from '../config/entry.ts';
import type { Redact } from '../config/redact.ts';
import { secretsOf } from '../config/secrets.ts';
import { type Json, type JsonMap, listIn, textIn } from '../util/json.ts';

/** The member of a container with its variables, each with a `name` and perhaps a `value`. */
type Member = 'env' | 'environment';

/** Secret values that containers have themselves; those in secret stores are not known here. */
export function secretsIn(containers: readonly JsonMap[], member: Member): string[] {
  const entries = containers.flatMap((container) => listIn(container, member).flatMap(entriesIn));
  const source: Source = { entries, incomplete: true, process: false };
  return secretsOf([source]);
}

function entriesIn(pair: JsonMap): Entry[] {
  const [name, value] = [textIn(pair, 'name'), textIn(pair, 'value')];
  return name === undefined || value === undefined
    ? []
    : [{ name, kind: 'known', value, service: 'all', origin: 'a container' }];
}

/** The container with its secret values masked. @param masked gets the names of their variables */
export function withoutValues(container: JsonMap, member: Member, redact: Redact, masked: Set<string>): JsonMap {
  const pairs = listIn(container, member).map((pair): Json => {
    const value = textIn(pair, 'value');
    if (value === undefined || redact(value) === value) return pair;
    masked.add(textIn(pair, 'name') ?? '');
    return { ...pair, value: redact(value) };
  });
  return pairs.length === 0 ? container : { ...container, [member]: pairs };
}
