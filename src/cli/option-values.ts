/** The values of options: how each is read, and what is expected. */
import { InvalidArgumentError, Option } from 'commander';
import {
  allowedHost,
  CREDENTIALS_FILES,
  type CredentialsFile,
  isCredentialsFile,
} from '../config/credentials-options.ts';
import { InputError } from '../config/input-error.ts';
import { parseRelease, type Release } from '../config/release.ts';
import { type FormatName, isFormat } from '../report/format-names.ts';

export interface Target<Name extends FormatName = FormatName> {
  readonly format: Name;
  readonly path: string;
}

/** A local file to use instead of the path in the config. */
export interface SuppliedFile {
  readonly variable: CredentialsFile;
  readonly path: string;
}

/** One day; Node's timers are limited to 24 days. */
const LONGEST_TIMEOUT_S = 86_400;

export function repeated<T>(flags: string, says: string, parse: (value: string) => T): Option {
  return new Option(flags, `${says}${REPEATABLE}`).argParser<T[]>((value, previous) => [
    ...(previous ?? []),
    parse(value),
  ]);
}

/** Ends the description of a repeatable option. */
const REPEATABLE = ' (repeatable)';
export const isRepeatable = ({ description }: Option): boolean => description.endsWith(REPEATABLE);
export const withoutRepeatable = (description: string): string => description.replace(REPEATABLE, '');

export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a value.');
  return value;
}

export const target =
  (names: readonly FormatName[]) =>
  (value: string): Target => {
    const [format, path] = split(value);
    if (!isFormat(format) || !names.includes(format))
      throw new InvalidArgumentError(`expected one of ${names.join(', ')} before the =.`);
    if (path === undefined || path === '') throw new InvalidArgumentError(`expected ${format}=<path>.`);
    if (path === '-') throw new InvalidArgumentError(`to write to standard output, use -o ${format}.`);
    return { format, path };
  };

export function suppliedFile(value: string): SuppliedFile {
  const [variable, path] = split(value);
  if (!isCredentialsFile(variable)) {
    throw new InvalidArgumentError(`expected one of ${CREDENTIALS_FILES.join(', ')} before the =.`);
  }
  if (path === undefined || path === '') throw new InvalidArgumentError(`expected ${variable}=<path>.`);
  return { variable, path };
}

export function host(value: string): string {
  const allowed = allowedHost(value);
  if (allowed === undefined)
    throw new InvalidArgumentError('expected host or host:port, without scheme or path; IPv6 as in [::1]:9000.');
  return allowed;
}

export function split(value: string): [string, string | undefined] {
  const at = value.indexOf('=');
  return at < 0 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)];
}

export function release(value: string): Release {
  const parsed = parseRelease(value);
  if (parsed === undefined) throw new InvalidArgumentError('expected a version of Self-Hosted such as 4.3.0.');
  return parsed;
}

export function seconds(value: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (number > 0 && number <= LONGEST_TIMEOUT_S) return number;
  throw new InvalidArgumentError(`expected a number of seconds greater than 0 and at most ${LONGEST_TIMEOUT_S}.`);
}

const SECONDS_IN: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600 };

/** In seconds. */
export function duration(value: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(value) ?? [];
  const total = number === '' ? Number.NaN : Number(number) * (SECONDS_IN[unit] ?? Number.NaN);
  if (total > 0 && total <= LONGEST_TIMEOUT_S) return total;
  throw new InvalidArgumentError('expected a duration such as 90s, 5m or 1h, greater than 0 and at most 24h.');
}

export function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a whole number of at least 1.');
}

/**
 * A value that is not on the command line, and can be a secret.
 * @param where it is, for the message
 * @throws InputError
 */
export function parsedBy(option: Option, value: string, where: string, previous?: unknown): unknown {
  try {
    return option.parseArg === undefined ? value : option.parseArg(value, previous);
  } catch (error) {
    if (!(error instanceof InvalidArgumentError)) throw error;
    const expected = error.message.replace(/\.$/, '').replace(/^Allowed choices are/, 'expected one of');
    throw new InputError(`${where}: ${expected}`);
  }
}
