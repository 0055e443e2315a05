/** The contents of a source: variables with their values and origins. */
import type { Issue, Skip } from '../outcome/outcome.ts';
import type { EnvFile } from './env-file/difference.ts';
import type { Party, Service } from './options.ts';
import type { RegistryLogin } from './registry-logins.ts';
import type { Location } from './schema.ts';
import type { Terraform } from './terraform/model.ts';
import type { Unseen } from './unseen.ts';

export { InputError } from './input-error.ts';

/** The origin of variables in the job's environment. */
export const ENVIRONMENT = 'the environment';

/** The JSON type of a value that must be a string, or `plaintext` where base64 is expected. */
export type RejectedType = 'number' | 'boolean' | 'array' | 'object' | 'null' | 'plaintext';

/** A value that the API of Kubernetes or ECS rejects, and with it the whole object. */
export interface RejectedValue {
  readonly name: string;
  readonly type: RejectedType;
  readonly origin: string;
}

/** A Secret, ConfigMap or key that a container refers to, and that is not in the file. */
export interface UnresolvedReference {
  readonly kind: 'Secret' | 'ConfigMap';
  /** Of the object; printable. */
  readonly name: string;
  /** If the object is there: the missing key; printable. */
  readonly key?: string;
  /** With a key: the variable that it is for. */
  readonly variable?: string;
  /** What was probably meant: another name, or a key of this object; printable. */
  readonly near?: string;
  /** With `near`: its kind, if that is not the one that is referred to. */
  readonly nearKind?: 'Secret' | 'ConfigMap';
  /** With `near`: the other namespace that it is in; printable. */
  readonly nearNamespace?: string;
  /** The container. */
  readonly origin: string;
}

export interface Entry {
  readonly name: string;
  /** `secret`: set with an ECS `valueFrom`, not known here. `not-a-string`: the API would reject it. */
  readonly kind: 'known' | 'secret' | 'not-a-string';
  /** The value; for `secret` the ARN or name of the secret; for `not-a-string` a `RejectedType`. */
  readonly value: string;
  readonly service: Service | 'all';
  /** With `secret`: not ECS but another platform resolves it, from this store; the reference itself is not kept. */
  readonly refersTo?: string;
  /** With `secret`: why the value is not known here, if it is not behind a reference. */
  readonly unseen?: Unseen;
  /** It was base64, in the data of a Secret. */
  readonly decoded?: true;
  /** Read from a secret store: must never be shown, whatever its name. */
  readonly secret?: true;
  /** Read with the caller's credentials: it may be sent to the host in the value itself, not to a host from the config. */
  readonly resolved?: true;
  /** Why the `valueFrom` value could not be read, if that was requested. */
  readonly unread?: Issue | Skip;
  /** For people: "shared.yaml (Secret spacelift-shared)". */
  readonly origin: string;
  readonly location?: Location;
}

/** Where an entry is, for people: "shared.yaml (Secret spacelift-shared), line 12". */
export const placeOf = ({ origin, location }: Pick<Entry, 'origin' | 'location'>): string =>
  location?.line === undefined ? origin : `${origin}, line ${location.line}`;

export interface Source {
  /** The path as given, or "standard input"; absent for the environment. */
  readonly file?: string;
  readonly entries: readonly Entry[];
  /** Whether it also sets variables that are not known here (ECS `environmentFiles`). */
  readonly incomplete: boolean;
  /** If incomplete: why; ECS `environmentFiles` by default. */
  readonly unseen?: Unseen;
  /** If incomplete: everything that it lacks, if other files can have it: `Secret NAME`, or the name of a file. */
  readonly missing?: readonly string[];
  /** Whether the VCS gateway's container also sets variables that are not known here, in a task definition with other services. */
  readonly incompleteGateway?: true;
  /** Whether it is a task definition of ECS. */
  readonly taskDefinition?: true;
  /** The services whose containers are in it, where its values do not say so; `all` for a container that may be any's. */
  readonly workloads?: readonly (Service | 'all')[];
  /** Values that the API rejects, in objects of the file that contain no variables for Spacelift. */
  readonly rejected?: readonly RejectedValue[];
  /** What the containers in the file refer to, and do not find. */
  readonly unresolved?: readonly UnresolvedReference[];
  /** The variables of objects that no container in the file reads: they count for nothing. */
  readonly ignored?: readonly Entry[];
  /** What a person must know of the file as a whole. */
  readonly notes?: readonly string[];
  /** Why it is no config by itself, as one line; beside another file it counts. */
  readonly alone?: string;
  /** Logins for container registries, from the pull Secrets in the file. */
  readonly logins?: readonly RegistryLogin[];
  /** How programs read the file, if it is an env file. */
  readonly envFile?: EnvFile;
  /** The resources, if it is a plan or state of Terraform. */
  readonly terraform?: Terraform;
  /** Whether it is the job's environment, which is not searched for misspellings or short-lived credentials. */
  readonly process: boolean;
  /** Who supplied it; by default `process` for the environment and `config` for everything else. */
  readonly trust?: Party;
}

export const partyOf = ({ process, trust }: Source): Party => trust ?? (process ? 'process' : 'config');
