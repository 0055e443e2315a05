/** The commands, options and values to complete, read from commander's tables. */
import type { Argument, Command, Option } from 'commander';
import { CREDENTIALS_FILES } from '../../config/credentials-options.ts';
import { RELEASES } from '../../config/releases.ts';
import { isRepeatable, withoutRepeatable } from '../option-values.ts';

export interface Named {
  readonly name: string;
  readonly says: string;
}

/** The kind of a value, derived from its placeholder, as in `--file <path>`. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** A word, `=` and a file. */
  | { readonly kind: 'words=file'; readonly words: readonly string[] }
  /** The ID of a rule. */
  | { readonly kind: 'rule' }
  /** The ID of a rule or a check. */
  | { readonly kind: 'id' }
  | { readonly kind: 'pattern' }
  | { readonly kind: 'file' }
  /** A host, a URL or an image, for which there are no suggestions. */
  | { readonly kind: 'host' }
  /** Anything. */
  | { readonly kind: 'text' };

export interface Flag {
  readonly short?: string;
  readonly long: string;
  readonly says: string;
  readonly repeatable: boolean;
  readonly value?: Value;
}

export interface CommandTable extends Named {
  /** Empty for the program itself. */
  readonly name: string;
  readonly flags: readonly Flag[];
  readonly value?: Value;
  /** The value can be repeated. */
  readonly variadic?: true;
}

export interface Tables {
  readonly program: string;
  /** The first is the program itself. */
  readonly commands: readonly CommandTable[];
  readonly ids: readonly Named[];
  /** Patterns that match several IDs. */
  readonly groups: readonly Named[];
  readonly checks: readonly Named[];
}

const KINDS: Readonly<Record<string, Value>> = {
  '<path>': { kind: 'file' },
  '<file>': { kind: 'file' },
  '<host[:port]>': { kind: 'host' },
  '<url>': { kind: 'host' },
  '<image>': { kind: 'host' },
  '<variable>=<path>': { kind: 'words=file', words: CREDENTIALS_FILES },
  // Any other one is accepted too.
  '<duration>': { kind: 'words', words: ['30s', '5m', '1h'] },
  '<version>': { kind: 'words', words: RELEASES },
  '<pattern>': { kind: 'pattern' },
  '<id>': { kind: 'rule' },
  '[id]': { kind: 'id' },
};

export function tableOf(command: Command): CommandTable {
  const flags = command.createHelp().visibleOptions(command);
  const [argument] = command.registeredArguments;
  return {
    name: command.parent === null ? '' : command.name(),
    says: command.description(),
    flags: flags.map((option) => flagOf(option, flags)),
    ...(argument !== undefined && { value: argumentValue(argument) }),
    ...(argument?.variadic === true && { variadic: true }),
  };
}

function flagOf(option: Option, all: readonly Option[]): Flag {
  const { short, long, description, flags } = option;
  // After a `=` in brackets, as in `--debug [=file]`, a value is never the next word.
  const syntax = /<.*$/.exec(flags)?.[0];
  return {
    ...(short !== undefined && { short }),
    long: long ?? '',
    says: withoutRepeatable(description),
    repeatable: isRepeatable(option),
    ...(syntax !== undefined && { value: valueFor(syntax, option.argChoices, all) }),
  };
}

function argumentValue(argument: Argument): Value {
  const name = argument.name();
  return valueFor(argument.required ? `<${name}>` : `[${name}]`, argument.argChoices, []);
}

/** In `<format>=<path>`, the first part has the values of the option `--format`. */
function valueFor(syntax: string, choices: readonly string[] | undefined, all: readonly Option[]): Value {
  if (choices !== undefined) return { kind: 'words', words: choices };
  const [, name] = /^<(\w+)>=<path>$/.exec(syntax) ?? [];
  const words = all.find(({ long }) => name !== undefined && long === `--${name}`)?.argChoices;
  if (words !== undefined) return { kind: 'words=file', words };
  return KINDS[syntax] ?? { kind: 'text' };
}
