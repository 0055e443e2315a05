/** Buckets, their settings, and every version of every object: what the server knows, without HTTP. */
import { createHash, randomBytes, randomUUID } from 'node:crypto';
import type { PolicyDocument } from '../policy.ts';
import { S3Error } from './errors.ts';
import type { Flavor } from './types.ts';

/** A lifecycle rule, with the S3 API's names. */
export interface LifecycleRule {
  ID?: string;
  Status: 'Enabled' | 'Disabled';
  Prefix?: string;
  Filter?: { Prefix?: string; Tag?: Tag | Tag[]; And?: { Prefix?: string; Tag?: Tag | Tag[] } };
  Expiration?: { Days?: number; Date?: string; ExpiredObjectDeleteMarker?: boolean | string };
  NoncurrentVersionExpiration?: { NoncurrentDays?: number; NewerNoncurrentVersions?: number };
  AbortIncompleteMultipartUpload?: { DaysAfterInitiation?: number };
  Transition?: { Days?: number; Date?: string; StorageClass?: string }[];
}

/** A CORS rule, with the names of the S3 API's JSON form. */
export interface CorsRule {
  ID?: string;
  AllowedOrigins: string[];
  AllowedMethods: string[];
  AllowedHeaders?: string[];
  ExposeHeaders?: string[];
  MaxAgeSeconds?: number;
}

export interface PublicAccessBlock {
  BlockPublicAcls: boolean;
  IgnorePublicAcls: boolean;
  BlockPublicPolicy: boolean;
  RestrictPublicBuckets: boolean;
}

export interface Tag {
  Key: string;
  Value: string;
}

export interface ObjectLock {
  mode: 'GOVERNANCE' | 'COMPLIANCE';
  days: number;
}

export interface BucketSettings {
  versioning?: 'Enabled' | 'Suspended' | undefined;
  lifecycle?: LifecycleRule[] | undefined;
  cors?: CorsRule[] | undefined;
  policy?: PolicyDocument | undefined;
  publicAccessBlock?: PublicAccessBlock | undefined;
  /** The default retention of its Object Lock. */
  objectLock?: ObjectLock | undefined;
  region?: string;
  /** Canonical user id. */
  owner?: string;
}

/** What is stored with an object's bytes. Header names are lower case. */
export interface ObjectFields {
  /** content-type, cache-control and their like. */
  headers: Record<string, string>;
  /** Names without `x-amz-meta-`. */
  metadata: Record<string, string>;
  tags: Tag[];
  /** Algorithm, as in `x-amz-checksum-<algorithm>`, → base64. */
  checksums: Record<string, string>;
}

export interface ObjectVersion extends ObjectFields {
  key: string;
  /** `null` when written without versioning. */
  versionId: string;
  deleteMarker: boolean;
  body: Buffer;
  /** Without quotes. */
  etag: string;
  lastModified: Date;
  /** By default retention: the version can't be removed before. */
  retained?: { mode: ObjectLock['mode']; until: Date };
}

export interface Upload {
  id: string;
  key: string;
  fields: ObjectFields;
  initiated: Date;
  parts: Map<number, { etag: string; body: Buffer; lastModified: Date }>;
}

export const noFields: ObjectFields = { headers: {}, metadata: {}, tags: [], checksums: {} };

const newVersionId: Record<Flavor, () => string> = {
  minio: randomUUID,
  aws: () => randomBytes(24).toString('base64url'),
};
const validVersionId: Record<Flavor, RegExp> = {
  minio: /^([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|null)$/,
  aws: /^([\w.-]{32}|null)$/,
};

export class Bucket {
  readonly name: string;
  readonly created: Date;
  readonly region: string;
  readonly owner: string;
  versioning: 'Enabled' | 'Suspended' | undefined;
  lifecycle: LifecycleRule[] | undefined;
  cors: CorsRule[] | undefined;
  policy: PolicyDocument | undefined;
  publicAccessBlock: PublicAccessBlock | undefined;
  objectLock: ObjectLock | undefined;
  readonly uploads = new Map<string, Upload>();
  /** Newest version first. */
  readonly #objects = new Map<string, ObjectVersion[]>();
  readonly #flavor: Flavor;

  constructor(name: string, flavor: Flavor, region: string, settings: BucketSettings, now: Date) {
    this.name = name;
    this.created = now;
    this.region = settings.region ?? region;
    this.owner = settings.owner ?? '02d6176db174dc93cb1b899f7c6078f08654445fe8cf1b6ce98d8855f66bdbf4';
    this.versioning = settings.versioning;
    this.lifecycle = settings.lifecycle;
    this.cors = settings.cors;
    this.policy = settings.policy;
    this.publicAccessBlock = settings.publicAccessBlock;
    this.objectLock = settings.objectLock;
    this.#flavor = flavor;
  }

  /** Every version and delete marker, by key in byte order, newest first. */
  versions(): ObjectVersion[] {
    return [...this.#objects.keys()].sort(byBytes).flatMap((key) => this.#objects.get(key) ?? []);
  }

  /** The current objects, without those that a delete marker hides, by key in byte order. */
  objects(): ObjectVersion[] {
    return this.versions().filter((version) => this.isLatest(version) && !version.deleteMarker);
  }

  isLatest(version: ObjectVersion): boolean {
    return this.#objects.get(version.key)?.[0] === version;
  }

  /** The latest version, be it a delete marker, or the one asked for.
   * @throws {S3Error} InvalidArgument for an ill-formed version id, NoSuchVersion. */
  find(key: string, versionId?: string): ObjectVersion | undefined {
    const versions = this.#objects.get(key) ?? [];
    if (versionId === undefined) return versions[0];
    this.#checkVersionId(versionId);
    const found = versions.find((version) => version.versionId === versionId);
    if (found === undefined) {
      throw new S3Error('NoSuchVersion', { fields: { Key: key, VersionId: versionId } });
    }
    return found;
  }

  /** Stores an object as S3 does under the bucket's versioning: a new version, or in place of the `null` version. */
  put(key: string, body: Buffer | string, fields: Partial<ObjectFields> = {}, now = new Date(), etag?: string) {
    const bytes = Buffer.from(body);
    const version: ObjectVersion = {
      ...structuredClone({ ...noFields, ...fields }),
      key,
      versionId: this.versioning === 'Enabled' ? newVersionId[this.#flavor]() : 'null',
      deleteMarker: false,
      body: bytes,
      etag: etag ?? createHash('md5').update(bytes).digest('hex'),
      lastModified: now,
      ...(this.objectLock !== undefined && {
        retained: {
          mode: this.objectLock.mode,
          until: new Date(now.getTime() + this.objectLock.days * 86_400_000),
        },
      }),
    };
    this.#add(version);
    return version;
  }

  /** Deletes as S3 does: a delete marker under versioning, for good without it or with a version id.
   * Returns the marker that was added, or the version that was removed. */
  remove(key: string, versionId?: string, now = new Date()): ObjectVersion | undefined {
    if (versionId !== undefined || this.versioning === undefined) {
      if (versionId !== undefined) this.#checkVersionId(versionId);
      return this.#drop(key, versionId ?? 'null');
    }
    const marker: ObjectVersion = {
      ...structuredClone(noFields),
      key,
      versionId: this.versioning === 'Enabled' ? newVersionId[this.#flavor]() : 'null',
      deleteMarker: true,
      body: Buffer.alloc(0),
      etag: '',
      lastModified: now,
    };
    this.#add(marker);
    return marker;
  }

  /** Everything but times, as plain JSON. */
  snapshot(): object {
    const { name, region, owner, versioning, lifecycle, cors, policy, publicAccessBlock } = this;
    const objects = this.versions().map(({ body, lastModified, retained, ...version }) => ({
      ...version,
      size: body.length,
    }));
    const uploads = [...this.uploads.values()].map(({ id, key, parts }) => ({ id, key, parts: [...parts.keys()] }));
    const state = { name, region, owner, versioning, lifecycle, cors, policy, publicAccessBlock, objects, uploads };
    return JSON.parse(JSON.stringify(state));
  }

  #add(version: ObjectVersion): void {
    if (version.versionId === 'null') this.#drop(version.key, 'null');
    this.#objects.set(version.key, [version, ...(this.#objects.get(version.key) ?? [])]);
  }

  #drop(key: string, versionId: string): ObjectVersion | undefined {
    const versions = this.#objects.get(key) ?? [];
    const kept = versions.filter((version) => version.versionId !== versionId);
    if (kept.length > 0) this.#objects.set(key, kept);
    else this.#objects.delete(key);
    return versions.find((version) => version.versionId === versionId);
  }

  #checkVersionId(versionId: string): void {
    if (!validVersionId[this.#flavor].test(versionId)) {
      throw new S3Error('InvalidArgument', { message: 'Invalid version id specified' });
    }
  }
}

/** S3 lists keys in the order of their UTF-8 bytes. */
export function byBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}
