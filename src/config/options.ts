/** What a run can be asked to do; the meaning of each is `--help`'s. */
export const SERVICES = ['server', 'drain', 'scheduler'] as const;
/** The parts of Spacelift that have a deployment config of their own. */
export type Service = (typeof SERVICES)[number];
/** A service, or a worker, which runs elsewhere and only uses the network. */
export type Perspective = Service | 'worker';

/**
 * Whose word something is. `process`: the caller's own (its environment, files, proxy, authorities). `config`: data of
 * whoever wrote it, which never opens a file here, starts a program, or chooses where the caller's credentials go.
 */
export type Party = 'process' | 'config';

export const PHASES = ['auto', 'pre-install', 'post-install'] as const;
export type PhaseOption = (typeof PHASES)[number];
export type Phase = Exclude<PhaseOption, 'auto'>;

export const PLACES = ['inside', 'outside'] as const;
export type Place = (typeof PLACES)[number];

/** Variables, by name. */
export type Environment = Readonly<Record<string, string | undefined>>;

export interface RunOptions {
  /** Rule ids with `*`; empty means all. */
  readonly only: readonly string[];
  readonly skip: readonly string[];
  readonly phase: PhaseOption;
  readonly from: Place;
  readonly readOnly: boolean;
  /** For the whole run, ms. */
  readonly timeoutMs: number;
  /** Checks under way at once. */
  readonly concurrency: number;
  /** Further certificate authorities, PEM. */
  readonly authorities: string | undefined;
  /** Hosts that the caller's credentials may be sent to although only the config names them; with a port, unless it is 443. */
  readonly allowCredentialsTo: readonly string[];
  /** By variable: the file on this machine that stands for the one that the config names in Spacelift's container. */
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
  credentialsFiles: {},
};
