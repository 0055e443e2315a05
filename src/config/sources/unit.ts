/** Unit files of systemd: `Environment=` lines in `[Service]` (systemd.exec(5), systemd.syntax(7)). */
import { basename } from 'node:path';
import { InputError } from '../entry.ts';
import { refuseLines } from './bounds.ts';
import { serviceStarted } from './service.ts';
import { type Document, type Value, Veiled } from './value.ts';

const SECTION = /^\[(?:Unit|Service|Install|Container|X-[\w-]+)\]\s*$/m;

/** In MiB: systemd reads no longer ones (LONG_LINE_MAX). */
const LONGEST_LINE_MIB = 1;

/** A unit, or what `systemctl show -p Environment` prints. */
export const isUnit = (firstLine: string): boolean => SECTION.test(firstLine) || firstLine.startsWith('Environment=');

export interface Unit {
  readonly document: Omit<Document, 'location'>;
  /** The names of the files that it also reads, without directories. */
  readonly files: readonly string[];
}

/** @throws InputError for a unit without variables, or with too many or too long lines */
export function readUnit(text: string, file: string): Unit {
  refuseLines(file, text, 'a systemd unit');
  const variables = new Map<string, Value>();
  let command = '';
  let files: string[] = [];
  for (const line of logicalLines(text, file)) {
    const [, key = '', value = ''] = /^\s*([A-Za-z]+)\s*=\s*(.*)$/s.exec(line) ?? [];
    if (key === 'Environment') {
      if (value === '') variables.clear();
      for (const word of words(value)) {
        const [, name, text = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word) ?? [];
        if (name !== undefined) variables.set(name, expanded(text));
      }
    } else if (key === 'EnvironmentFile')
      files = value === '' ? [] : [...files, basename(value.trim().replace(/^-/, ''))];
    else if (key === 'PassEnvironment') for (const name of words(value)) variables.set(name, new Veiled('unit'));
    else if (key === 'ExecStart' || key === 'Exec') command += ` ${value}`;
  }
  if (variables.size === 0) {
    const instead =
      files.length > 0 ? 'pass the file that EnvironmentFile= names, with -f' : 'expected Environment= lines';
    throw new InputError(`${file}: a systemd unit without variables; ${instead}`);
  }
  const service = serviceStarted([command]);
  return { document: { value: Object.fromEntries(variables), ...(service !== undefined && { service }) }, files };
}

/** Without comments; a backslash continues a line, and comments between the parts are left out. */
function logicalLines(text: string, file: string): string[] {
  const lines: string[] = [];
  let parts: string[] = [];
  let continues = false;
  const finish = () => {
    const line = parts.join(' ');
    if (line.length > LONGEST_LINE_MIB * 1024 * 1024)
      throw new InputError(
        `${file}: a line of the unit is longer than ${LONGEST_LINE_MIB} MiB, the maximum of systemd`,
      );
    if (parts.length > 0) lines.push(line);
    parts = [];
  };
  for (const line of text.split(/\r?\n/)) {
    if (/^\s*[#;]/.test(line)) continue;
    const part: string = continues ? line.trimStart() : line;
    continues = part.endsWith('\\');
    parts.push(continues ? part.slice(0, -1) : part);
    if (!continues) finish();
  }
  finish();
  return lines;
}

const ESCAPES: Readonly<Record<string, string>> = { n: '\n', t: '\t', r: '\r', s: ' ' };

/** Words with quotes around them, and C-style escapes. */
function words(value: string): string[] {
  const found = value.match(/(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|\\.|[^\s"'\\])+/gs) ?? [];
  return found.map((word) =>
    word.replace(
      /"((?:\\.|[^"\\])*)"|'((?:\\.|[^'\\])*)'|\\(.)/gs,
      (_, double?: string, single?: string, one?: string) => unescaped(double ?? single ?? `\\${one}`),
    ),
  );
}

const unescaped = (text: string): string =>
  text.replace(/\\(.)/gs, (_, character: string) => ESCAPES[character] ?? character);

/** `%%` is a percent sign; other specifiers stand for something of the machine. */
const expanded = (text: string): Value =>
  /(?<!%)(?:%%)*%[A-Za-z]/.test(text) ? new Veiled('unit') : text.replaceAll('%%', '%');
