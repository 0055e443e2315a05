/** Texts behind names, in a region: what Secrets Manager and Parameter Store keep. */
import { randomUUID } from 'node:crypto';
import type { Place } from './place.ts';

export interface NamedValue {
  name: string;
  arn: string;
  region: string;
  account: string;
  value: string;
  versionId: string;
  /** KMS key that encrypts it; undefined: AWS's own. */
  keyId: string | undefined;
  /** A secret's JSON or text; a parameter's type. */
  type: string;
  createdAt: number;
  /** A secret that is scheduled for deletion can't be read. */
  deleted: boolean;
}

export interface NamedOptions {
  keyId?: string;
  /** Parameters: `String`, `StringList` or `SecureString` (default). */
  type?: string;
  deleted?: boolean;
  region?: string;
  account?: string;
}

export class NamedStore {
  readonly #place: Place;
  readonly #values: NamedValue[] = [];
  readonly #now: () => number;
  readonly #resource: (name: string) => string;

  /** `resource` makes the ARN from the service's name on. */
  constructor(place: Place, now: () => number, resource: (name: string) => string) {
    this.#place = place;
    this.#now = now;
    this.#resource = resource;
  }

  put(name: string, value: string, options: NamedOptions = {}): NamedValue {
    const { region = this.#place.region, account = this.#place.account } = options;
    const [service, ...rest] = this.#resource(name).split(':');
    const stored: NamedValue = {
      name,
      arn: `arn:${this.#place.partition}:${service}:${region}:${account}:${rest.join(':')}`,
      region,
      account,
      value,
      versionId: randomUUID(),
      keyId: options.keyId,
      type: options.type ?? 'SecureString',
      createdAt: this.#now(),
      deleted: options.deleted ?? false,
    };
    this.#values.push(stored);
    return stored;
  }

  all(): readonly NamedValue[] {
    return this.#values;
  }

  find(region: string, matches: (value: NamedValue) => boolean): NamedValue | undefined {
    return this.#values.findLast((value) => value.region === region && matches(value));
  }
}

/** Secrets Manager adds six random characters to a secret's ARN. */
export const secretResource = (name: string) => `secretsmanager:secret:${name}-${randomUUID().slice(0, 6)}`;

export const parameterResource = (name: string) => `ssm:parameter/${name.replace(/^\//, '')}`;
