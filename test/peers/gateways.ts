/** Servers with the S3 protocol that are not MinIO, as their users point OBJECT_STORAGE_TYPE=minio at them. */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { CreateBucketCommand, ListObjectsV2Command, ListObjectVersionsCommand, S3Client } from '@aws-sdk/client-s3';
import { BUCKETS } from '../../src/config/contract.ts';
import { NAMES, real } from '../checks/object-storage/storage.ts';
import type { Variables } from '../support/preflight.ts';
import type { Peer } from './catalog.ts';
import { HOST, type Start, start } from './process.ts';

const KEYS = { accessKeyId: 'spacelift', secretAccessKey: 'a-long-secret-of-the-gateway' };

export interface Gateway {
  readonly client: S3Client;
  /** The part of a config that leads here. */
  readonly variables: Variables;
  /** Every object, version and delete marker that it tells of, as `bucket/key`. */
  contents(): Promise<string[]>;
  stop(): Promise<void>;
}

async function startGateway(peer: Peer, options: Start): Promise<Gateway> {
  const server = await start(peer, options);
  const endpoint = `${HOST}:${server.ports[0]}`;
  const url = `http://${endpoint}`;
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: KEYS });
  await Promise.all(NAMES.map((bucket) => client.send(new CreateBucketCommand({ Bucket: real(bucket) }))));
  const list = async (bucket: string) => {
    const Bucket = real(bucket);
    const { Contents = [] } = await client.send(new ListObjectsV2Command({ Bucket }));
    const { Versions = [], DeleteMarkers = [] } = await client.send(new ListObjectVersionsCommand({ Bucket }));
    return [...Contents, ...Versions, ...DeleteMarkers].map(({ Key }) => `${bucket}/${Key}`);
  };
  return {
    client,
    variables: {
      OBJECT_STORAGE_TYPE: 'minio',
      OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
      OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: KEYS.accessKeyId,
      OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
      OBJECT_STORAGE_MINIO_USE_SSL: 'false',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: url,
      ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
    },
    contents: async () => (await Promise.all(NAMES.map(list))).flat().sort(),
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
}

/** It has no versions and no lifecycle rules, and words its list of versions in its own way. */
export const startRclone = (): Promise<Gateway> =>
  startGateway('rclone', {
    args: async ({ ports: [port], directory }) => {
      const data = join(directory, 'data');
      await mkdir(data);
      const keys = `${KEYS.accessKeyId},${KEYS.secretAccessKey}`;
      return [
        'serve',
        's3',
        '--addr',
        `${HOST}:${port}`,
        '--auth-key',
        keys,
        '--config',
        join(directory, 'none'),
        data,
      ];
    },
  });

/** It has versions, policies and CORS per bucket, and no lifecycle rules. */
export const startVersity = (): Promise<Gateway> =>
  startGateway('versitygw', {
    args: async ({ ports: [port], directory }) => {
      const [data, versions] = [join(directory, 'data'), join(directory, 'versions')];
      await Promise.all([mkdir(data), mkdir(versions)]);
      return ['--port', `${HOST}:${port}`, 'posix', '--versioning-dir', versions, data];
    },
    env: { ROOT_ACCESS_KEY: KEYS.accessKeyId, ROOT_SECRET_KEY: KEYS.secretAccessKey },
  });
