/**
 * A preflight as a function: `import { preflight } from 'spacelift-preflight'`.
 *
 *     const report = await preflight({ files: ['spacelift.yaml'] }, { skip: ['network/*'] });
 *     if (report.verdict === 'not-ready') console.error(await render(report, 'markdown'));
 */
import process from 'node:process';
import {
  allowedHost,
  CREDENTIALS_FILES,
  type CredentialsFile,
  isCredentialsFile,
} from '../config/credentials-options.ts';
import type { Deployment } from '../config/deployment.ts';
import { InputError } from '../config/input-error.ts';
import { DEFAULTS, type Party, type Perspective, type PhaseOption, type Place } from '../config/options.ts';
import { parseRelease, type Release } from '../config/release.ts';
import type { Accepted, Decisions } from '../config/schema.ts';
import { type ExitCode, type ExitRules, exitCode as exitCodeOf } from '../report/exit.ts';
import type { FormatName } from '../report/format-names.ts';
import { renderAs } from '../report/index.ts';
import type { Report, ReportCheck } from '../report/types.ts';
import { checkDeployment } from './check-deployment.ts';
import { comparedTo } from './compared.ts';
import { checkIds } from './ids.ts';
import { readDeployment } from './read-config.ts';
import { describeRule } from './rules.ts';
import { refuseInapplicableSelection } from './selection.ts';
import { targetsIn } from './targets.ts';

export type { CredentialsFile } from '../config/credentials-options.ts';
export type { Party, Perspective, Phase, PhaseOption, Place, ReportPhase, Service } from '../config/options.ts';
export type { Accepted, Decisions, SkippedRules } from '../config/schema.ts';
export type { Leftover } from '../engine/leftover.ts';
export type { Evidence, Status } from '../outcome/status.ts';
export type { Comparison } from '../report/comparison/types.ts';
export type { ExitCode, ExitRules } from '../report/exit.ts';
export type { FormatName } from '../report/format-names.ts';
export type {
  NotVerified,
  Report,
  ReportChange as Change,
  ReportCheck as Check,
  ReportFinding as Finding,
  ReportOperation as Operation,
  ReportRelease as Release,
  ReportVariable as Variable,
  Verdict,
} from '../report/types.ts';
export { InputError };

type Environment = Readonly<Record<string, string | undefined>>;

/** The location of the config. */
export interface ConfigSource {
  /** Paths of config files in any supported format; `-` is standard input. Default: the environment is the config. */
  readonly files?: readonly string[] | undefined;
  /** Also used by the cloud SDKs and TLS. Default: the environment of the process. */
  readonly environment?: Environment | undefined;
  /** The input for `-`. Default: the standard input of the process. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /**
   * How far the files are trusted. With `config`, the default, they are data: they can't open files, start programs, or choose
   * where the credentials of this process are sent. The environment without files is always `process`.
   */
  readonly trust?: Party | undefined;
  /** Check only what this service needs. */
  readonly service?: Perspective | undefined;
  /** The release of Self-Hosted to check for, such as `4.3.0`. Default: the one in `LAUNCHER_IMAGE_TAG`, if it is a version. */
  readonly release?: string | undefined;
  /** Read the secrets that an ECS task definition references in `valueFrom`, with the caller's credentials. */
  readonly resolveSecrets?: boolean | undefined;
}

/** A config that has been read. Its values are not accessible. */
export interface Config {
  /** The service that the config is for; `undefined` for all of them. */
  readonly service: Perspective | undefined;
  /** The names of the Spacelift variables that are set. */
  readonly set: readonly string[];
}

/** All options are optional. */
export interface PreflightOptions {
  /** Patterns of rule IDs, such as `database/*`. Default: all rules. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** The reasons for accepted warnings, by finding ID. */
  readonly accept?: Readonly<Record<string, string>> | undefined;
  /** What the report names as the decisions of a file: the warnings that it accepts count like those in `accept`. */
  readonly decisions?: Decisions | undefined;
  /** Default: `auto`, which looks for Spacelift's tables in the database. */
  readonly phase?: PhaseOption | undefined;
  /** Default: `inside` Spacelift's network. */
  readonly from?: Place | undefined;
  /** Do not write to any system. */
  readonly readOnly?: boolean | undefined;
  /** Time limit for the run, and separately for reading the config, in ms. Default: 60,000. */
  readonly timeoutMs?: number | undefined;
  /**
   * How long to try again what failed, until all is well, in ms. Default: it is tried once. `timeoutMs` is then for each
   * attempt; the first attempt is completed even if it takes longer.
   */
  readonly waitMs?: number | undefined;
  /** The number of dependencies checked at once. Default: all. */
  readonly concurrency?: number | undefined;
  /** Additional CA certificates, in PEM format. */
  readonly authorities?: string | undefined;
  /** `host` or `host:port`: allowed to receive the credentials of this process even though only the config names it. */
  readonly allowCredentialsTo?: readonly string[] | undefined;
  /** Local files to use instead of the paths in the config, by variable (GOOGLE_APPLICATION_CREDENTIALS and others). */
  readonly credentialsFiles?: Readonly<Partial<Record<CredentialsFile, string>>> | undefined;
  /** URLs of version control systems to try, which no variable names; without a login. */
  readonly vcs?: readonly string[] | undefined;
  /** Container images to try, in addition to those in the config. */
  readonly pull?: readonly string[] | undefined;
  /** An earlier report: this one says what changed since, and what can't be changed after installation must be the same. */
  readonly baseline?: Report | undefined;
  /** Ends the run early: it cleans up, and the report contains the results so far and is marked `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: Observer | undefined;
}

/** Is notified of what happens during the run, again for each attempt with `waitMs`. */
export interface Observer {
  /** The checks of the run, in report order, before the first one starts. */
  expected?(checks: readonly { readonly id: string; readonly title: string }[]): void;
  started?(check: { readonly id: string; readonly title: string }): void;
  finished?(check: { readonly id: string; readonly title: string }): void;
  /** The ID of a failure as soon as it is known, unless its cause is known from another one. */
  failed?(id: string): void;
  /**
   * A check as it will be in the report, without its operations, as soon as no other check can change its findings; in report
   * order. Not with `waitMs`.
   */
  settled?(check: ReportCheck): void;
  /** With `waitMs`, after an attempt that was not enough: the IDs of the findings that are waited for. */
  missing?(ids: readonly string[]): void;
}

/**
 * Checks every external dependency of the installation that the config describes.
 * @throws InputError if it can't start: no readable config, an unknown ID, or a selection that leaves nothing to check
 */
export async function preflight(config: Config | ConfigSource = {}, options: PreflightOptions = {}): Promise<Report> {
  const accept = options.accept ?? {};
  checkIds({ ...options, accept: Object.keys(accept) });
  const deployment = isRead(config) ? config : await read(config, options);
  refuseInapplicableSelection(deployment, runOptions(options), '');
  const signal = options.signal ?? new AbortController().signal;
  const { baseline, observer, waitMs, decisions } = options;
  const accepted = new Map<string, string | Accepted>([
    ...Object.entries(decisions?.accepted ?? {}),
    ...Object.entries(accept),
  ]);
  const pinned = baseline && (baseline.pinned ?? {});
  const run = { ...runOptions(options), accept: accepted, decisions, pinned, waitMs };
  return comparedTo(await checkDeployment(deployment, run, signal, observer), baseline);
}

/**
 * Reads a config without contacting anything (except with `resolveSecrets`), to distinguish an unreadable config from an
 * installation that is not ready.
 * @throws InputError with one line that names the file and what was expected
 */
export async function readConfig(
  source: ConfigSource = {},
  options: Pick<PreflightOptions, 'timeoutMs' | 'authorities' | 'allowCredentialsTo' | 'credentialsFiles'> = {},
): Promise<Config> {
  return read(source, options);
}

/**
 * What a process should exit with: 1 if something failed or breaks one of the rules, otherwise 0.
 * @throws InputError if a pattern of `require` matches no rule
 */
export function exitCode(report: Report, rules: ExitRules = {}): ExitCode {
  checkIds({ require: rules.require });
  return exitCodeOf(report, rules);
}

/** Renders the report in one of the formats of `--format`; ends with a line break. Text is 80 columns wide, without color. */
export const render = (report: Report, format: FormatName): Promise<string> => renderAs(report, format, describeRule);

function read(source: ConfigSource, options: PreflightOptions): Promise<Deployment> {
  const { files = [], environment = process.env, stdin, trust, service, release, resolveSecrets = false } = source;
  const where = { files, environment, stdin, trust, service, release: releaseIn(release), resolveSecrets };
  return readDeployment(where, runOptions(options));
}

const isRead = (config: Config | ConfigSource): config is Deployment => 'lookup' in config;

/** Fills in the defaults. */
function runOptions(options: PreflightOptions) {
  const { only, skip, phase, from, readOnly, timeoutMs, concurrency, authorities } = options;
  const { allowCredentialsTo = [], credentialsFiles = {}, vcs, pull } = options;
  return {
    only: only ?? DEFAULTS.only,
    skip: skip ?? DEFAULTS.skip,
    phase: phase ?? DEFAULTS.phase,
    from: from ?? DEFAULTS.from,
    readOnly: readOnly ?? DEFAULTS.readOnly,
    timeoutMs: timeoutMs ?? DEFAULTS.timeoutMs,
    concurrency: concurrency ?? DEFAULTS.concurrency,
    authorities: authorities ?? DEFAULTS.authorities,
    allowCredentialsTo: allowCredentialsTo.map(hostIn),
    ...targetsIn({ vcs, pull }, ''),
    credentialsFiles: Object.fromEntries(
      Object.entries(credentialsFiles).flatMap(([name, path]) => (path === undefined ? [] : [[fileIn(name), path]])),
    ),
  };
}

function releaseIn(text: string | undefined): Release | undefined {
  if (text === undefined) return undefined;
  const release = parseRelease(text);
  if (release === undefined) throw new InputError('release: expected a version of Self-Hosted such as 4.3.0');
  return release;
}

function hostIn(text: string): string {
  const host = allowedHost(text);
  if (host === undefined) throw new InputError('allowCredentialsTo: expected host or host:port');
  return host;
}

function fileIn(name: string): CredentialsFile {
  if (isCredentialsFile(name)) return name;
  throw new InputError(`credentialsFiles: expected one of ${CREDENTIALS_FILES.join(', ')}`);
}
