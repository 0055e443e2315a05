/** Makes text from outside safe to print: no secret, no control sequence, no flood. */
import type { Redact } from '../config/redact.ts';
import type { ReportFinding } from './types.ts';

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
  return (text, limit = LIMITS.text) => printable(redact(text), limit);
}

function printable(redacted: string, limit: number): string {
  const safe = escapeControls(redacted).trim();
  return safe.length <= limit ? safe : `${safe.slice(0, limit - 1).toWellFormed()}…`;
}

/** What means nothing but itself within a word of a shell or a name of SQL. */
const OF_WORDS = /[A-Za-z0-9_./@%+,:=‹›…-]+/g;
const syntaxIn = (text: string): number => text.replace(OF_WORDS, '').length;

/** A fix with its kind, as a finding of the report has it. */
type Way = { readonly fix: string } & Pick<ReportFinding, 'fixKind' | 'fixLanguage'>;

/** In place of a fix that redaction would have made another one. */
export const HIDDEN: Way = {
  fix: 'what to do names a secret of the config, and is not printed: do it in the console of the service',
  fixKind: 'advice',
};

/**
 * For fixes. A config chooses what is a secret: one that holds a quotation mark or a space would take it out of the
 * command with it, and leave another one. Nothing is left of the command then.
 */
export function wayCleaner(redact: Redact): (way: Way) => Way {
  return ({ fix, ...kind }) => {
    const redacted = redact(fix);
    return syntaxIn(redacted) < syntaxIn(fix) ? HIDDEN : { fix: printable(redacted, LIMITS.fix), ...kind };
  };
}

/** A text as one line. */
export const oneLine = (text: string): string => text.replace(/\s*\n\s*/g, ' ');
