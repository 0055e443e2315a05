/** The options of a run. `--help` describes them. */
import type { Pinned } from './schema.ts';

/** The services that every installation has; they are checked together by default. */
export const CORE_SERVICES = ['server', 'drain', 'scheduler'] as const;
/** An optional service: it connects Spacelift to version control systems (VCS) in private networks. */
export const GATEWAY = 'vcs-gateway';
export const SERVICES = [...CORE_SERVICES, GATEWAY] as const;
/** The Spacelift services with their own deployment config. */
export type Service = (typeof SERVICES)[number];
/** A service or a worker, which runs elsewhere and only uses the network. */
export type Perspective = Service | 'worker';

/**
 * Who supplied something. `process`: the caller (its environment, files, proxy, CAs). `config`: the author of the config;
 * its data never opens a file here, starts a program, or chooses where the caller's credentials go.
 */
export type Party = 'process' | 'config';

export const PHASES = ['auto', 'pre-install', 'post-install'] as const;
export type PhaseOption = (typeof PHASES)[number];
export type Phase = Exclude<PhaseOption, 'auto'>;
/** `plan`: a Terraform plan was checked without contacting anything. */
export type ReportPhase = Phase | 'plan';

export const PLACES = ['inside', 'outside'] as const;
export type Place = (typeof PLACES)[number];

/** Starts the names of variables for this tool itself: an option each, and the one below. Only those of the process count. */
export const OPTION_PREFIX = 'SPACELIFT_PREFLIGHT_';
/** The variable with more certificate authorities for this tool itself, PEM: for containers, whose files a caller can't choose. */
export const AUTHORITIES_VARIABLE = 'SPACELIFT_PREFLIGHT_CA_CERTIFICATES';

/** Variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  /** Rule IDs, with `*` as a wildcard; empty means all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly phase: PhaseOption;
  readonly from: Place;
  readonly readOnly: boolean;
  /** For the whole run, ms. */
  readonly timeoutMs: number;
  /** Maximum number of checks that run at the same time. */
  readonly concurrency: number;
  /** Additional certificate authorities (CAs), PEM. */
  readonly authorities: string | undefined;
  /** Hosts named only by the config that may receive the caller's credentials; with a port unless it is 443. */
  readonly allowCredentialsTo: readonly string[];
  /** URLs of version control systems to try, each once, with http: or https: and without a login. */
  readonly vcs: readonly string[];
  /** Valid names of container images to try, each once, in addition to those in the config. */
  readonly pull: readonly string[];
  /** What the baseline says that can't be changed. */
  readonly pinned?: Pinned | undefined;
  /** By variable: the file on this machine to use instead of the file in Spacelift's container that the config names. */
  readonly credentialsFiles: Readonly<Record<string, string>>;
}

export const DEFAULTS: RunOptions = {
  only: [],
  skip: [],
  phase: 'auto',
  from: 'inside',
  readOnly: false,
  timeoutMs: 60_000,
  concurrency: Number.POSITIVE_INFINITY,
  authorities: undefined,
  allowCredentialsTo: [],
  vcs: [],
  pull: [],
  credentialsFiles: {},
};
