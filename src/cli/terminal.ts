/** What the place that the report goes to can show. */
import isUnicodeSupported from 'is-unicode-supported';
import type { Style, Verbosity } from '../report/style.ts';

type Environment = Readonly<Record<string, string | undefined>>;

const NARROWEST = 40;
/** Longer lines are harder to read, not easier. */
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
    colour: color ? await colourOf(env) : 0,
    verbosity,
  };
}

/** Neither a dumb terminal has it, nor Windows with a code page, nor a locale that says so. */
export function hasUnicode(env: Environment): boolean {
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || '';
  const other = /^(C|POSIX)$/.test(locale) || (locale.includes('.') && !/\.utf-?8\b/i.test(locale));
  return env.TERM !== 'dumb' && !other && isUnicodeSupported();
}

/** `FORCE_COLOR` beats `NO_COLOR`, as in Node itself; chalk knows the rest. */
async function colourOf(env: Environment): Promise<Style['colour']> {
  if (env.FORCE_COLOR === undefined && env.NO_COLOR !== undefined && env.NO_COLOR !== '') return 0;
  const { supportsColor } = await import('chalk');
  return supportsColor === false ? 0 : supportsColor.level;
}

/** Whether a line that redraws itself helps: on a terminal that a person looks at. */
export const isLive = (stream: NodeJS.WriteStream, env: Environment): boolean =>
  stream.isTTY === true && env.TERM !== 'dumb' && (env.CI === undefined || env.CI === '' || env.CI === 'false');
