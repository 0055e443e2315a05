/** Errors about the values of options that came from variables, and were found only when the values were used. */
import type { Command, Option } from 'commander';
import { OPTION_PREFIX } from '../config/options.ts';
import type { RunArguments } from './options.ts';
import { variableOf } from './variables.ts';

/** The message, after the names of the variables with the values that it is about. */
export function namingVariables(message: string, command: Command): string {
  if (message.startsWith(OPTION_PREFIX)) return message;
  const paths = pathsIn(command.opts());
  const names = command.options
    .filter((option) => !option.negate && command.getOptionValueSource(option.attributeName()) === 'env')
    .filter(
      (option) =>
        isSubject(message, option) || (paths[option.attributeName()] ?? []).some((path) => mentions(message, path)),
    )
    .flatMap((option) => variableOf(option) ?? []);
  return names.length === 0 ? message : `${names.join(', ')}: ${message}`;
}

/** Whether the message is about the option: it can also name one as what to use instead. */
const isSubject = (message: string, { long, short }: Option): boolean =>
  [long, short].some((name) => name != null && new RegExp(`(?:^|and |\\(|read )${name}(?![\\w-])`).test(message));

/** The files that options name, by attribute: messages about them do not always name the option. */
const pathsIn = (
  args: Partial<RunArguments>,
): Readonly<Record<string, readonly (string | undefined)[] | undefined>> => ({
  file: args.file,
  caFile: args.caFile,
  credentialsFile: args.credentialsFile?.map(({ path }) => path),
  report: args.report?.map(({ path }) => path),
  debug: [args.debug?.path],
  baseline: [args.baseline],
  config: [args.config === false ? undefined : args.config],
});

function mentions(message: string, path = ''): boolean {
  const at = path === '' ? -1 : message.indexOf(path);
  return at >= 0 && /^\s?$/.test(message.charAt(at - 1)) && /^[\s:;,]?$/.test(message.charAt(at + path.length));
}
