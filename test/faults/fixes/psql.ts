/** What psql makes of a text that is pasted: statements, one by one, and comments, which tell the reader the rest. */

export interface Pasted {
  readonly kind: 'statement' | 'comment';
  readonly text: string;
}

/** Strings, names, dollar quotes, comments, ends of statements, and the rest (PostgreSQL manual, 4.1). */
const TOKEN = /'(?:[^']|'')*'|"(?:[^"]|"")*"|\$(\w*)\$.*?\$\1\$|--[^\n]*|;|[^'"$;-]+|./gs;

export function readSql(text: string): Pasted[] {
  const found: Pasted[] = [];
  let statement = '';
  for (const [token] of text.matchAll(TOKEN)) {
    if (token.startsWith('--')) found.push({ kind: 'comment', text: token.slice(2).trim() });
    else if (token !== ';') statement += token;
    else {
      found.push({ kind: 'statement', text: statement.trim() });
      statement = '';
    }
  }
  if (statement.trim() !== '') throw new Error(`psql waits for the semicolon of: ${statement.trim()}`);
  return found;
}
