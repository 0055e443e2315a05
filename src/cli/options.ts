/** The command-line options. */
import { Option } from 'commander';
import {
  DEFAULTS,
  type Perspective,
  PHASES,
  type PhaseOption,
  PLACES,
  type Place,
  SERVICES,
} from '../config/options.ts';
import type { Release } from '../config/release.ts';
import type { Decisions } from '../config/schema.ts';
import {
  COMPARISON_FORMAT_NAMES,
  type ComparisonFormatName,
  FORMAT_NAMES,
  type FormatName,
  MATRIX_FORMAT_NAMES,
  type MatrixFormatName,
} from '../report/format-names.ts';
import { type Acceptance, acceptOptions } from './accept.ts';
import { type DebugOption, debugOption } from './debug/option.ts';
import {
  duration,
  host,
  release,
  repeated,
  type SuppliedFile,
  seconds,
  suppliedFile,
  type Target,
  target,
  text,
  wholeNumber,
} from './option-values.ts';

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
  /** The path of a decisions file, or `false` for none. */
  readonly config?: string | false;
  readonly configProfile?: string;
  /** What the file says; not an option. */
  readonly decisions?: Decisions;
  /** Where it requires which pattern; not an option. */
  readonly requiredAt?: ReadonlyMap<string, string>;
}

/** What of a comparison can make a command exit with 1. */
export const FAIL_ON = ['new'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** The options of `diff`. */
export type DiffArguments = Pick<RunArguments, 'failOn' | 'timeout' | 'quiet' | 'color'> & {
  readonly format: ComparisonFormatName;
};

export const diffOptions = (): Option[] => [
  new Option('-o, --format <name>', 'format of standard output').choices(COMPARISON_FORMAT_NAMES).default('pretty'),
  new Option('--fail-on <what>', 'exit with 1 on new failures').choices(FAIL_ON),
  new Option('-q, --quiet', 'show only new and changed failures and warnings'),
  readingLimit(),
  ...picked(['--no-color']),
];

/** For files that can be pipes. */
const readingLimit = (): Option =>
  new Option('--timeout <seconds>', 'time limit for reading the files')
    .argParser(seconds)
    .default(DEFAULTS.timeoutMs / 1000);

/** The options of `plan`: those that determine what a run would do. */
export type PlanArguments = Pick<
  RunArguments,
  | 'file'
  | 'only'
  | 'skip'
  | 'decisions'
  | 'service'
  | 'release'
  | 'phase'
  | 'from'
  | 'vcs'
  | 'pull'
  | 'readOnly'
  | 'color'
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

let made: readonly Option[] | undefined;

/** The same ones each time, for all commands that have them: do not change them. */
export function runOptions(): readonly Option[] {
  made ??= makeRunOptions();
  return made;
}

const readOnlyOption = (): Option => new Option('--read-only', 'do not write to any system');

function makeRunOptions(): Option[] {
  return [
    repeated('-f, --file <path>', 'config file, in any supported format; - reads standard input', text),
    ...outputOptions(FORMAT_NAMES),
    repeated('--only <pattern>', 'check only matching rules; * matches any text', text),
    repeated('--skip <pattern>', 'skip matching rules', text),
    ...acceptOptions(),
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
    readOnlyOption(),
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
    new Option('--config <path>', 'decisions file (default preflight.yaml in the current directory)').argParser(text),
    new Option('--no-config', 'do not read preflight.yaml'),
    new Option('--config-profile <name>', 'profile of the decisions file, for an environment').argParser(text),
    new Option('--no-variables', 'do not read options from variables, as where others set them'),
    new Option('--no-color', 'disable colors; NO_COLOR and FORCE_COLOR work too'),
  ];
}

/** The options of `merge`: those about the output, and about what counts. */
export type MergeArguments = Pick<
  RunArguments,
  'accept' | 'decisions' | 'require' | 'baseline' | 'failOn' | 'strict' | 'timeout' | 'quiet' | 'verbose' | 'color'
> & {
  readonly format: MatrixFormatName;
  readonly report?: readonly Target<MatrixFormatName>[];
};

export const mergeOptions = (): Option[] => [...matrixOptions(), readingLimit()];

/** Of each command that prints a matrix. */
export const matrixOptions = (): Option[] => [
  ...outputOptions(MATRIX_FORMAT_NAMES),
  ...picked([
    '--config',
    '--no-config',
    '--config-profile',
    '--accept',
    '--reason',
    '--require',
    '--baseline',
    '--fail-on',
    '--strict',
    '--quiet',
  ]),
  new Option('-v, --verbose', 'show every finding'),
  ...picked(['--no-color']),
];

const outputOptions = (names: readonly FormatName[]): Option[] => [
  new Option('-o, --format <name>', 'format of standard output').choices(names).default('pretty'),
  repeated('--report <format>=<path>', 'also write the report to a file in this format', target(names)),
];

/** The JSON documents whose schema `schema` prints. */
export const DOCUMENTS = ['report', 'matrix', 'comparison', 'decisions'] as const;
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
    '--config',
    '--no-config',
    '--config-profile',
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
  return [formatOption(), ...picked(shared), readOnlyOption().hideHelp()];
}

const formatOption = (): Option =>
  new Option('-o, --format <name>', 'format of standard output').choices(FOR_PEOPLE_OR_MACHINES).default('pretty');

export const picked = (names: readonly string[]): Option[] =>
  runOptions().filter(({ long }) => long !== undefined && names.includes(long));
