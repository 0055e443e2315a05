/** The style of a report, depending on where it is read. */
import type { Status } from '../outcome/status.ts';

export type Verbosity = 'quiet' | 'normal' | 'verbose';

export interface Style {
  /** Columns. */
  readonly width: number;
  readonly unicode: boolean;
  /** Chalk's level: 0 for no colors, 1 for 16, 2 for 256, 3 for all. */
  readonly color: 0 | 1 | 2 | 3;
  readonly verbosity: Verbosity;
  /** The terminal shows links (OSC 8). */
  readonly links?: boolean;
  /** Absent: commands can be pasted where the report is read. */
  readonly posixShell?: false;
}

/** For a file or a pipe. */
export const PLAIN: Style = { width: 80, unicode: true, color: 0, verbosity: 'normal' };

/** All of the same width per column. */
export const ICONS: Readonly<Record<Status, { unicode: string; ascii: string }>> = {
  pass: { unicode: '✔', ascii: 'ok' },
  warn: { unicode: '⚠', ascii: '! ' },
  fail: { unicode: '✖', ascii: 'x ' },
  skip: { unicode: '-', ascii: '- ' },
};

/** ASCII replacements for the typographic characters in the tool's own texts. */
const ASCII: Readonly<Record<string, string>> = {
  '…': '...',
  '’': "'",
  '‘': "'",
  '“': '"',
  '”': '"',
  '–': '-',
  '—': '-',
  '‹': '<',
  '›': '>',
  '→': '->',
  '≥': '>=',
  '≤': '<=',
  '×': 'x',
  '·': '-',
};

/** A command for a terminal without Unicode: no character becomes a quotation mark or a redirection. */
export const commandToAscii = (text: string): string =>
  toAscii(
    text
      .replaceAll('‹', '[')
      .replaceAll('›', ']')
      .replace(/[‘’“”]/g, ' '),
  );

/** The text for a terminal without Unicode. */
export function toAscii(text: string): string {
  return text.replace(
    /[^\n -~]/gu,
    (character) => ASCII[character] ?? `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
}
