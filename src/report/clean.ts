/** Makes text from outside safe to print: no secret, no control sequence, no flood. */
import type { Redact } from '../redact.ts';

/** Characters of one field; a command is never cut where a person would still run it. */
export const LIMITS = { text: 500, fix: 4000, items: 100 } as const;

/** Controls, invisible and direction-changing characters, and line ends that terminals do not know. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Escapes what could move the cursor, hide text or reverse it; line breaks stay. */
export function escapeControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    .replace(UNSAFE, (character) =>
      character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

/** The secrets go first: a cut could leave half of one. */
export function cleaner(redact: Redact): (text: string, limit?: number) => string {
  return (text, limit = LIMITS.text) => {
    const safe = escapeControls(redact(text)).trim();
    return safe.length <= limit ? safe : `${safe.slice(0, limit - 1).toWellFormed()}…`;
  };
}

/** A text as one line. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
