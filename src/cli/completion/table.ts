/** What there is to complete, read from commander's own tables. */
import type { Argument, Command, Option } from 'commander';
import { CREDENTIALS_FILES } from '../../config/credentials-options.ts';

export interface Named {
  readonly name: string;
  readonly says: string;
}

/** What a value is: the words between the brackets of `--file <path>` say so. */
export type Value =
  | { readonly kind: 'words'; readonly words: readonly string[] }
  /** A word, `=` and a file. */
  | { readonly kind: 'words=file'; readonly words: readonly string[] }
  /** A rule's id, `=` and what nobody can guess. */
  | { readonly kind: 'id=' }
  /** A rule's id or a check's. */
  | { readonly kind: 'id' }
  | { readonly kind: 'pattern' }
  | { readonly kind: 'file' }
  /** A host, which nobody can guess. */
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
  /** The program itself has none. */
  readonly name: string;
  readonly flags: readonly Flag[];
  readonly value?: Value;
}

export interface Tables {
  readonly program: string;
  /** The first is the program itself. */
  readonly commands: readonly CommandTable[];
  readonly ids: readonly Named[];
  /** Patterns that match several ids. */
  readonly groups: readonly Named[];
  readonly checks: readonly Named[];
}

/** Ends the description of what can be given several times. */
const REPEATABLE = / \.\.\.$/;

const KINDS: Readonly<Record<string, Value>> = {
  '<path>': { kind: 'file' },
  '<host[:port]>': { kind: 'host' },
  '<variable>=<path>': { kind: 'words=file', words: CREDENTIALS_FILES },
  '<pattern>': { kind: 'pattern' },
  '<id>=<reason>': { kind: 'id=' },
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
  };
}

function flagOf(option: Option, all: readonly Option[]): Flag {
  const { short, long, description, flags } = option;
  const syntax = /[<[].*$/.exec(flags)?.[0];
  return {
    ...(short !== undefined && { short }),
    long: long ?? '',
    says: description.replace(REPEATABLE, ''),
    repeatable: REPEATABLE.test(description),
    ...(syntax !== undefined && { value: valueFor(syntax, option.argChoices, all) }),
  };
}

function argumentValue(argument: Argument): Value {
  const name = argument.name();
  return valueFor(argument.required ? `<${name}>` : `[${name}]`, argument.argChoices, []);
}

/** In `<format>=<path>`, the first is what the option `--format` takes. */
function valueFor(syntax: string, choices: readonly string[] | undefined, all: readonly Option[]): Value {
  if (choices !== undefined) return { kind: 'words', words: choices };
  const [, name] = /^<(\w+)>=<path>$/.exec(syntax) ?? [];
  const words = all.find(({ long }) => name !== undefined && long === `--${name}`)?.argChoices;
  if (words !== undefined) return { kind: 'words=file', words };
  return KINDS[syntax] ?? { kind: 'text' };
}
