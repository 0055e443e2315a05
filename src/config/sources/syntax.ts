/** Messages for text that does not parse: the position, never the content, because it may be a secret. */
import { InputError } from '../entry.ts';

/** @param offset in UTF-16 units, as the parsers count */
export function notValid(
  file: string,
  language: 'JSON' | 'YAML',
  text: string,
  offset: number,
  reason = '',
): InputError {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - before.lastIndexOf('\n');
  const template = text.includes('{{') ? '; it contains template expressions ({{ … }}): render it first' : '';
  const dotenv =
    language === 'YAML' && isMostlyDotenv(text) ? '; in an env file, the first line must be NAME=value, too' : '';
  const why = reason === '' ? '' : `: ${reason}`;
  return new InputError(`${file}: not valid ${language} at line ${line}, column ${column}${why}${template}${dotenv}`);
}

/** The first line decides what a file is. */
function isMostlyDotenv(text: string): boolean {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const assignments = lines.filter((line) => /^(?:export\s+)?[A-Za-z_]\w*=/.test(line));
  return assignments.length * 2 > lines.length;
}
