/** Operations on buckets and their settings. */

import type { PolicyDocument } from '../policy.ts';
import { Context, ownerXml, xmlReply } from './context.ts';
import { S3Error } from './errors.ts';
import { isPublic } from './policy.ts';
import { Bucket, type CorsRule, type LifecycleRule, type PublicAccessBlock } from './store.ts';
import type { Reply } from './types.ts';
import { fromXml, type XmlValue } from './xml.ts';

const done: Reply = { status: 200 };
const noContent: Reply = { status: 204 };

export function listBuckets({ world }: Context): Reply {
  const all = [...world.buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  return xmlReply('ListAllMyBucketsResult', {
    Owner: { ID: 'owner', DisplayName: 'owner' },
    Buckets: { Bucket: all.map(({ name, created }) => ({ Name: name, CreationDate: created.toISOString() })) },
  });
}

export function createBucket({ request, world }: Context): Reply {
  const name = request.bucket ?? '';
  if (!/^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/.test(name)) throw new S3Error('InvalidBucketName');
  if (world.buckets.has(name)) throw new S3Error('BucketAlreadyOwnedByYou', { fields: { BucketName: name } });
  const text = request.body.toString();
  const { LocationConstraint: region = world.region } =
    text === '' ? {} : fromXml<{ LocationConstraint?: string }>(text, 'CreateBucketConfiguration');
  if (region !== world.region && world.region !== '') {
    throw new S3Error(world.flavor === 'aws' ? 'IllegalLocationConstraintException' : 'InvalidRegion');
  }
  world.buckets.set(name, new Bucket(name, world.flavor, region, {}, request.now));
  return { status: 200, headers: { location: `/${name}` } };
}

export function deleteBucket({ bucket, world }: Context): Reply {
  if (bucket.versions().length > 0) throw new S3Error('BucketNotEmpty', { fields: { BucketName: bucket.name } });
  world.buckets.delete(bucket.name);
  return noContent;
}

export function headBucket({ bucket }: Context): Reply {
  return { status: 200, headers: { 'x-amz-bucket-region': bucket.region } };
}

/** AWS names no region for the oldest one. */
export function getLocation({ bucket, world }: Context): Reply {
  const region = world.flavor === 'aws' && bucket.region === 'us-east-1' ? '' : bucket.region;
  const reply = xmlReply('LocationConstraint', {});
  return { ...reply, body: String(reply.body).replace('></', `>${region}</`) };
}

export function getVersioning({ bucket }: Context): Reply {
  return xmlReply('VersioningConfiguration', { Status: bucket.versioning });
}

export function putVersioning({ bucket, request }: Context): Reply {
  const { Status } = fromXml<{ Status?: string }>(request.body.toString(), 'VersioningConfiguration');
  if (Status !== 'Enabled' && Status !== 'Suspended') throw new S3Error('MalformedXML');
  bucket.versioning = Status;
  return done;
}

export function getLifecycle({ bucket }: Context): Reply {
  if (bucket.lifecycle === undefined) throw missing('NoSuchLifecycleConfiguration', bucket);
  return xmlReply('LifecycleConfiguration', { Rule: bucket.lifecycle as unknown as XmlValue });
}

export function putLifecycle({ bucket, request }: Context): Reply {
  const { Rule } = fromXml<{ Rule?: LifecycleRule[] }>(request.body.toString(), 'LifecycleConfiguration');
  if (Rule === undefined) throw new S3Error('MalformedXML');
  bucket.lifecycle = Rule;
  return done;
}

export function deleteLifecycle({ bucket }: Context): Reply {
  bucket.lifecycle = undefined;
  return noContent;
}

export function getCors({ bucket, world }: Context): Reply {
  if (bucket.cors === undefined || world.flavor === 'minio') throw missing('NoSuchCORSConfiguration', bucket);
  const rules = bucket.cors.map((rule) => ({
    ID: rule.ID,
    AllowedOrigin: rule.AllowedOrigins,
    AllowedMethod: rule.AllowedMethods,
    AllowedHeader: rule.AllowedHeaders,
    ExposeHeader: rule.ExposeHeaders,
    MaxAgeSeconds: rule.MaxAgeSeconds,
  }));
  return xmlReply('CORSConfiguration', { CORSRule: rules });
}

interface CorsXml {
  ID?: string;
  AllowedOrigin?: string[];
  AllowedMethod?: string[];
  AllowedHeader?: string[];
  ExposeHeader?: string[];
  MaxAgeSeconds?: number;
}

export function putCors({ bucket, request, world }: Context): Reply {
  if (world.flavor === 'minio') throw new S3Error('NotImplemented');
  const { CORSRule } = fromXml<{ CORSRule?: CorsXml[] }>(request.body.toString(), 'CORSConfiguration');
  if (CORSRule === undefined) throw new S3Error('MalformedXML');
  bucket.cors = CORSRule.map(
    (rule): CorsRule => ({
      ...(rule.ID === undefined ? {} : { ID: rule.ID }),
      AllowedOrigins: rule.AllowedOrigin ?? [],
      AllowedMethods: rule.AllowedMethod ?? [],
      ...(rule.AllowedHeader === undefined ? {} : { AllowedHeaders: rule.AllowedHeader }),
      ...(rule.ExposeHeader === undefined ? {} : { ExposeHeaders: rule.ExposeHeader }),
      ...(rule.MaxAgeSeconds === undefined ? {} : { MaxAgeSeconds: rule.MaxAgeSeconds }),
    }),
  );
  return done;
}

export function deleteCors({ bucket, world }: Context): Reply {
  if (world.flavor === 'minio') throw new S3Error('NotImplemented');
  bucket.cors = undefined;
  return noContent;
}

export function getPolicy({ bucket }: Context): Reply {
  if (bucket.policy === undefined) throw missing('NoSuchBucketPolicy', bucket);
  return { status: 200, headers: { 'content-type': 'application/json' }, body: JSON.stringify(bucket.policy) };
}

export function putPolicy({ bucket, request }: Context): Reply {
  bucket.policy = parsePolicy(request.body.toString());
  return noContent;
}

export function deletePolicy({ bucket }: Context): Reply {
  bucket.policy = undefined;
  return noContent;
}

/** AWS judges the policy's words; MinIO asks whether an anonymous user may list and put at the bucket itself, so that a
 * policy for `bucket/*` is not public to it. */
export function getPolicyStatus(context: Context): Reply {
  const { bucket, world } = context;
  if (world.flavor === 'aws') {
    if (bucket.policy === undefined) throw missing('NoSuchBucketPolicy', bucket);
    return xmlReply('PolicyStatus', { IsPublic: isPublic(bucket.policy) });
  }
  const anonymous = new Context(context.request, world, undefined);
  const open = !anonymous.denial('s3:ListBucket') && !anonymous.denial('s3:PutObject');
  return xmlReply('PolicyStatus', { IsPublic: open ? 'TRUE' : 'FALSE' });
}

export function getPublicAccessBlock({ bucket, world }: Context): Reply {
  if (world.flavor === 'minio') throw new S3Error('NotImplemented');
  if (bucket.publicAccessBlock === undefined) throw missing('NoSuchPublicAccessBlockConfiguration', bucket);
  return xmlReply('PublicAccessBlockConfiguration', { ...bucket.publicAccessBlock });
}

export function getObjectLock({ bucket }: Context): Reply {
  if (bucket.objectLock === undefined) throw missing('ObjectLockConfigurationNotFoundError', bucket);
  const { mode: Mode, days: Days } = bucket.objectLock;
  return xmlReply('ObjectLockConfiguration', {
    ObjectLockEnabled: 'Enabled',
    Rule: { DefaultRetention: { Mode, Days } },
  });
}

export function putPublicAccessBlock({ bucket, request, world }: Context): Reply {
  if (world.flavor === 'minio') throw new S3Error('NotImplemented');
  const given = fromXml<Record<string, unknown>>(request.body.toString(), 'PublicAccessBlockConfiguration');
  const is = (name: keyof PublicAccessBlock): boolean => String(given[name]).toLowerCase() === 'true';
  bucket.publicAccessBlock = {
    BlockPublicAcls: is('BlockPublicAcls'),
    IgnorePublicAcls: is('IgnorePublicAcls'),
    BlockPublicPolicy: is('BlockPublicPolicy'),
    RestrictPublicBuckets: is('RestrictPublicBuckets'),
  };
  return done;
}

export function getAcl({ bucket }: Context): Reply {
  const Grantee = {
    '@xmlns:xsi': 'http://www.w3.org/2001/XMLSchema-instance',
    '@xsi:type': 'CanonicalUser',
    ID: bucket.owner,
    DisplayName: 'owner',
  };
  return xmlReply('AccessControlPolicy', {
    Owner: ownerXml(bucket),
    AccessControlList: { Grant: { Grantee, Permission: 'FULL_CONTROL' } },
  });
}

function parsePolicy(text: string): PolicyDocument {
  try {
    const policy: PolicyDocument = JSON.parse(text);
    if (policy.Statement !== undefined) return policy;
  } catch {
    throw new S3Error('MalformedPolicy', { message: 'Policies must be valid JSON and the first byte must be {' });
  }
  throw new S3Error('MalformedPolicy', { message: 'Missing required field Statement' });
}

type Missing =
  | 'NoSuchBucketPolicy'
  | 'NoSuchCORSConfiguration'
  | 'NoSuchLifecycleConfiguration'
  | 'ObjectLockConfigurationNotFoundError'
  | 'NoSuchPublicAccessBlockConfiguration';

function missing(code: Missing, bucket: Bucket): S3Error {
  return new S3Error(code, { fields: { BucketName: bucket.name } });
}
