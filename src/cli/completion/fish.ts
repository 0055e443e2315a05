/** For fish 3.1 and later. */
import type { CommandTable, Flag, Named, Tables, Value } from './table.ts';

export function fish({ program, commands, ids, groups, checks }: Tables): string {
  const fn = `__${program.replaceAll('-', '_')}`;
  const [root, ...others] = commands;
  const listing = (suffix: string, ...words: readonly (readonly Named[])[]) =>
    `function ${fn}_${suffix}\n    printf '%s\\t%s\\n' ${words
      .flat()
      .map(({ name, says }) => `${quoted(name)} ${quoted(says)}`)
      .join(' \\\n        ')}\nend`;
  const lines = commands.flatMap((command) => {
    const when = `-n ${quoted(`${fn}_in ${quoted(command.name)}`)}`;
    return [...flagLines(command, fn), ...argumentLines(command, fn)].map(
      (line) => `complete -c ${program} ${when} ${line}`,
    );
  });
  return `# Completes ${program} in fish. To load it: ${program} completion fish | source

${listing('ids', ids)}

${listing('patterns', groups, ids)}

${listing('names', checks, ids)}

# <word>=<path>
function ${fn}_word_is_file
    set -l parts (string split -m 1 = -- (${fn}_value))
    if set -q parts[2]
        string join \\n -- $parts[1]=(__fish_complete_path $parts[2])
    else
        string join \\n -- $argv=
    end
end

# The value being typed, without the option before it.
function ${fn}_value
    commandline -ct | string replace -r -- '^--[^=]*=' ''
end

# Whether this command is being typed; '' is the program itself. The value of an option is not a command.
function ${fn}_in
    set -l value
    for word in (commandline -opc)[2..]
        if set -q value[1]
            set -e value[1]
            continue
        end
        switch $word
            case ${valueFlags(root).join(' ')}
                set value follows
            case ${others.map(({ name }) => name).join(' ')}
                test $argv[1] = $word
                return
        end
    end
    test -z "$argv[1]"
end

complete -c ${program} -f
${others.map(({ name, says }) => `complete -c ${program} -n ${quoted(`${fn}_in ''`)} -a ${name} -d ${quoted(says)}`).join('\n')}
${lines.join('\n')}
`;
}

const valueFlags = (command: CommandTable | undefined): string[] =>
  (command?.flags ?? [])
    .filter(({ value }) => value !== undefined)
    .flatMap(({ short, long }) => [short, long].filter((form) => form !== undefined));

const flagLines = ({ flags }: CommandTable, fn: string): string[] => flags.map((flag) => flagLine(flag, fn));

function flagLine({ short, long, says, value }: Flag, fn: string): string {
  const parts = [
    ...(short === undefined ? [] : [`-s ${short.slice(1)}`]),
    `-l ${long.slice(2)}`,
    ...(value === undefined ? [] : [takes(value, fn)]),
    `-d ${quoted(says)}`,
  ];
  return parts.join(' ');
}

const argumentLines = ({ value }: CommandTable, fn: string): string[] =>
  value === undefined ? [] : [takes(value, fn).replace(/^-[xr] /, '')];

function takes(value: Value, fn: string): string {
  switch (value.kind) {
    case 'words':
      return `-x -a ${quoted(value.words.join(' '))}`;
    case 'words=file':
      return `-x -a ${quoted(`(${fn}_word_is_file ${value.words.join(' ')})`)}`;
    case 'rule':
      return `-x -a ${quoted(`(${fn}_ids)`)}`;
    case 'id':
      return `-x -a ${quoted(`(${fn}_names)`)}`;
    case 'pattern':
      return `-x -a ${quoted(`(${fn}_patterns)`)}`;
    case 'file':
      return '-r -F';
    case 'host':
    case 'text':
      return '-x';
  }
}

const quoted = (text: string): string => `'${text.replace(/['\\]/g, '\\$&')}'`;
