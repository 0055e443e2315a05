/**
 * One line of a frame: `spacelift-preflight-frame-1 <SHA-256 of the report> 00001-of-00003 <data> <CRC-32 of the line>`. All
 * lines have the same length, so that the rest of one that was split is recognized by its length. No character in it has to
 * be escaped in JSON, a shell or a URL.
 */
import { crc32 } from 'node:zlib';

/** Before the version of the format. */
export const NAME = 'spacelift-preflight-frame-';
const START = `${NAME}1 `;
/** Characters of data in a line: it stays far below the 16 KB at which container runtimes split lines. */
export const DATA = 1_900;
/** Fills up the last line; not a character of base64url. */
const FILL = '.';
/** The digits of a number. */
const DIGITS = 5;

const HEX = '[0-9a-f]';
const BODY = `(${HEX}{64}) (\\d{${DIGITS}})-of-(\\d{${DIGITS}}) ([\\w-]+)(\\${FILL}*) (${HEX}{8})`;
const WHOLE = new RegExp(`${START}${BODY}`, 'g');
/** After a start that was split. */
const WITHOUT_START = new RegExp(`(?<!${NAME}\\d+ )${BODY}`, 'g');
/** The start of a line that ends in the middle, up to the first character that can't be part of it. */
const PIECE = new RegExp(`${START}[\\w. -]*`, 'g');
const LENGTH = START.length + 64 + 1 + 2 * DIGITS + 4 + 1 + DATA + 1 + 8;

export interface FrameLine {
  /** The checksum of the report, which all lines of a frame share. */
  readonly id: string;
  /** From 1. */
  readonly number: number;
  readonly total: number;
  readonly data: string;
}

export function frameLine({ id, number, total, data }: FrameLine): string {
  const digits = (count: number) => String(count).padStart(DIGITS, '0');
  const body = `${id} ${digits(number)}-of-${digits(total)} ${data.padEnd(DATA, FILL)}`;
  return `${START}${body} ${checksum(body)}`;
}

const checksum = (body: string): string => crc32(body).toString(16).padStart(8, '0');

/** The complete lines in a text, in order. */
export const wholeLines = (text: string): FrameLine[] => [...text.matchAll(WHOLE)].flatMap(intact);

/** The lines in a text whose start was split off. */
export const linesWithoutStart = (text: string): FrameLine[] => [...text.matchAll(WITHOUT_START)].flatMap(intact);

/** The starts of lines that are not complete. */
export function piecesIn(text: string): string[] {
  return [...text.matchAll(PIECE)].map(([piece]) => piece).filter((piece) => piece.length < LENGTH);
}

/** A piece joined with a later line of the log, wherever its rest is in that line. */
export function joined(piece: string, later: string): FrameLine | undefined {
  const rest = LENGTH - piece.length;
  for (let at = 0; at <= Math.min(later.length - rest, LONGEST_PREFIX); at++) {
    if (at > 0 && !SEPARATOR.test(later[at - 1] ?? '')) continue;
    const [line] = wholeLines(piece + later.slice(at, at + rest));
    if (line !== undefined) return line;
  }
  return undefined;
}

/** What a log driver writes before each line; it ends with one of the separators. */
const LONGEST_PREFIX = 100;
const SEPARATOR = /[\s"|:\]]/;

function intact([whole, id = '', number = '', total = '', data = '', fill = '', crc]: RegExpExecArray): FrameLine[] {
  const body = `${id} ${number}-of-${total} ${data}${fill}`;
  const [n, of] = [Number(number), Number(total)];
  const fits = n >= 1 && n <= of && whole.endsWith(`${body} ${crc}`);
  return fits && checksum(body) === crc ? [{ id, number: n, total: of, data }] : [];
}
