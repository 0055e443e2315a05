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
import { type FormatName, renderAs } from '../report/index.ts';
import type { Report } from '../report/types.ts';
import { check } from './check-deployment.ts';
import { checkIds } from './ids.ts';
import { readDeployment } from './read-config.ts';

export type { CredentialsFile } from '../config/credentials-options.ts';
export type { Party, Perspective, Phase, PhaseOption, Place, Service } from '../config/options.ts';
export type { Leftover } from '../engine/cleanup.ts';
export type { Evidence, Status } from '../outcome/status.ts';
export { type ExitRules, exitCode } from '../report/exit.ts';
export type { FormatName } from '../report/index.ts';
export type {
  NotVerified,
  Report,
  ReportCheck as Check,
  ReportFinding as Finding,
  Verdict,
} from '../report/types.ts';
export { InputError };

type Environment = Readonly<Record<string, string | undefined>>;

/** Where the config is. */
export interface ConfigSource {
  /** Paths of configs in any shape; `-` is standard input. Without any, the environment is the config. */
  readonly files?: readonly string[] | undefined;
  /** Also what the cloud SDKs and TLS read; the process's own unless given. */
  readonly environment?: Environment | undefined;
  /** What `-` stands for; the process's own unless given. */
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /**
   * Whose word the files are. `config` unless given: data, which opens no file, starts no program, and never chooses where the
   * credentials of this process go. The environment without files is `process`.
   */
  readonly trust?: Party | undefined;
  /** Check what that service needs alone. */
  readonly service?: Perspective | undefined;
  /** Read what an ECS task definition keeps behind `valueFrom`, with the caller's credentials. */
  readonly resolveSecrets?: boolean | undefined;
}

/** A config that was read; its values stay inside. */
export interface Config {
  /** The one service that it is for; `undefined` for all of them as one. */
  readonly service: Perspective | undefined;
  /** Names of the variables of Spacelift's that are set. */
  readonly set: readonly string[];
}

/** All of them can be left out. */
export interface PreflightOptions {
  /** Patterns of rule ids, as in `database/*`; without any, all rules are checked. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** By finding id, why a warning is accepted. */
  readonly accept?: Readonly<Record<string, string>> | undefined;
  /** `auto` unless given: by Spacelift's tables in the database. */
  readonly phase?: PhaseOption | undefined;
  /** `inside` unless given: Spacelift's own network. */
  readonly from?: Place | undefined;
  /** Write nothing anywhere. */
  readonly readOnly?: boolean | undefined;
  /** For the whole run, and before it for reading the config, ms; 60,000 unless given. */
  readonly timeoutMs?: number | undefined;
  /** Dependencies tried at once; all unless given. */
  readonly concurrency?: number | undefined;
  /** Further certificate authorities, PEM. */
  readonly authorities?: string | undefined;
  /** `host` or `host:port`: may have the credentials of this process although only the config names it. */
  readonly allowCredentialsTo?: readonly string[] | undefined;
  /** By variable (GOOGLE_APPLICATION_CREDENTIALS …): the file here for the one that the config names in Spacelift's container. */
  readonly credentialsFiles?: Readonly<Partial<Record<CredentialsFile, string>>> | undefined;
  /** Ends the run early: it cleans up, and the report is made of what is known by then, marked `interrupted`. */
  readonly signal?: AbortSignal | undefined;
  readonly observer?: Observer | undefined;
}

/** Hears which checks are under way. */
export interface Observer {
  started?(check: { readonly id: string; readonly title: string }): void;
  finished?(check: { readonly id: string; readonly title: string }): void;
}

/**
 * Checks every external dependency of the installation that the config describes.
 * @throws InputError when it can't begin: no readable config, or an id that no rule has
 */
export async function preflight(config: Config | ConfigSource = {}, options: PreflightOptions = {}): Promise<Report> {
  const accept = options.accept ?? {};
  checkIds({ ...options, accept: Object.keys(accept) });
  const deployment = isRead(config) ? config : await read(config, options);
  const signal = options.signal ?? new AbortController().signal;
  const accepted = new Map(Object.entries(accept));
  return check(
    deployment,
    { ...runOptions(options), accept: accepted },
    { interrupt: signal, observer: options.observer },
  );
}

/**
 * Reads a config without contacting anything (but with `resolveSecrets`), so that it can be told apart whether a config is
 * readable and whether what it describes is ready.
 * @throws InputError one line that names the file and what was expected
 */
export async function readConfig(
  source: ConfigSource = {},
  options: Pick<PreflightOptions, 'timeoutMs' | 'authorities' | 'allowCredentialsTo' | 'credentialsFiles'> = {},
): Promise<Config> {
  return read(source, options);
}

/** The report in one of the formats of `--format`; ends with a line break. Text for people is 80 columns wide, without colour. */
export const render = (report: Report, format: FormatName): Promise<string> => renderAs(report, format);

function read(source: ConfigSource, options: PreflightOptions): Promise<Deployment> {
  const {
    files = [],
    environment = process.env,
    stdin = process.stdin,
    trust,
    service,
    resolveSecrets = false,
  } = source;
  return readDeployment({ files, environment, stdin, trust, service, resolveSecrets }, runOptions(options));
}

const isRead = (config: Config | ConfigSource): config is Deployment => 'lookup' in config;

/** The defaults of what was not given. */
function runOptions(options: PreflightOptions) {
  const { only, skip, phase, from, readOnly, timeoutMs, concurrency, authorities } = options;
  const { allowCredentialsTo = [], credentialsFiles = {} } = options;
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
    credentialsFiles: Object.fromEntries(
      Object.entries(credentialsFiles).flatMap(([name, path]) => (path === undefined ? [] : [[fileIn(name), path]])),
    ),
  };
}

function hostIn(text: string): string {
  const host = allowedHost(text);
  if (host === undefined) throw new InputError('allowCredentialsTo: expected a host name, or host:port');
  return host;
}

function fileIn(name: string): CredentialsFile {
  if (isCredentialsFile(name)) return name;
  throw new InputError(`credentialsFiles: expected one of ${CREDENTIALS_FILES.join(', ')}`);
}
