/** Why a file in which nothing has the name of a variable is no config. */
import { firstOf } from '../../util/format.ts';
import { isVariable, type VariableName, variableBehindPrefix, variableSpelled } from '../contract.ts';
import { type Entry, InputError } from '../entry.ts';
import { shown } from './quote.ts';
import { getAll, getSecrets } from './refused.ts';

/** Maximum number of names in the message. */
const MOST = 3;

export function noVariable(file: string, entries: readonly Entry[] = []): InputError {
  const none = `${file}: contains no Spacelift variable`;
  const envFile = entries.find(({ location, value }) => location?.kind !== undefined && holdsEnvFile(value));
  if (envFile?.location !== undefined)
    return new InputError(
      `${none}, but ${envFile.location.kind} ${envFile.location.name} holds a whole env file under one key; create it with --from-env-file instead of --from-file`,
    );
  const spelled = meantIn(entries, variableSpelled);
  if (spelled.some(({ location }) => location?.kind !== undefined)) {
    const keys = spelled.map(({ name }) => name);
    return new InputError(
      `${none}, but keys such as ${firstOf(keys, MOST)}: pass it in one file with the workloads that set variables from them: ${getAll()}`,
    );
  }
  const listed = (all: typeof spelled) =>
    firstOf(
      all.map(({ name, meant, location: { line } = { file } }) => {
        const where = line === undefined ? '' : ` (line ${line})`;
        return `${meant}, not ${shown(name)}${where}`;
      }),
      MOST,
      '; ',
    );
  if (spelled.length > 0) return new InputError(`${none}, because names are in capitals: ${listed(spelled)}`);
  const prefixed = meantIn(entries, variableBehindPrefix);
  if (prefixed.length > 1) return new InputError(`${none}, because names have no prefix: ${listed(prefixed)}`);
  return new InputError(`${none}; expected SERVER_DOMAIN, DATABASE_URL, …, as in: ${getSecrets()}`);
}

const meantIn = (entries: readonly Entry[], meantBy: (name: string) => VariableName | undefined) =>
  entries.flatMap(({ name, location }) => {
    const meant = meantBy(name);
    return meant === undefined ? [] : [{ name, meant, location }];
  });

const holdsEnvFile = (text: string): boolean =>
  [...text.matchAll(/^(?:export )?([A-Z][A-Z0-9_]*)=/gm)].some(([, name = '']) => isVariable(name));
