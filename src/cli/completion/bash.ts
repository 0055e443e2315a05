/** For bash 3.2 and later, without bash-completion. */
import type { CommandTable, Tables, Value } from './table.ts';

export function bash({ program, commands, ids, groups, checks }: Tables): string {
  const fn = `_${program.replaceAll('-', '_')}`;
  const names = commands.slice(1).map(({ name }) => name);
  const lines = (words: readonly { name: string }[]) => words.map(({ name }) => name).join('\n');
  return `# Completes ${program} in bash. To load it: source <(${program} completion bash)

# Sets kind and words for the value of an option or the argument of a command.
${fn}_value() {
  kind='' words=''
  case "$1 $2" in
${commands.flatMap(casesOf).join('\n')}
  esac
}

# Offers the lines that start with value, up to the next / or =.
${fn}_offer() {
  local candidate rest
  while read -r candidate; do
    case "$candidate" in "$value"*) ;; *) continue ;; esac
    rest=\${candidate#"$value"}
    case "$rest" in */*) candidate=$value\${rest%%/*}/ ;; esac
    case "$seen" in *" $candidate "*) continue ;; esac
    seen="$seen$candidate "
    COMPREPLY+=("$prefix$candidate")
  done <<< "$1"
}

${fn}() {
  COMPREPLY=()
  local kind words value='' prefix='' seen=' ' command='' option='' word='' glued='' line=$'\\n' at given=()
  # Bash splits words at =.
  for ((at = 1; at <= COMP_CWORD; at++)); do
    word=\${COMP_WORDS[at]}
    if [ "$word" = = ] && [ \${#given[@]} -gt 0 ]; then
      given[\${#given[@]} - 1]+='=' glued=1
    elif [ -n "$glued" ]; then
      given[\${#given[@]} - 1]+=$word glued=''
    else
      given+=("$word")
    fi
  done
  value=\${given[\${#given[@]} - 1]}
  unset "given[\${#given[@]} - 1]"
  for word in \${given[@]+"\${given[@]}"}; do
    if [ -n "$option" ]; then
      option=''
      continue
    fi
    ${fn}_value "$command" "$word"
    if [ -n "$kind" ] && [ "\${word#-}" != "$word" ]; then
      option=$word
    elif [ -z "$command" ]; then
      case "$word" in ${names.join(' | ')}) command=$word ;; esac
    fi
  done
  case "$option$value" in --*=*)
    [ -n "$option" ] || { option=\${value%%=*} prefix=$option= value=\${value#*=}; }
    ;;
  esac
  value=\${value#[\\"\\']}

  if [ -n "$option" ]; then
    ${fn}_value "$command" "$option"
  else
    case "$value" in
      -*) ${fn}_flags "$command"; kind='words' ;;
      *)
        ${fn}_value "$command" ''
        [ -n "$command" ] || { kind='words' words='${names.join('\n')}'; }
        ;;
    esac
  fi
  case "$kind" in
    words) ${fn}_offer "$words" ;;
    file) ${fn}_files ;;
    words=file)
      case "$value" in
        *=*) prefix=$prefix\${value%%=*}= value=\${value#*=}; ${fn}_files ;;
        *) ${fn}_offer "\${words//$line/=$line}=" ;;
      esac
      ;;
    id) ${fn}_offer "$${fn}_checks"; ${fn}_offer "$${fn}_ids" ;;
    rule) ${fn}_offer "$${fn}_ids" ;;
    pattern) ${fn}_offer "$${fn}_groups"; ${fn}_offer "$${fn}_ids" ;;
  esac
  ${fn}_finish
}

# Adds no space after / or =, quotes patterns, and drops the part before = that is already typed.
${fn}_finish() {
  local at typed=\${COMP_WORDS[COMP_CWORD]} before='' end=''
  case "\${COMPREPLY[0]-}" in
    *[/=]) compopt -o nospace 2> /dev/null ;;
    *) [ \${#COMPREPLY[@]} -ne 1 ] || type compopt > /dev/null 2>&1 || end=' ' ;;
  esac
  case "$typed" in [\\"\\']*) ;; *) [ \${#COMPREPLY[@]} -ne 1 ] || COMPREPLY[0]=\${COMPREPLY[0]//\\*/\\\\*}$end ;; esac
  case "$COMP_WORDBREAKS" in *=*) ;; *) return ;; esac
  case "$prefix$value" in *=*) before=$prefix\${value%"\${value##*=}"} ;; esac
  for ((at = 0; at < \${#COMPREPLY[@]}; at++)); do COMPREPLY[at]=\${COMPREPLY[at]#"$before"}; done
}

# Uses the shell's own file completion where possible; bash 3.2 has no compopt.
${fn}_files() {
  local file word
  case "$prefix:$COMP_WORDBREAKS" in :* | *:*=*) compopt -o default 2> /dev/null && return ;; esac
  while read -r file; do
    printf -v word %q "$file"
    if [ -d "$file" ]; then word=$word/; fi
    COMPREPLY+=("$prefix$word")
  done < <(compgen -f -- "$value")
}

${fn}_flags() {
  case "$1" in
${commands.map(({ name, flags }) => `    '${name}') words='${flagsOf(flags)}' ;;`).join('\n')}
  esac
}

${fn}_ids='${lines(ids)}'
${fn}_groups='${lines(groups)}'
${fn}_checks='${lines(checks)}'

# Without compopt, the trailing space is part of the completion.
if type compopt > /dev/null 2>&1; then complete -F ${fn} ${program}; else complete -o nospace -F ${fn} ${program}; fi
`;
}

const flagsOf = (flags: CommandTable['flags']): string => flags.map(({ long }) => long).join('\n');

function casesOf({ name, flags, value }: CommandTable): string[] {
  const options = flags.flatMap(({ short, long, value: takes }) => {
    if (takes === undefined) return [];
    const patterns = [short, long].flatMap((flag) => (flag === undefined ? [] : [`'${name} ${flag}'`]));
    return [`    ${patterns.join(' | ')}) ${assigned(takes)} ;;`];
  });
  return value === undefined ? options : [...options, `    '${name} ') ${assigned(value)} ;;`];
}

const assigned = (value: Value): string =>
  'words' in value ? `kind='${value.kind}' words='${value.words.join('\n')}'` : `kind='${value.kind}'`;
