/** For zsh with its completion system (`compinit`): sourced, or as the file `_spacelift-preflight` in the `fpath`. */
import type { CommandTable, Flag, Named, Tables, Value } from './table.ts';

export function zsh({ program, commands, ids, groups, checks }: Tables): string {
  const fn = `_${program.replaceAll('-', '_')}`;
  const [root, ...others] = commands;
  const list = (...words: readonly (readonly Named[])[]) =>
    words
      .flat()
      .map(({ name }) => `  ${quoted(name)}`)
      .join('\n');
  return `#compdef ${program}
# Completes ${program} in zsh. To load it: source <(${program} completion zsh)

_${program}() {
  local curcontext=$curcontext context state state_descr line
  local -A opt_args
  local -a commands
  _arguments -C -s -S -A '-*' : \\
${root === undefined ? '' : specsOf(root, fn)}
    '1:command:->command' \\
    '*::argument:->argument' && return
  case $state in
    command)
      commands=(
${others.map(({ name, says }) => `        ${quoted(`${name}:${says}`)}`).join('\n')}
      )
      _describe command commands
      ;;
    argument)
      case $words[1] in
${others.map((command) => `        ${command.name})\n          _arguments -s -S : \\\n${specsOf(command, fn)}\n          ;;`).join('\n')}
      esac
      ;;
  esac
}

${fn}_ids=(
${list(ids)}
)
${fn}_patterns=(
${list(groups, ids)}
)
${fn}_names=(
${list(checks, ids)}
)

${fn}_id() { _multi_parts / ${fn}_names }
${fn}_pattern() { _multi_parts / ${fn}_patterns }
${fn}_rule() { _multi_parts / ${fn}_ids }
${fn}_word_is_file() { if compset -P 1 '*='; then _files; else compadd -S = -- "$@"; fi }

if [[ $funcstack[1] = _${program} ]]; then _${program} "$@"; else compdef _${program} ${program}; fi
`;
}

/** The arguments of `_arguments`, one per line, each with a line continuation. */
function specsOf({ flags, value, variadic }: CommandTable, fn: string): string {
  const specs = [
    ...flags.flatMap((flag) => flagSpecs(flag, fn)),
    ...(value === undefined ? [] : [quoted(`${variadic ? '*' : 1}:${value.kind}:${actionOf(value, fn)}`)]),
  ];
  return specs.map((spec) => `    ${spec} \\`).join('\n');
}

/** The short and the long form exclude each other, unless the option is repeatable. */
function flagSpecs({ short, long, says, repeatable, value }: Flag, fn: string): string[] {
  const forms = [short, long].filter((form) => form !== undefined);
  const before = repeatable ? '*' : `(${forms.join(' ')})`;
  const after = value === undefined ? '' : `:${value.kind}:${actionOf(value, fn)}`;
  return forms.map((form) => {
    const takes = value === undefined ? '' : form.startsWith('--') ? '=' : '+';
    return quoted(`${before}${form}${takes}[${says.replace(/[[\]\\:]/g, '\\$&')}]${after}`);
  });
}

function actionOf(value: Value, fn: string): string {
  switch (value.kind) {
    case 'words':
      return `(${value.words.join(' ')})`;
    case 'words=file':
      return `{${fn}_word_is_file ${value.words.join(' ')}}`;
    case 'rule':
      return `${fn}_rule`;
    case 'id':
      return `${fn}_id`;
    case 'pattern':
      return `${fn}_pattern`;
    case 'file':
      return '_files';
    case 'host':
    case 'text':
      return ' ';
  }
}

const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;
