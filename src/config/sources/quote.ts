/** Names from the user's files, as they may stand in a message. */

const LONGEST = 80;
/** Characters that move the cursor, start a line, or turn the direction of writing. */
const UNSAFE = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;

/** A name on one line: the middle of a long one left out, control characters escaped. */
export function shown(name: string, longest = LONGEST): string {
  if (name === '') return "''";
  const bounded = name.length > longest ? `${name.slice(0, longest / 2 - 1)}…${name.slice(-longest / 2)}` : name;
  return bounded.replace(UNSAFE, (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** A name from inside a file. What does not look like one may be a value that slipped into its place: it is not shown. */
export function named(name: string | undefined): string {
  if (name === undefined || name === '') return 'without a name';
  return /^[\w./-]+$/.test(name) ? shown(name) : '(not a name)';
}

/** A file's name as a word of a shell command; `FILE` when it can't be written plainly. */
export function shellWord(name: string): string {
  if (name === '-' || name === '' || shown(name) !== name) return 'FILE';
  if (/^[\w./@%+:,][\w./@%+=:,-]*$/.test(name)) return name;
  const quoted = `'${name.replaceAll("'", `'\\''`)}'`;
  return name.startsWith('-') ? `./${quoted}` : quoted;
}
