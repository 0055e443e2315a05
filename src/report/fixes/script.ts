/** The parts of a Bash script in which no text from outside is code. */

/** A comment. Where a line would be a directive of ShellCheck, it starts with a bar. */
export const comment = (line: string): string => `# ${line.replace(/^(?=[#\s]*shellcheck\b)/, '| ')}`.trimEnd();

/** A labeled text; its other lines start with a bar. */
export function labeled(label: string, text: string): string[] {
  const [first = '', ...rest] = linesOf(text);
  return [comment(`${label}: ${first}`), ...rest.map((line) => comment(`  | ${line}`))];
}

/** Commands for a shell. Their comments are written anew. */
export const shellCommands = (text: string): string[] =>
  linesOf(text).map((line) => (line.startsWith('#') ? comment(line.replace(/^#+ ?/, '')) : line));

/** Statements for psql, as a document that no shell expands and no line of it ends. */
export function psqlDocument(text: string): string[] {
  const lines = linesOf(text);
  let end = 'SQL';
  while (lines.includes(end)) end += '_';
  return [`psql --no-psqlrc --quiet --set=ON_ERROR_STOP=1 "$${DATABASE}" <<'${end}'`, ...lines, end];
}

/** The administrator's URL, which the script never contains. */
export const DATABASE = 'ADMIN_DATABASE_URL';

/** Everything that any program takes for the end of a line. */
const linesOf = (text: string): string[] => text.split(/\r\n?|[\n\v\f\u0085\u2028\u2029]/);
