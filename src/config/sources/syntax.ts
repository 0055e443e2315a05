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
  const why = reason === '' ? '' : `: ${reason}`;
  return new InputError(`${file}: not valid ${language} at line ${line}, column ${column}${why}${template}`);
}
