/** Makes outside text safe to print: no secrets, no control sequences, limited length. */
import type { Redact } from '../config/redact.ts';
import type { ReportFinding } from './types.ts';

/** Limits for one field, in characters; commands get more, so that none is cut off and run anyway. */
export const LIMITS = { text: 500, fix: 4000, items: 100 } as const;

/** Control, invisible and direction-changing characters, and uncommon line ends. */
const UNSAFE = /[\p{C}\p{Zl}\p{Zp}]/gu;

/** Escapes characters that could move the cursor, or hide or reverse text; keeps line breaks. */
export function escapeControls(text: string): string {
  return text
    .toWellFormed()
    .replace(/\r\n?/g, '\n')
    .replaceAll('\t', ' ')
    .replace(UNSAFE, (character) =>
      character === '\n' ? character : `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
    );
}

/** Redacts before cutting, which could otherwise leave half of a secret. */
export function sanitizer(redact: Redact): (text: string, limit?: number) => string {
  return (text, limit = LIMITS.text) => printable(redact(text), limit);
}

function printable(redacted: string, limit: number): string {
  const safe = escapeControls(redacted).trim();
  return safe.length <= limit ? safe : `${safe.slice(0, limit - 1).toWellFormed()}…`;
}

/** Characters without special meaning in a shell word or an SQL name. */
const OF_WORDS = /[A-Za-z0-9_./@%+,:=‹›…-]+/g;
const syntaxIn = (text: string): number => text.replace(OF_WORDS, '').length;

/** A fix with its kind, as in a finding of the report. */
type PrintedFix = { readonly fix: string } & Pick<ReportFinding, 'fixKind' | 'fixLanguage' | 'fixDestructive'>;

/** Replaces a fix that redaction would have changed into a different one. */
export const HIDDEN: PrintedFix = {
  fix: 'the fix is not printed because it contains a secret from the config; make the change in the console of the service',
  fixKind: 'advice',
};

/**
 * For fixes. The config determines what is secret: redacting a value with a quotation mark or a space would change the
 * command. Such a command is dropped completely.
 */
export function fixSanitizer(redact: Redact): (printed: PrintedFix) => PrintedFix {
  return ({ fix, ...kind }) => {
    const redacted = redact(fix);
    return syntaxIn(redacted) < syntaxIn(fix) ? HIDDEN : { fix: printable(redacted, LIMITS.fix), ...kind };
  };
}

/** Joins the lines of a text. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
