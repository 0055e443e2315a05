/** Usage errors: one line on standard error that says what to do instead, exit code 2, never a stack trace. */
import { existsSync } from 'node:fs';
import { escapeControls, oneLine } from '../report/clean.ts';

const LONGEST = 500;

export function fail(host: NodeJS.Process, message: string): void {
  notice(host, message);
  host.exitCode = 2;
}

export function notice(host: NodeJS.Process, message: string): void {
  const line = oneLine(escapeControls(message));
  host.stderr.write(`spacelift-preflight: ${line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`}\n`);
}

export const usage = {
  /** What commander says, on one line; a value given to an unknown option may be a secret. */
  parsing(message: string): string {
    const line = message
      .trim()
      .replace(/^error: /, '')
      .replace(/^(unknown option '[^'=]*)=[^']*'/s, "$1'")
      .replace(/\n\(Did you mean (.*)\?\)/s, ' (did you mean $1?)')
      .replace(/^command-argument value ('.*') is invalid for argument '(\w+)'\. /s, 'argument <$2> $1 is invalid. ')
      .replace(/ is invalid\. (.*)\.$/s, ' is invalid: $1')
      .replace(': Allowed choices are', ': expected one of');
    return /did you mean|is invalid:/.test(line) ? line : `${line}; see --help`;
  },

  argument(given: string, commands: readonly string[]): string {
    return existsSync(given)
      ? `unexpected argument ${given}; a config is named with -f: -f ${given}`
      : `unknown command ${given}; the commands are ${commands.join(', ')}, and a config is named with -f`;
  },

  /** Only the name, the code and the place: the message may hold anything. */
  bug(error: unknown): string {
    const { name, code, stack } = (error ?? {}) as { name?: unknown; code?: unknown; stack?: unknown };
    const at = typeof stack === 'string' ? /\n\s+at .*?([\w.-]+:\d+):\d+/.exec(stack)?.[1] : undefined;
    const what = [name, code, at].filter((part) => typeof part === 'string').join(' ');
    return `unexpected error: ${what}; report it as a bug of spacelift-preflight`;
  },
} as const;
