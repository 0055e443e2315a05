/** The ten buckets on any server that speaks S3: made as the vendor's guide wants them, and all that lies in them. */
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  GetBucketLifecycleConfigurationCommand,
  GetBucketVersioningCommand,
  ListObjectVersionsCommand,
  PutBucketCorsCommand,
  PutBucketLifecycleConfigurationCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { NAMES, real } from '../checks/object-storage/storage.ts';

const VERSIONED = ['modules', 'run-logs', 'states', 'uploads', 'user-uploaded-workspaces', 'workspace'];
const KEPT = ['modules', 'states'];

export async function setVersioning(client: S3Client, bucket: string, on: boolean): Promise<void> {
  const VersioningConfiguration = { Status: on ? 'Enabled' : 'Suspended' } as const;
  await client.send(new PutBucketVersioningCommand({ Bucket: real(bucket), VersioningConfiguration }));
}

/** Lets the bucket's objects expire. */
export async function setExpiry(client: S3Client, bucket: string, days: number): Promise<void> {
  const rule = { ID: 'expire', Status: 'Enabled', Filter: { Prefix: '' }, Expiration: { Days: days } } as const;
  const LifecycleConfiguration = { Rules: [rule] };
  await client.send(new PutBucketLifecycleConfigurationCommand({ Bucket: real(bucket), LifecycleConfiguration }));
}

/** Lets pages of one origin upload. */
export async function allowUploads(client: S3Client, origin: string): Promise<void> {
  const rule = { AllowedOrigins: [origin], AllowedMethods: ['PUT', 'POST'], AllowedHeaders: ['*'] };
  await client.send(new PutBucketCorsCommand({ Bucket: real('uploads'), CORSConfiguration: { CORSRules: [rule] } }));
}

/** MinIO reads the settings of a new bucket in the background, and can lose those that were made by then: they are made until they stay. */
export async function makeBuckets(client: S3Client): Promise<void> {
  await Promise.all(NAMES.map((bucket) => client.send(new CreateBucketCommand({ Bucket: real(bucket) }))));
  for (let missing: readonly string[] = NAMES, stable = 0; stable < 3; stable += 1) {
    await Promise.all(missing.map((bucket) => configure(client, bucket)));
    if (missing.length > 0) stable = 0;
    await sleep(100);
    const complete = await Promise.all(NAMES.map((bucket) => isConfigured(client, bucket)));
    missing = NAMES.filter((_, index) => !complete[index]);
  }
}

async function configure(client: S3Client, bucket: string): Promise<void> {
  if (VERSIONED.includes(bucket)) await setVersioning(client, bucket, true);
  if (!KEPT.includes(bucket)) await setExpiry(client, bucket, 2);
}

async function isConfigured(client: S3Client, bucket: string): Promise<boolean> {
  const Bucket = real(bucket);
  const [versioning, lifecycle] = await Promise.all([
    client.send(new GetBucketVersioningCommand({ Bucket })),
    client.send(new GetBucketLifecycleConfigurationCommand({ Bucket })).catch(() => undefined),
  ]);
  return (
    (!VERSIONED.includes(bucket) || versioning.Status === 'Enabled') &&
    (KEPT.includes(bucket) || lifecycle !== undefined)
  );
}

/** Removes every version and delete marker. */
export async function empty(client: S3Client): Promise<void> {
  for (const { bucket, Key, VersionId } of await versions(client)) {
    await client.send(new DeleteObjectCommand({ Bucket: real(bucket), Key, VersionId }));
  }
}

/** Every version and delete marker, as `bucket/key version etag`. */
export const contents = async (client: S3Client): Promise<string[]> =>
  (await versions(client)).map(({ bucket, Key, VersionId, ETag }) => `${bucket}/${Key} ${VersionId} ${ETag}`).sort();

async function versions(client: S3Client) {
  const list = async (bucket: string) => {
    const page = await client.send(new ListObjectVersionsCommand({ Bucket: real(bucket) }));
    if (page.IsTruncated) throw new Error(`${bucket} holds more than one page`);
    const markers = (page.DeleteMarkers ?? []).map((marker) => ({ ...marker, ETag: 'deleted' }));
    return [...(page.Versions ?? []), ...markers].map((version) => ({ bucket, ...version }));
  };
  return (await Promise.all(NAMES.map(list))).flat();
}
