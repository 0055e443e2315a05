/** The options of a run. */
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
import { FORMAT_NAMES, type FormatName, isFormat } from '../report/index.ts';

export interface Target {
  readonly format: FormatName;
  readonly path: string;
}

export interface Acceptance {
  readonly id: string;
  readonly reason: string;
}

/** A file on this machine in place of the one that the config names. */
export interface SuppliedFile {
  readonly variable: CredentialsFile;
  readonly path: string;
}

/** As commander hands them over: what was not given is not there. */
export interface RunArguments {
  readonly file?: readonly string[];
  readonly format: FormatName;
  readonly report?: readonly Target[];
  readonly only?: readonly string[];
  readonly skip?: readonly string[];
  readonly accept?: readonly Acceptance[];
  readonly require?: readonly string[];
  readonly service?: Perspective;
  readonly phase: PhaseOption;
  readonly from: Place;
  readonly caFile?: readonly string[];
  readonly credentialsFile?: readonly SuppliedFile[];
  /** Hosts, in lower case. */
  readonly allowCredentialsTo?: readonly string[];
  readonly resolveSecrets?: true;
  readonly strict?: true;
  readonly readOnly?: true;
  /** Seconds. */
  readonly timeout: number;
  readonly concurrency?: number;
  readonly quiet?: true;
  readonly verbose?: true;
  readonly color: boolean;
}

/** Of `plan`: what decides what a run would do. */
export type PlanArguments = Pick<
  RunArguments,
  'file' | 'only' | 'skip' | 'service' | 'phase' | 'from' | 'readOnly' | 'color'
> & { readonly format: 'pretty' | 'json' };

/** Of `cleanup`; `readOnly` is there to be refused. */
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
  | 'color'
> & { readonly format: 'pretty' | 'json' };

/** A day; timers of Node's end at 24 of them. */
const LONGEST_TIMEOUT_S = 86_400;

export function runOptions(): Option[] {
  return [
    repeated('-f, --file <path>', 'a config in any shape; - is standard input', text),
    new Option('-o, --format <name>', 'for standard output').choices(FORMAT_NAMES).default('pretty'),
    repeated('--report <format>=<path>', 'also write that format to a file', target),
    repeated('--only <pattern>', 'check only these rules; * is any text', text),
    repeated('--skip <pattern>', 'do not check these rules', text),
    repeated('--accept <id>=<reason>', 'that warning does not count under --strict', acceptance),
    repeated('--require <pattern>', 'a skip there makes the exit code 1', text),
    new Option('--service <name>', 'only what that service needs and does').choices([...SERVICES, 'worker']),
    new Option('--phase <name>', 'before or after installation').choices(PHASES).default(DEFAULTS.phase),
    new Option('--from <place>', "outside: what only Spacelift's own network reaches is skipped")
      .choices(PLACES)
      .default(DEFAULTS.from),
    repeated('--ca-file <path>', 'further certificate authorities, PEM', text),
    repeated(
      '--credentials-file <variable>=<path>',
      'a local file for the path that the config has in that variable',
      suppliedFile,
    ),
    repeated(
      '--allow-credentials-to <host[:port]>',
      'your own credentials may go to exactly that host, although only the config names it',
      host,
    ),
    new Option('--resolve-secrets', 'read what an ECS task definition keeps behind valueFrom'),
    new Option('--strict', 'warnings, or the verdict inconclusive, make the exit code 1'),
    new Option('--read-only', 'write nothing anywhere'),
    new Option('--timeout <seconds>', 'for the whole run').argParser(seconds).default(DEFAULTS.timeoutMs / 1000),
    new Option('--concurrency <n>', 'dependencies tried at once (default all)').argParser(wholeNumber),
    new Option('-q, --quiet', 'failures and warnings only').conflicts('verbose'),
    new Option('-v, --verbose', 'every finding with its evidence and duration'),
    new Option('--no-color', 'no colors; NO_COLOR and FORCE_COLOR are heeded too'),
  ];
}

/** That `completion` has a script for. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

const FOR_PEOPLE_OR_MACHINES = ['pretty', 'json'] as const;

export function planOptions(): Option[] {
  const shared = ['--file', '--only', '--skip', '--service', '--phase', '--from', '--read-only', '--no-color'];
  return [formatOption(), ...picked(shared)];
}

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
    '--no-color',
  ];
  return [formatOption(), ...picked(shared), ...picked(['--read-only']).map((option) => option.hideHelp())];
}

const formatOption = (): Option =>
  new Option('-o, --format <name>', 'for standard output').choices(FOR_PEOPLE_OR_MACHINES).default('pretty');

const picked = (names: readonly string[]): Option[] =>
  runOptions().filter(({ long }) => long !== undefined && names.includes(long));

function repeated<T>(flags: string, says: string, parse: (value: string) => T): Option {
  return new Option(flags, `${says} ...`).argParser<T[]>((value, previous) => [...(previous ?? []), parse(value)]);
}

function text(value: string): string {
  if (value === '') throw new InvalidArgumentError('expected a value.');
  return value;
}

function target(value: string): Target {
  const [format, path] = split(value);
  if (!isFormat(format)) throw new InvalidArgumentError(`expected one of ${FORMAT_NAMES.join(', ')} before the =.`);
  if (path === undefined || path === '') throw new InvalidArgumentError(`expected ${format}=<path>.`);
  if (path === '-') throw new InvalidArgumentError(`standard output is for -o ${format}.`);
  return { format, path };
}

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
    throw new InvalidArgumentError('expected a host, or host:port, without scheme or path; IPv6 as in [::1]:9000.');
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

function seconds(value: string): number {
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : Number.NaN;
  if (number > 0 && number <= LONGEST_TIMEOUT_S) return number;
  throw new InvalidArgumentError(`expected seconds, more than 0 and at most ${LONGEST_TIMEOUT_S}.`);
}

function wholeNumber(value: string): number {
  if (/^[1-9]\d{0,5}$/.test(value)) return Number(value);
  throw new InvalidArgumentError('expected a whole number from 1.');
}
