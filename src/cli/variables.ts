/** Options from the environment of this process: `SPACELIFT_PREFLIGHT_<OPTION>`. The command line wins. */
import type { Command, Option } from 'commander';
import { InputError } from '../config/input-error.ts';
import { AUTHORITIES_VARIABLE, type Environment, OPTION_PREFIX } from '../config/options.ts';
import { similarTo } from '../util/similar.ts';
import { type Acceptance, withReasons } from './accept.ts';
import { isRepeatable, parsedBy } from './option-values.ts';

/** Those that are about the variables, or only print. */
const WITHOUT = ['--no-variables', '--version'];
/** What Kubernetes sets in each container for a Service whose name starts like the variables. */
const OF_A_SERVICE =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/;
const PROPER_NAME = /^\w{1,80}$/;

/** `--fail-on` → `SPACELIFT_PREFLIGHT_FAIL_ON`; `undefined` for options that have none. */
export const variableOf = ({ long }: Pick<Option, 'long'>): string | undefined =>
  long == null || WITHOUT.includes(long)
    ? undefined
    : `${OPTION_PREFIX}${long.slice(2).toUpperCase().replaceAll('-', '_')}`;

/**
 * Sets the options of the command that are not on the command line.
 * @param commands all of them: a variable for the option of another one is ignored
 * @throws InputError for a variable of no command, or with another value than the option accepts
 */
export function applyVariables(command: Command, commands: readonly Command[], env: Environment): void {
  refuseUnknown(commands, env);
  for (const option of command.options) {
    const variable = variableOf(option);
    const given = variable === undefined ? '' : (env[variable] ?? '').trim();
    if (variable === undefined || given === '' || isOnCommandLine(command, option)) continue;
    const value = optionValue(option, variable, given, env);
    if (value !== undefined) command.setOptionValueWithSource(option.attributeName(), value.is, 'env');
  }
  const { quiet, verbose } = command.opts();
  if (quiet === true && verbose === true)
    throw new InputError(`${OPTION_PREFIX}QUIET cannot be used with ${OPTION_PREFIX}VERBOSE`);
}

function refuseUnknown(commands: readonly Command[], env: Environment): void {
  const known = [
    AUTHORITIES_VARIABLE,
    ...commands.flatMap(({ options }) => options.flatMap((one) => variableOf(one) ?? [])),
  ];
  const unknown = Object.keys(env).find(
    (name) => name.startsWith(OPTION_PREFIX) && !known.includes(name) && !OF_A_SERVICE.test(name),
  );
  if (unknown === undefined) return;
  const near = similarTo(unknown, known);
  const name = PROPER_NAME.test(unknown) ? unknown : `${OPTION_PREFIX}…`;
  throw new InputError(`unknown variable ${name}${near === undefined ? '; see --help' : `, did you mean ${near}?`}`);
}

/** The option itself, or one that it can't be used with. */
function isOnCommandLine(command: Command, option: Option): boolean {
  const name = option.attributeName();
  const opposite: Readonly<Record<string, string>> = { quiet: 'verbose', verbose: 'quiet' };
  return [name, opposite[name] ?? name].some((one) => command.getOptionValueSource(one) === 'cli');
}

/** `undefined` for what changes nothing. @throws InputError */
function optionValue(option: Option, variable: string, given: string, env: Environment): { is: unknown } | undefined {
  if (option.isBoolean() || option.negate) {
    const isSet = flagIn(given);
    if (isSet === undefined) throw new InputError(`${variable}: expected true, false, 1 or 0`);
    if (option.negate) return isSet ? { is: false } : undefined;
    return { is: isSet ? true : undefined };
  }
  const parse = (text: string, previous?: unknown) => parsedBy(option, text, variable, previous);
  if (option.long === '--reason') {
    if ((env[`${OPTION_PREFIX}ACCEPT`] ?? '').trim() === '')
      throw new InputError(`${variable} requires ${OPTION_PREFIX}ACCEPT: the IDs that the reasons are for`);
    return undefined;
  }
  if (option.optional && flagIn(given) !== undefined) return flagIn(given) === true ? { is: parse('') } : undefined;
  if (!isRepeatable(option)) return { is: parse(given) };
  const all = linesIn(given).reduce<unknown>((previous, line) => parse(line, previous), undefined);
  return { is: option.long === '--accept' ? withReasonsIn(all as readonly Acceptance[], env) : all };
}

/** Each line of one variable belongs to the same line of the other one. */
function withReasonsIn(accepted: readonly Acceptance[], env: Environment): readonly Acceptance[] {
  const variable = `${OPTION_PREFIX}REASON`;
  const reasons = linesIn(env[variable] ?? '');
  if (accepted.every(({ reason }) => reason !== undefined) && reasons.length === 0) return accepted;
  if (reasons.length !== accepted.length)
    throw new InputError(
      `${variable}: expected one line for each line of ${OPTION_PREFIX}ACCEPT, ${accepted.length}, found ${reasons.length}`,
    );
  return withReasons(accepted, reasons);
}

const linesIn = (text: string): string[] => text.split('\n').flatMap((line) => line.trim() || []);

const FLAGS: ReadonlyMap<string, boolean> = new Map([
  ['true', true],
  ['1', true],
  ['false', false],
  ['0', false],
]);
const flagIn = (text: string): boolean | undefined => FLAGS.get(text);
