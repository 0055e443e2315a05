/** KMS keys and aliases, and how callers name them. */
import { randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../../policy.ts';
import { userArn } from '../../s3/policy.ts';
import { accountOf } from '../authorize.ts';
import { AwsError, RefusedError } from '../errors.ts';
import type { Place } from '../place.ts';
import type { AwsUser } from '../types.ts';
import { type Material, material } from './material.ts';
import type { KeySpec, KeyUsage } from './specs.ts';
import { specs } from './specs.ts';

export type KeyState = 'Enabled' | 'Disabled' | 'PendingDeletion' | 'PendingImport' | 'Unavailable';

export interface KeyOptions {
  /** Default `SYMMETRIC_DEFAULT`. */
  spec?: KeySpec;
  /** Default: the first usage of the spec; signing for RSA and ECC. */
  usage?: KeyUsage;
  state?: KeyState;
  multiRegion?: boolean;
  /** Default: the account decides, as by the console's default policy. */
  policy?: PolicyDocument;
  /** With or without `alias/`. */
  aliases?: string[];
  id?: string;
  region?: string;
  account?: string;
}

export class KmsKey {
  readonly id: string;
  readonly arn: string;
  readonly region: string;
  readonly account: string;
  readonly spec: KeySpec;
  readonly usage: KeyUsage;
  readonly multiRegion: boolean;
  /** May be changed while the server runs. */
  state: KeyState;
  /** May be changed while the server runs. */
  policy: PolicyDocument;
  readonly createdAt: number;
  readonly #index: number;
  #material: Promise<Material> | undefined;

  constructor(options: KeyOptions, place: Place, index: number, now: number) {
    const { spec = 'SYMMETRIC_DEFAULT', multiRegion = false } = options;
    this.region = options.region ?? place.region;
    this.account = options.account ?? place.account;
    this.id = options.id ?? (multiRegion ? `mrk-${randomUUID().replaceAll('-', '')}` : randomUUID());
    this.arn = `arn:${place.partition}:kms:${this.region}:${this.account}:key/${this.id}`;
    this.spec = spec;
    this.usage = options.usage ?? specs[spec].usages[0];
    this.multiRegion = multiRegion;
    this.state = options.state ?? 'Enabled';
    const root = `arn:${place.partition}:iam::${this.account}:root`;
    this.policy = options.policy ?? {
      Version: '2012-10-17',
      Statement: { Effect: 'Allow', Principal: { AWS: root }, Action: 'kms:*', Resource: '*' },
    };
    this.createdAt = now;
    this.#index = index;
  }

  material(): Promise<Material> {
    this.#material ??= material(this.spec, this.#index);
    return this.#material;
  }
}

export class KeyStore {
  readonly #place: Place;
  readonly #keys: KmsKey[] = [];
  /** By alias ARN. */
  readonly #aliases = new Map<string, KmsKey>();
  readonly #now: () => number;

  constructor(place: Place, now: () => number) {
    this.#place = place;
    this.#now = now;
  }

  create(options: KeyOptions = {}): KmsKey {
    const spec = options.spec ?? 'SYMMETRIC_DEFAULT';
    const index = this.#keys.filter((key) => key.spec === spec).length;
    const key = new KmsKey(options, this.#place, index, this.#now());
    this.#keys.push(key);
    for (const alias of options.aliases ?? []) this.alias(alias, key);
    return key;
  }

  /** With its aliases, as when its waiting period is over. */
  delete(key: KmsKey): void {
    this.#keys.splice(this.#keys.indexOf(key), 1);
    for (const [alias, of] of this.#aliases) if (of === key) this.#aliases.delete(alias);
  }

  /** Points an alias, in the key's account and region, to a key. The alias ARN. */
  alias(name: string, key: KmsKey): string {
    const arn = this.#aliasArn(name.replace(/^(alias\/)?/, 'alias/'), key.region, key.account);
    this.#aliases.set(arn, key);
    return arn;
  }

  all(): readonly KmsKey[] {
    return this.#keys;
  }

  byArn(arn: string): KmsKey | undefined {
    return this.#keys.find((key) => key.arn === arn);
  }

  /** By id, key ARN, alias name or alias ARN, as a caller in a region writes it.
   * @throws {AwsError} NotFoundException in the words for each form.
   * @throws {RefusedError} for another account's key that isn't there: AWS tells no more. */
  find(written: string, region: string, user: AwsUser, action: string): KmsKey {
    const { partition } = this.#place;
    const account = accountOf(user);
    const arn = /^arn:([^:]*):kms:([^:]*):([^:]*):(key\/.+|alias\/.+)$/.exec(written);
    if (arn === null && written.startsWith('arn:')) throw notFound('Invalid arn');
    if (arn !== null && arn[2] !== region) throw notFound(`Invalid arn ${arn[2]}`);
    const owner = arn?.[3] ?? account;
    const name = arn?.[4] ?? (written.startsWith('alias/') ? written : `key/${written}`);
    if (name === 'alias/') throw notFound(`Invalid keyId '${written}'`);
    const full = arn === null ? `arn:${partition}:kms:${region}:${owner}:${name}` : written;
    const key = name.startsWith('alias/') ? this.#aliases.get(full) : this.byArn(full);
    if (key !== undefined) return key;
    if (owner !== account) {
      const reason =
        'because the resource does not exist in this Region, no resource-based policies allow access, or a resource-based policy explicitly denies access';
      const subject = `User: ${userArn(user)} is not authorized to perform: ${action} on resource: ${full}`;
      throw new RefusedError('denied', `${subject} ${reason}`);
    }
    if (name.startsWith('alias/')) throw notFound(`Alias ${full} is not found.`);
    if (arn === null && !/^(mrk-[0-9a-f]{32}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12})$/.test(written)) {
      throw notFound(`Invalid keyId '${written}'`);
    }
    throw notFound(`Key '${full}' does not exist`);
  }

  #aliasArn(name: string, region: string, account: string): string {
    return `arn:${this.#place.partition}:kms:${region}:${account}:${name}`;
  }
}

function notFound(message: string): AwsError {
  return new AwsError('NotFoundException', message);
}
