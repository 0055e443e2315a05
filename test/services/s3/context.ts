/** One request in its world: what every operation is given. */
import { S3Error } from './errors.ts';
import { denial, explicitlyDenied } from './policy.ts';
import type { S3Request } from './request.ts';
import type { Bucket } from './store.ts';
import type { Flavor, Reply, S3User } from './types.ts';
import { toXml, type XmlValue } from './xml.ts';

export interface World {
  flavor: Flavor;
  region: string;
  buckets: Map<string, Bucket>;
}

export class Context {
  readonly request: S3Request;
  readonly world: World;
  /** Undefined: anonymous. */
  readonly user: S3User | undefined;

  constructor(request: S3Request, world: World, user: S3User | undefined) {
    this.request = request;
    this.world = world;
    this.user = user;
  }

  /** @throws {S3Error} NoSuchBucket, or PermanentRedirect on AWS when it is in another region. */
  get bucket(): Bucket {
    const { request, world } = this;
    const bucket = world.buckets.get(request.bucket ?? '');
    if (bucket === undefined) throw new S3Error('NoSuchBucket', { fields: { BucketName: request.bucket ?? '' } });
    if (world.flavor === 'aws' && world.region !== '' && bucket.region !== world.region) {
      throw new S3Error('PermanentRedirect', {
        fields: { Endpoint: `${bucket.name}.s3.${bucket.region}.amazonaws.com`, Bucket: bucket.name },
        headers: { 'x-amz-bucket-region': bucket.region },
      });
    }
    return bucket;
  }

  /** @throws {S3Error} as `bucket` does. */
  checkBucket(): void {
    this.bucket;
  }

  get key(): string {
    return this.request.key ?? '';
  }

  /** The message of the denial, or undefined when these credentials may. */
  denial(action: string, key?: string): string | undefined {
    const access = this.#access(action, key);
    if (this.world.flavor === 'aws') return denial(access);
    // MinIO: version operations go with their plain permission, unless they are denied explicitly.
    if (action === 's3:GetObjectVersion') return denial(this.#access('s3:GetObject', key));
    if (action === 's3:DeleteObjectVersion') {
      const root = this.user !== undefined && this.user.policy === undefined;
      if (!root && explicitlyDenied(access)) return 'Access Denied.';
      return denial(this.#access('s3:DeleteObject', key));
    }
    if (action === 's3:ListBucketVersions') return denial(access) && denial(this.#access('s3:ListBucket', key));
    return denial(access);
  }

  /** @throws {S3Error} AccessDenied */
  require(action: string, key?: string): void {
    const message = this.denial(action, key);
    if (message !== undefined) throw new S3Error('AccessDenied', { message });
  }

  /** The error for an object that is not there: S3 does not tell those who may not list. MinIO tells. */
  notFound(headers: Record<string, string> = {}): S3Error {
    const hidden = this.world.flavor === 'aws' ? this.denial('s3:ListBucket') : undefined;
    if (hidden !== undefined) return new S3Error('AccessDenied', { message: hidden });
    return new S3Error('NoSuchKey', { fields: { Key: this.key }, headers });
  }

  #access(action: string, key: string | undefined) {
    const { request, user, world } = this;
    const bucket = world.buckets.get(request.bucket ?? '');
    const shut = user === undefined && bucket?.publicAccessBlock?.RestrictPublicBuckets === true;
    const context: Record<string, string> = { 'aws:SecureTransport': String(request.secure) };
    if (key === undefined) context['s3:prefix'] = request.param('prefix') ?? '';
    return {
      flavor: world.flavor,
      user,
      bucketPolicy: shut ? undefined : bucket?.policy,
      action,
      resource: `arn:aws:s3:::${request.bucket ?? '*'}${key === undefined ? '' : `/${key}`}`,
      context,
    };
  }
}

/** A 200 with a document. */
export function xmlReply(root: string, value: { [name: string]: XmlValue }): Reply {
  return { status: 200, headers: { 'content-type': 'application/xml' }, body: toXml(root, value) };
}

export function ownerXml(bucket: Bucket): XmlValue {
  return { ID: bucket.owner, DisplayName: 'owner' };
}
