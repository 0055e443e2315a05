/** Why a file in which nothing has the name of a variable is no config. */
import { firstOf } from '../../util/format.ts';
import { variableSpelled } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { getAll, getSecrets } from './refused.ts';

/** Maximum number of names in the message. */
const MOST = 3;

export function noVariable(file: string, entries: readonly Entry[] = []): InputError {
  const none = `${file}: contains no Spacelift variable`;
  const spelled = entries.flatMap(({ name, location }) => {
    const meant = variableSpelled(name);
    return meant === undefined ? [] : [{ name, meant, location }];
  });
  if (spelled.some(({ location }) => location?.kind !== undefined)) {
    const keys = spelled.map(({ name }) => name);
    return new InputError(
      `${none}, but keys such as ${firstOf(keys, MOST)}: pass it in one file with the workloads that set variables from them: ${getAll()}`,
    );
  }
  const names = spelled.map(({ name, meant, location: { line } = { file } }) => {
    const where = line === undefined ? '' : ` (line ${line})`;
    return `${meant}, not ${name}${where}`;
  });
  if (names.length > 0) return new InputError(`${none}, because names are in capitals: ${firstOf(names, MOST, '; ')}`);
  return new InputError(`${none}; expected SERVER_DOMAIN, DATABASE_URL, …, as in: ${getSecrets()}`);
}
