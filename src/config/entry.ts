/** What a source holds: variables with their values, and where each comes from. */
import type { Issue, Skip } from '../outcome/outcome.ts';
import type { Party, Service } from './options.ts';

export { InputError } from './input-error.ts';

/** The origin of what the job's own environment holds. */
export const ENVIRONMENT = 'the environment';

export interface Entry {
  readonly name: string;
  /** `secret`: set behind an ECS `valueFrom`, not known here. `not-a-string`: the API would reject it. */
  readonly kind: 'known' | 'secret' | 'not-a-string';
  /** The value; for `secret` the ARN or name it is kept under; for `not-a-string` the JSON type ("number"). */
  readonly value: string;
  readonly service: Service | 'all';
  /** Was read from where secrets are kept: never to be seen, whatever its name. */
  readonly secret?: true;
  /** Was read with the caller's credentials: it may go where the value itself says, and nowhere that the config says. */
  readonly resolved?: true;
  /** Why what is behind `valueFrom` could not be read, when that was asked for. */
  readonly unread?: Issue | Skip;
  /** For people: "shared.yaml (Secret spacelift-shared)". */
  readonly origin: string;
}

export interface Source {
  readonly entries: readonly Entry[];
  /** It also takes variables from files that are not known here (ECS `environmentFiles`). */
  readonly incomplete: boolean;
  /** The job's own environment: never searched for misspellings, and nothing in it is "configured for good". */
  readonly process: boolean;
  /** Whose word it is; unless told, the environment is the process's, and all else the config's. */
  readonly trust?: Party;
}

export const partyOf = ({ process, trust }: Source): Party => trust ?? (process ? 'process' : 'config');
