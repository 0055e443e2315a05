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

/** What means nothing but itself within a word of a shell or a name of SQL. */
const OF_WORDS = /[A-Za-z0-9_./@%+,:=‹›…-]+/g;
const syntaxIn = (text: string): number => text.replace(OF_WORDS, '').length;

/**
 * For commands. A config chooses what is a secret: one that holds a quotation mark or a space would take it out of the
 * command with it, and leave another one. Nothing is left of the command then.
 */
export function commandCleaner(redact: Redact): (text: string) => string | undefined {
  const clean = cleaner(redact);
  return (text) => (syntaxIn(redact(text)) < syntaxIn(text) ? undefined : clean(text, LIMITS.fix));
}

/** In place of such a command. */
export const HIDDEN =
  'what to do names a secret of the config, and is not printed: do it in the console of the service';

/** A text as one line. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
