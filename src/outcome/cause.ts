/** Causes of failures: findings with the same cause are folded into one failure (`engine/fold.ts`). */

/** Created only by `cause`: only the type is exported. */
class Cause {
  readonly #key: string;
  /** The title of the folded failure when several subjects share the cause. */
  readonly title: string | undefined;
  /** One of the things that the cause affects, if the folded failure must list them all. */
  readonly about: string | undefined;
  /** No connection was made: by DNS, a firewall, a route, or nothing that listens. */
  readonly unreachable: boolean;

  constructor(key: string, title?: string, about?: string, unreachable = false) {
    this.#key = key;
    this.title = title;
    this.about = about;
    this.unreachable = unreachable;
  }

  /** Equal for findings of one failure: the first in report order stays a failure, the others become skips that point to it. */
  get key(): string {
    return this.#key;
  }

  /** It is a value in the config, which nothing but another config changes. */
  get isInConfig(): boolean {
    return this.#key.startsWith('configuration:');
  }

  /** The time was over before the check had finished. */
  get isTimeout(): boolean {
    return this.#key.startsWith('run-timeout:');
  }

  titled(title: string | undefined): Cause {
    return new Cause(this.#key, title, this.about, this.unreachable);
  }

  is(other: Cause | undefined): boolean {
    return other?.key === this.#key;
  }
}

export type { Cause };

type Part = string | number | boolean;

/** Creates a constructor for the causes of one service: the kind of problem and the affected resource. */
const of =
  (service: string) =>
  (kind: string, ...about: readonly Part[]): Cause =>
    new Cause([service, kind, ...about].join(':'));

const aws = of('aws');
const network = of('network');
/** With the key of the same error anywhere else. */
const unreachable = (endpoint: string, kind: string): Cause =>
  new Cause(network(endpoint, kind).key, undefined, undefined, true);

/** One constructor per kind of cause. The finding sets the title of a shared cause (`titled`). */
export const cause = {
  /** A finding that is its own cause: dependent findings point to it. */
  finding: (id: string): Cause => new Cause(id),
  /** An invalid or missing variable in the config. */
  variable: (name: string): Cause => of('configuration')(name),
  /** A Kubernetes object or task definition that the API would reject. */
  rejectedObject: (origin: string): Cause => of('rejected-object')(origin),
  /** A missing file that a variable names. */
  credentialsFile: (variable: string): Cause => of('credentials-file')(variable),
  /** Credentials were not sent to a host. */
  withheld: (host: string): Cause => of('credentials-withheld')(host),

  /** @param endpoint `host:port` */
  network: (endpoint: string, kind: string): Cause => network(endpoint, kind),
  /** @param endpoint `host:port`, to which no connection could be made */
  unreachable,
  dns: (host: string): Cause => unreachable(host, 'dns'),
  /** No DNS server responds, whichever host was looked up. */
  noDnsServer: (host: string): Cause => new Cause('network:no-dns-server', undefined, host, true),
  tls: (endpoint: string, fault: string): Cause => network(endpoint, 'tls', fault),
  proxy: (proxy: string, target: string, status: number): Cause => of('proxy')(proxy, target, status),

  awsAccount: (): Cause => aws('account'),
  awsPartition: (): Cause => aws('partition'),
  awsRegion: (found: string): Cause => aws('region', found),
  awsCredentials: (kind: string): Cause => aws('credentials', kind),
  /** A service as a whole. */
  awsService: (kind: string, endpoint: string): Cause => aws(kind, endpoint),
  /** The state of a key, whichever service reports it. */
  kmsKey: (arn: string, state: string): Cause => aws('kms', arn, state),
  kmsPermission: (action: string, arn: string): Cause => aws('kms', arn, action),

  azure: of('azure'),
  google: of('google'),
  database: of('database'),
  store: of('object-storage'),
  queues: of('message-queues'),
  registry: of('registry'),

  /** From the engine: a check timed out or crashed, or an error outside any check ended the run. */
  runTimeout: (check: string): Cause => of('run-timeout')(check),
  bug: (id: string): Cause => of('bug')(id),
  crash: (check: string): Cause => of('crash')(check),
} as const;
