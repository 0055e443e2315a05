/** The capabilities of the terminal that the report is printed to. */
import { fstatSync } from 'node:fs';
import isUnicodeSupported from 'is-unicode-supported';
import type { Style, Verbosity } from '../report/style.ts';
import { isOn } from './ci.ts';
import { showsLinks } from './hyperlinks.ts';

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
  const level = color ? await colorOf(stream, env) : 0;
  return {
    width: stream.isTTY && stream.columns > 0 ? Math.min(WIDEST, Math.max(NARROWEST, stream.columns)) : NO_TERMINAL,
    unicode: hasUnicode(env),
    color: level,
    ...(showsLinks(stream, env, level > 0) && { links: true }),
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

/** `FORCE_COLOR` overrides `NO_COLOR`, as in Node; chalk handles the rest, except for the logs of CI, which are no terminals. */
async function colorOf(stream: NodeJS.WriteStream, env: Environment): Promise<Style['color']> {
  if (env.FORCE_COLOR === undefined && env.NO_COLOR !== undefined && env.NO_COLOR !== '') return 0;
  const { supportsColor } = await import('chalk');
  if (supportsColor !== false) return supportsColor.level;
  return env.FORCE_COLOR === undefined && isPipe(stream) ? colorsOfLog(env) : 0;
}

/** Providers whose logs show colors, with chalk's level. */
const LOGS: Readonly<Record<string, Style['color']>> = {
  GITHUB_ACTIONS: 3,
  GITEA_ACTIONS: 3,
  CIRCLECI: 3,
  GITLAB_CI: 1,
  BUILDKITE: 1,
  TRAVIS: 1,
  APPVEYOR: 1,
  DRONE: 1,
};

export function colorsOfLog(env: Environment): Style['color'] {
  if (!isOn(env.CI) || env.TERM === 'dumb') return 0;
  return Object.entries(LOGS).find(([name]) => isOn(env[name]))?.[1] ?? 0;
}

/** How a runner reads its log. A file that the caller redirected to is none. */
function isPipe(stream: NodeJS.WriteStream): boolean {
  const { fd } = stream as { readonly fd?: unknown };
  if (typeof fd !== 'number') return false;
  try {
    const stats = fstatSync(fd);
    return stats.isFIFO() || stats.isSocket();
  } catch {
    return false;
  }
}
