/** What lies behind failures: findings of one cause are one failure (`engine/fold.ts`). */

/** Made by `cause`, and by nothing else: only its type is exported. */
class Cause {
  readonly #key: string;
  /** The title of the one failure when several subjects share the cause; it then names them all. */
  readonly title: string | undefined;

  constructor(key: string, title?: string) {
    this.#key = key;
    this.title = title;
  }

  /** Equal for findings that are one failure: the first in report order keeps it, the others become skips that point to it. */
  get key(): string {
    return this.#key;
  }

  titled(title: string | undefined): Cause {
    return new Cause(this.#key, title);
  }

  is(other: Cause | undefined): boolean {
    return other?.key === this.#key;
  }
}

export type { Cause };

type Part = string | number | boolean;

/** A constructor for what one service says: its own word for what is wrong, and what that is about. */
const of =
  (service: string) =>
  (kind: string, ...about: readonly Part[]): Cause =>
    new Cause([service, kind, ...about].join(':'));

const aws = of('aws');
const network = of('network');

/** One constructor for each kind of cause. Shared ones get their title from whoever words the finding (`titled`). */
export const cause = {
  /** A finding that stands for its own cause: what depends on it points there. */
  finding: (id: string): Cause => new Cause(id),
  /** The value of a variable of the config, or that it is missing. */
  variable: (name: string): Cause => of('configuration')(name),
  /** A file that a variable names, and that is not here. */
  credentialsFile: (variable: string): Cause => of('credentials-file')(variable),
  /** Credentials were not sent to a host. */
  withheld: (host: string): Cause => of('credentials-withheld')(host),

  /** @param endpoint `host:port` */
  network: (endpoint: string, kind: string): Cause => network(endpoint, kind),
  dns: (host: string): Cause => network(host, 'dns'),
  tls: (endpoint: string, fault: string): Cause => network(endpoint, 'tls', fault),
  proxy: (proxy: string, target: string, status: number): Cause => of('proxy')(proxy, target, status),

  awsAccount: (): Cause => aws('account'),
  awsPartition: (): Cause => aws('partition'),
  awsRegion: (found: string): Cause => aws('region', found),
  awsCredentials: (kind: string): Cause => aws('credentials', kind),
  /** A service as a whole. */
  awsService: (kind: string, endpoint: string): Cause => aws(kind, endpoint),
  /** What state a key is in, whichever service shows it. */
  kmsKey: (arn: string, state: string): Cause => aws('kms', arn, state),
  kmsPermission: (action: string, arn: string): Cause => aws('kms', arn, action),

  azure: of('azure'),
  google: of('google'),
  database: of('database'),
  store: of('object-storage'),
  queues: of('message-queues'),

  /** By the engine: a check's time was up, it failed itself, or an error outside of it ended the run. */
  runTimeout: (check: string): Cause => of('run-timeout')(check),
  bug: (id: string): Cause => of('bug')(id),
  crash: (check: string): Cause => of('crash')(check),
} as const;
