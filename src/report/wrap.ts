/** Wraps text into columns without breaking the parts that are meant to be copied. */
import type { FixKind, FixLanguage } from '../outcome/fix.ts';

/** A non-breaking space; never part of escaped text. */
const GLUE = '\u{e000}';
/** `code`, and a command at the end of a sentence. */
const UNBROKEN = /`[^`]+`|(?<=; try: ).+$/g;

let libraries: typeof import('./wide.ts') | undefined;

/** Whoever renders loads the widths, and renders again. */
export class WidthsNeededError extends Error {}

/** Needed before anything else than narrow text is measured or wrapped. */
export async function loadWidths(): Promise<void> {
  libraries ??= await import('./wide.ts');
}

function wide(): NonNullable<typeof libraries> {
  if (libraries === undefined) throw new WidthsNeededError();
  return libraries;
}

/** Nearly all that is printed: characters that take one column each, whatever stands beside them. */
const NARROW = `[!-~¡-¬®-ÿ–—‘’“”‹›•…→✔✖${GLUE}]`;
const NARROW_TEXT = new RegExp(`^(?:${NARROW}| )*$`);
/** Narrow words with one space in between. */
const NARROW_WORDS = new RegExp(`^${NARROW}+(?: ${NARROW}+)*$`);

export const widthOf = (text: string): number => (NARROW_TEXT.test(text) ? text.length : wide().stringWidth(text));

export const padTo = (text: string, width: number): string => text + ' '.repeat(Math.max(0, width - widthOf(text)));

/** Cuts the text to the width, with `end` as the last part. */
export function cut(text: string, width: number, end: string): string {
  if (widthOf(text) <= width) return text;
  // Loading the rules for the boundaries of characters takes as long as the rest of a report.
  if (NARROW_TEXT.test(text)) return `${text.slice(0, Math.max(0, width - widthOf(end))).trimEnd()}${end}`;
  let kept = '';
  for (const { segment } of new Intl.Segmenter().segment(text)) {
    if (widthOf(kept + segment + end) > width) break;
    kept += segment;
  }
  return `${kept.trimEnd()}${end}`;
}

/** Lines of at most `width` columns, broken between words; longer words are not broken. */
export function wrap(text: string, width: number): string[] {
  return text.split('\n').flatMap((line) => {
    const glued = line.replace(UNBROKEN, (part) => part.replaceAll(' ', GLUE));
    const wrapped = NARROW_WORDS.test(glued) ? wrapNarrow(glued, width) : wide().wrapAnsi(glued, width);
    return wrapped.replaceAll(GLUE, ' ').split('\n');
  });
}

/** What `wrapAnsi` does, a hundred times faster: it would ask for the width of every word and every character. */
function wrapNarrow(words: string, width: number): string {
  let [wrapped, column] = ['', 0];
  for (const word of words.split(' ')) {
    const fits = column + 1 + word.length <= width;
    if (column > 0) wrapped += fits ? ' ' : '\n';
    wrapped += word;
    column = column > 0 && fits ? column + 1 + word.length : word.length;
  }
  return wrapped;
}

/** The fix of a finding: its text and its kind. */
export interface PrintedFix {
  readonly fix: string;
  readonly fixKind?: FixKind | undefined;
  readonly fixLanguage?: FixLanguage | undefined;
}

/** The command of a leftover is a shell command. */
export const shellFix = (command: string): PrintedFix => ({ fix: command, fixKind: 'command', fixLanguage: 'sh' });

/** Like `wrap`, but commands can still be pasted: shell commands continue after a backslash, and quoted text is not broken. */
export function wrapFix({ fix, fixKind, fixLanguage }: PrintedFix, width: number): string[] {
  const lines = fix.split('\n');
  if (fixKind === 'setting') return lines;
  const wrapLine = fixKind !== 'command' ? wrap : fixLanguage === 'sql' ? wrapSql : wrapShell;
  return lines.flatMap((line) => wrapLine(line, width));
}

function wrapShell(line: string, width: number): string[] {
  if (/^\s*#/.test(line)) return wrapComment(line, '#', width);
  return filled(unitsOf(wordsIn(line, endOfShellWord)), width - 2).map((text, index, all) =>
    index === all.length - 1 ? text : `${text} \\`,
  );
}

function wrapSql(line: string, width: number): string[] {
  if (/^\s*--/.test(line)) return wrapComment(line, '--', width);
  return filled(wordsIn(line, endOfSqlWord), width, '');
}

/** Every line is a comment. */
const wrapComment = (line: string, mark: string, width: number): string[] =>
  wrap(line.trimStart().slice(mark.length).trimStart(), width - mark.length - 1).map((text) => `${mark} ${text}`);

/** Lines of whole units; all but the first are indented. */
function filled(units: readonly string[], width: number, indent = '  '): string[] {
  const lines: string[] = [];
  let line = '';
  for (const unit of units) {
    const longer = line === '' ? unit : `${line} ${unit}`;
    if (line !== '' && widthOf(longer) > width) {
      lines.push(line);
      line = indent + unit;
    } else line = longer;
  }
  return [...lines, line];
}

/** The words of a command; an option and its value are one unit. */
function unitsOf(words: readonly string[]): string[] {
  const units: string[] = [];
  for (const word of words) {
    const last = units.at(-1);
    const belongs = last !== undefined && !word.startsWith('-') && /^-[^=]*$/.test(last);
    if (belongs) units[units.length - 1] = `${last} ${word}`;
    else units.push(word);
  }
  return units;
}

/** The end of the word that starts at `from`; `undefined` if its quotes are not closed. */
type EndOf = (text: string, from: number) => number | undefined;

/** The words of a line, or the whole line if it can't be parsed. */
function wordsIn(line: string, endOf: EndOf): string[] {
  const words: string[] = [];
  for (let at = 0; at < line.length; at++) {
    if (line[at] === ' ') continue;
    const end = endOf(line, at);
    if (end === undefined) return [line];
    words.push(line.slice(at, end));
    at = end;
  }
  return words;
}

/** POSIX 2.2 (quoting) and 2.6.3 (command substitution, which has its own quoting). */
function endOfShellWord(text: string, from: number): number | undefined {
  let at: number | undefined = from;
  while (at !== undefined && at < text.length && text[at] !== ' ') at = endOfShellPart(text, at);
  return at;
}

function endOfShellPart(text: string, at: number): number | undefined {
  if (text[at] === '\\') return at + 1 < text.length ? at + 2 : undefined;
  if (text[at] === "'") return after(text, "'", at + 1);
  if (text[at] === '"') return closed(text, at + 1, '"', insideQuotes);
  if (text.startsWith('$(', at)) return closed(text, at + 2, ')', endOfShellPart);
  return text[at] === '`' ? undefined : at + 1;
}

const insideQuotes: EndOf = (text, at) =>
  text[at] === '\\' || text[at] === '`' || text.startsWith('$(', at) ? endOfShellPart(text, at) : at + 1;

/** The position after `end`, which does not count inside quotes. */
function closed(text: string, from: number, end: string, partAt: EndOf): number | undefined {
  let at: number | undefined = from;
  while (at !== undefined && at < text.length && text[at] !== end) at = partAt(text, at);
  return at !== undefined && at < text.length ? at + 1 : undefined;
}

/** Quotation marks inside are doubled, so the next part starts where this one ends. */
function endOfSqlWord(text: string, from: number): number | undefined {
  let at: number | undefined = from;
  while (at !== undefined && at < text.length && text[at] !== ' ') {
    const mark: string = text[at] ?? '';
    at = mark === "'" || mark === '"' ? after(text, mark, at + 1) : at + 1;
  }
  return at;
}

function after(text: string, mark: string, from: number): number | undefined {
  const end = text.indexOf(mark, from);
  return end === -1 ? undefined : end + 1;
}
