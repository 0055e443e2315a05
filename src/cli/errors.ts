/** Usage errors: one line on standard error that says what to do instead, and exit code 2. Never a stack trace. */
import { quotable } from '../config/input-error.ts';
import type { Redact } from '../config/redact.ts';
import { neutralize } from '../report/neutralize.ts';
import { escapeControls, oneLine } from '../report/sanitize.ts';

const LONGEST = 500;

/** @param message can quote the command line, which can contain a secret by mistake */
export async function fail(host: NodeJS.Process, message: string): Promise<void> {
  host.exitCode = 2;
  notice(host, await withoutSecrets(message, host.env));
}

export function notice(host: NodeJS.Process, message: string): void {
  const line = oneLine(escapeControls(message));
  const bounded = line.length <= LONGEST ? line : `${line.slice(0, LONGEST - 1)}…`;
  host.stderr.write(neutralize(`spacelift-preflight: ${bounded}\n`, 'text'));
}

/** Removes logins, anything that looks like a key or token, and the values of secret environment variables. */
async function withoutSecrets(message: string, env: Readonly<Record<string, string | undefined>>): Promise<string> {
  const quoted = Object.values(env).some((value = '') => partsOf(value).some((part) => message.includes(part)));
  const redact = quoted ? await redactorOf(env) : (text: string) => text;
  const safe = redact(message).replace(/(:\/\/[^\s:@/]*:).*@/s, '$1‹redacted›@');
  // Every login and key contains one of these; the patterns are loaded only if there can be one.
  if (!/[@\d=]/.test(safe)) return safe;
  const { maskTokens, maskValue } = await import('../config/logins.ts');
  return maskTokens(safe.replace(/\S+/g, maskValue).replace(/[^\s/]+/g, maskValue));
}

/** Loaded only if there can be something to redact, because it needs the whole contract. */
async function redactorOf(env: Readonly<Record<string, string | undefined>>): Promise<Redact> {
  const [{ secretsOf }, { processSource }, { redactor }] = await Promise.all([
    import('../config/secrets.ts'),
    import('../config/sources/process.ts'),
    import('../config/redact.ts'),
  ]);
  return redactor(secretsOf([processSource(env)]).flatMap(partsOf));
}

/** In `<name>=<value>`, a message can quote either part alone. */
const partsOf = (value: string): string[] => [value, ...value.split('=')].filter((part) => part !== '');

/** An unknown option: `--name` without its value, `-x` without anything attached to it. */
function optionOf(given: string): string {
  const [name = ''] = given.split('=');
  if (!name.startsWith('--')) return /^-?./su.exec(name)?.[0] ?? '-';
  return quotable(name) === name ? name : '--…';
}

export const usage = {
  /** Commander's message on one line; a value, or whatever was typed as an option, can be a secret. */
  parsing(message: string): string {
    const line = message
      .trim()
      .replace(/^error: /, '')
      .replace(/^(unknown option ')(.*)(?='(?:$|\n\(Did you mean ))/s, (_, before, option) => before + optionOf(option))
      .replace(/\n\(Did you mean (.*)\?\)/s, ' (did you mean $1?)')
      .replace(
        /^(too many arguments for )'([^']*)'\. Expected (\d+) .*? but got (\d+): .*$/s,
        '$1$2: expected $3, found $4',
      )
      .replace(/^command-argument value ('.*') is invalid for argument '(\w+)'\. /s, 'argument <$2> $1 is invalid. ')
      .replace(
        /^((?:option '[^']*' )?argument (?:<\w+> )?')(.*)(?=' is invalid\. )/s,
        (_, before, value) => before + quotable(value),
      )
      .replace(/ is invalid\. (.*)\.$/s, ' is invalid: $1')
      .replace(': Allowed choices are', ': expected one of');
    return /did you mean|is invalid:/.test(line) ? line : `${line}; see --help`;
  },

  /** Only the name, the code and the location, because the message can contain anything. */
  bug(error: unknown): string {
    const { name, code, stack } = (error ?? {}) as { name?: unknown; code?: unknown; stack?: unknown };
    const at = typeof stack === 'string' ? /\n\s+at .*?([\w.-]+:\d+):\d+/.exec(stack)?.[1] : undefined;
    const what = [name, code, at].filter((part) => typeof part === 'string').join(' ');
    return `unexpected error: ${what}; please report this bug in spacelift-preflight`;
  },
} as const;
