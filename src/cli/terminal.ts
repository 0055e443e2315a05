/** The capabilities of the terminal that the report is printed to. */
import isUnicodeSupported from 'is-unicode-supported';
import type { Style, Verbosity } from '../report/style.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const NARROWEST = 40;
/** Longer lines are harder to read. */
const WIDEST = 100;
const NO_TERMINAL = 80;

export async function styleOf(
  stream: NodeJS.WriteStream,
  env: Environment,
  { color, verbosity }: { color: boolean; verbosity: Verbosity },
): Promise<Style> {
  return {
    width: stream.isTTY ? Math.min(WIDEST, Math.max(NARROWEST, stream.columns)) : NO_TERMINAL,
    unicode: hasUnicode(env),
    color: color ? await colorOf(env) : 0,
    verbosity,
    ...(process.platform === 'win32' && { posixShell: false }),
  };
}

/** Not on a dumb terminal, with a Windows code page, or with a non-UTF-8 locale. */
export function hasUnicode(env: Environment): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const other = /^(C|POSIX)$/.test(locale) || (locale.includes('.') && !/\.utf-?8\b/i.test(locale));
  return env.TERM !== 'dumb' && !other && isUnicodeSupported();
}

/** `FORCE_COLOR` overrides `NO_COLOR`, as in Node; chalk handles the rest. */
async function colorOf(env: Environment): Promise<Style['color']> {
  if (env.FORCE_COLOR === undefined && env.NO_COLOR !== undefined && env.NO_COLOR !== '') return 0;
  const { supportsColor } = await import('chalk');
  return supportsColor === false ? 0 : supportsColor.level;
}

/** Whether to show a status line: only on an interactive terminal. */
export const isLive = (stream: NodeJS.WriteStream, env: Environment): boolean =>
  stream.isTTY === true && env.TERM !== 'dumb' && (env.CI === undefined || env.CI === '' || env.CI === 'false');
