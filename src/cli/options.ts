/** The command-line options. */
import { InvalidArgumentError, Option } from 'commander';
import {
  allowedHost,
  CREDENTIALS_FILES,
  type CredentialsFile,
  isCredentialsFile,
} from '../config/credentials-options.ts';
import {
  DEFAULTS,
  type Perspective,
  PHASES,
  type PhaseOption,
  PLACES,
  type Place,
  SERVICES,
} from '../config/options.ts';
import { parseRelease, type Release } from '../config/release.ts';
import {
  COMPARISON_FORMAT_NAMES,
  type ComparisonFormatName,
  FORMAT_NAMES,
  type FormatName,
  isFormat,
  MATRIX_FORMAT_NAMES,
  type MatrixFormatName,
} from '../report/format-names.ts';
import { type DebugOption, debugOption } from './debug/option.ts';

export interface Target<Name extends FormatName = FormatName> {
  readonly format: Name;
  readonly path: string;
}

export interface Acceptance {
  readonly id: string;
  readonly reason: string;
}

/** A local file to use instead of the path in the config. */
export interface SuppliedFile {
  readonly variable: CredentialsFile;
  readonly path: string;
}

/** As commander returns them; options that were not given are absent. */
export interface RunArguments {
  readonly file?: readonly string[];
  readonly format: FormatName;
  readonly report?: readonly Target[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly accept?: readonly Acceptance[];
  readonly require?: readonly string[];
  readonly service?: Perspective;
  readonly release?: Release;
  readonly phase: PhaseOption;
  readonly from: Place;
  readonly caFile?: readonly string[];
  readonly credentialsFile?: readonly SuppliedFile[];
  /** Hosts, in lower case. */
  readonly allowCredentialsTo?: readonly string[];
  /** URLs. */
  readonly vcs?: readonly string[];
  /** Names of images. */
  readonly pull?: readonly string[];
  readonly resolveSecrets?: true;
  /** The path of an earlier report. */
  readonly baseline?: string;
  readonly failOn?: FailOn;
  readonly strict?: true;
  readonly readOnly?: true;
  /** Seconds. */
  readonly timeout: number;
  /** Seconds. */
  readonly wait?: number;
  readonly concurrency?: number;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly debug?: DebugOption;
  readonly color: boolean;
}

/** What of a comparison can make a command exit with 1. */
export const FAIL_ON = ['new'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The options of `diff`. */
export type DiffArguments = Pick<RunArguments, 'failOn' | 'quiet' | 'color'> & {
  readonly format: ComparisonFormatName;
};

export const diffOptions = (): Option[] => [
  new Option('-o, --format <name>', 'format of standard output').choices(COMPARISON_FORMAT_NAMES).default('pretty'),
  new Option('--fail-on <what>', 'exit with 1 on new failures').choices(FAIL_ON),
  new Option('-q, --quiet', 'show only new and changed failures and warnings'),
  ...picked(['--no-color']),
];

/** The options of `plan`: those that determine what a run would do. */
export type PlanArguments = Pick<
  RunArguments,
  'file' | 'only' | 'skip' | 'service' | 'release' | 'phase' | 'from' | 'vcs' | 'pull' | 'readOnly' | 'color'
> & { readonly format: 'pretty' | 'json' };

/** The options of `cleanup`; `readOnly` is accepted only to be rejected with a message. */
export type CleanupArguments = Pick<
  RunArguments,
  | 'file'
  | 'service'
  | 'from'
  | 'caFile'
  | 'credentialsFile'
  | 'allowCredentialsTo'
  | 'resolveSecrets'
  | 'timeout'
  | 'readOnly'
  | 'debug'
  | 'color'
> & { readonly format: 'pretty' | 'json' };

/** One day; Node's timers are limited to 24 days. */
const LONGEST_TIMEOUT_S = 86_400;

export function runOptions(): Option[] {
  return [
    repeated('-f, --file <path>', 'config file, in any supported format; - reads standard input', text),
    ...outputOptions(FORMAT_NAMES),
    repeated('--only <pattern>', 'check only matching rules; * matches any text', text),
    repeated('--skip <pattern>', 'skip matching rules', text),
    repeated('--accept <id>=<reason>', 'accept this warning under --strict', acceptance),
    repeated('--require <pattern>', 'exit with 1 if a matching rule is skipped', text),
    new Option('--service <name>', 'check only what this service needs').choices([...SERVICES, 'worker']),
    new Option(
      '--release <version>',
      'release of Self-Hosted to check for (default from LAUNCHER_IMAGE_TAG)',
    ).argParser(release),
    new Option('--phase <name>', 'before or after Spacelift is installed').choices(PHASES).default(DEFAULTS.phase),
    new Option('--from <place>', "with outside, skip what is reachable only from Spacelift's network")
      .choices(PLACES)
      .default(DEFAULTS.from),
    repeated('--ca-file <path>', 'additional CA certificates, in PEM format', text),
    repeated('--credentials-file <variable>=<path>', 'local file to use for the path in this variable', suppliedFile),
    repeated(
      '--allow-credentials-to <host[:port]>',
      'allow sending your own credentials to this host, even though only the config names it',
      host,
    ),
    repeated('--vcs <url>', 'also check this version control system, which no variable names', text),
    repeated('--pull <image>', 'also check that this container image can be pulled', text),
    new Option('--resolve-secrets', 'read the secrets that an ECS task definition references in valueFrom'),
    new Option('--baseline <path>', 'earlier report in JSON: show what changed since').argParser(text),
    new Option('--fail-on <what>', 'with a baseline: exit with 1 only on new failures').choices(FAIL_ON),
    new Option('--strict', 'exit with 1 on warnings or an inconclusive verdict'),
    new Option('--read-only', 'do not write to any system'),
    new Option('--timeout <seconds>', 'time limit for the whole run')
      .argParser(seconds)
      .default(DEFAULTS.timeoutMs / 1000),
    new Option(
      '--wait <duration>',
      'try again what failed, until all is well or this time is over, as in 5m',
    ).argParser(duration),
    new Option('--concurrency <n>', 'number of dependencies checked at once (default all)').argParser(wholeNumber),
    new Option('-q, --quiet', 'show only failures and warnings, and why rules were skipped').conflicts('verbose'),
    new Option('-v, --verbose', 'show every finding with its evidence and duration'),
    debugOption(),
    new Option('--no-color', 'disable colors; NO_COLOR and FORCE_COLOR work too'),
  ];
}

/** The options of `merge`: those about the output, and about what counts. */
export type MergeArguments = Pick<
  RunArguments,
  'accept' | 'require' | 'baseline' | 'failOn' | 'strict' | 'quiet' | 'verbose' | 'color'
> & {
  readonly format: MatrixFormatName;
  readonly report?: readonly Target<MatrixFormatName>[];
};

export const mergeOptions = (): Option[] => [
  ...outputOptions(MATRIX_FORMAT_NAMES),
  ...picked(['--accept', '--require', '--baseline', '--fail-on', '--strict', '--quiet']),
  new Option('-v, --verbose', 'show every finding'),
  ...picked(['--no-color']),
];

const outputOptions = (names: readonly FormatName[]): Option[] => [
  new Option('-o, --format <name>', 'format of standard output').choices(names).default('pretty'),
  repeated('--report <format>=<path>', 'also write the report to a file in this format', target(names)),
];

/** The JSON documents whose schema `schema` prints. */
export const DOCUMENTS = ['report', 'matrix', 'comparison'] as const;
export type DocumentName = (typeof DOCUMENTS)[number];

/** The shells that `completion` supports. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const FOR_PEOPLE_OR_MACHINES = ['pretty', 'json'] as const;

export function planOptions(): Option[] {
  const shared = [
    '--file',
    '--only',
    '--skip',
    '--service',
    '--release',
    '--phase',
    '--from',
    '--vcs',
    '--pull',
    '--read-only',
    '--no-color',
  ];
  return [formatOption(), ...picked(shared)];
}

export interface ExplainArguments {
  readonly release?: Release;
}

export const explainOptions = (): Option[] => picked(['--release']);

export function cleanupOptions(): Option[] {
  const shared = [
    '--file',
    '--service',
    '--from',
    '--ca-file',
    '--credentials-file',
    '--allow-credentials-to',
    '--resolve-secrets',
    '--timeout',
    '--debug',
    '--no-color',
  ];
  return [formatOption(), ...picked(shared), ...picked(['--read-only']).map((option) => option.hideHelp())];
}

const formatOption = (): Option =>
  new Option('-o, --format <name>', 'format of standard output').choices(FOR_PEOPLE_OR_MACHINES).default('pretty');

export const picked = (names: readonly string[]): Option[] =>
  runOptions().filter(({ long }) => long !== undefined && names.includes(long));

export function repeated<T>(flags: string, says: string, parse: (value: string) => T): Option {
  return new Option(flags, `${says} (repeatable)`).argParser<T[]>((value, previous) => [
    ...(previous ?? []),
    parse(value),
  ]);
}

export function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a value.');
  return value;
}

const target =
  (names: readonly FormatName[]) =>
  (value: string): Target => {
    const [format, path] = split(value);
    if (!isFormat(format) || !names.includes(format))
      throw new InvalidArgumentError(`expected one of ${names.join(', ')} before the =.`);
    if (path === undefined || path === '') throw new InvalidArgumentError(`expected ${format}=<path>.`);
    if (path === '-') throw new InvalidArgumentError(`to write to standard output, use -o ${format}.`);
    return { format, path };
  };

function suppliedFile(value: string): SuppliedFile {
  const [variable, path] = split(value);
  if (!isCredentialsFile(variable)) {
    throw new InvalidArgumentError(`expected one of ${CREDENTIALS_FILES.join(', ')} before the =.`);
  }
  if (path === undefined || path === '') throw new InvalidArgumentError(`expected ${variable}=<path>.`);
  return { variable, path };
}

function host(value: string): string {
  const allowed = allowedHost(value);
  if (allowed === undefined)
    throw new InvalidArgumentError('expected host or host:port, without scheme or path; IPv6 as in [::1]:9000.');
  return allowed;
}

function acceptance(value: string): Acceptance {
  const [id, reason] = split(value);
  if (reason === undefined || reason.trim() === '') throw new InvalidArgumentError('expected <id>=<reason>.');
  return { id, reason: reason.trim() };
}

function split(value: string): [string, string | undefined] {
  const at = value.indexOf('=');
  return at < 0 ? [value, undefined] : [value.slice(0, at), value.slice(at + 1)];
}

function release(value: string): Release {
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
function duration(value: string): number {
  const [, number = '', unit = 's'] = /^(\d+(?:\.\d+)?)([smh])?$/.exec(value) ?? [];
  const total = number === '' ? Number.NaN : Number(number) * (SECONDS_IN[unit] ?? Number.NaN);
  if (total > 0 && total <= LONGEST_TIMEOUT_S) return total;
  throw new InvalidArgumentError('expected a duration such as 90s, 5m or 1h, greater than 0 and at most 24h.');
}

function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a whole number of at least 1.');
}
