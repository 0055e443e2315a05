/** A real MinIO, its buckets as the vendor's guide wants them, and the commands of its client. */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { promisify } from 'node:util';
import { S3Client } from '@aws-sdk/client-s3';
import { BUCKETS } from '../../src/config/contract.ts';
import { NAMES, real } from '../checks/object-storage/storage.ts';
import type { PolicyDocument } from '../services/s3/index.ts';
import type { Variables } from '../support/preflight.ts';
import { program } from './install.ts';
import { answers, HOST, start } from './process.ts';

export const ROOT = { accessKeyId: 'minio-root', secretAccessKey: 'a-long-secret-of-minio-root' };

export interface Minio {
  readonly endpoint: string;
  readonly client: S3Client;
  /** The part of a config that leads here, as the root user. */
  readonly variables: Variables;
  /** Runs a line of the shell, in which `mc` knows this server as `minio`: the words of a finding's fix. */
  shell(line: string): Promise<string>;
  /** Makes a user who may do what the policy grants and nothing else. */
  user(name: string, policy: PolicyDocument): Promise<Variables>;
  stop(): Promise<void>;
}

const execute = promisify(execFile);

/** @param data the directory of its data, which stays; one of its own that goes with it, unless told */
export async function startMinio(env: Record<string, string> = {}, data?: string): Promise<Minio> {
  const server = await start('minio', {
    args: ({ ports: [port], directory }) => [
      'server',
      '--quiet',
      '--address',
      `${HOST}:${port}`,
      data ?? `${directory}/data`,
    ],
    env: {
      MINIO_ROOT_USER: ROOT.accessKeyId,
      MINIO_ROOT_PASSWORD: ROOT.secretAccessKey,
      MINIO_BROWSER: 'off',
      MINIO_UPDATE: 'off',
      // It takes a directory on the system's disk only for tests.
      MINIO_CI_CD: '1',
      ...env,
    },
    ready: answers('/minio/health/ready'),
  });
  const endpoint = `${HOST}:${server.ports[0]}`;
  const url = `http://${endpoint}`;
  const client = new S3Client({ endpoint: url, region: 'us-east-1', forcePathStyle: true, credentials: ROOT });
  const mc = program('mc').command;
  const shell = async (line: string) => {
    const { stdout } = await execute('/bin/sh', ['-c', `mc() { "${mc}" --quiet "$@"; }; ${line}`], {
      cwd: server.directory,
      env: {
        PATH: process.env.PATH,
        HOME: server.directory,
        MC_HOST_minio: `http://${ROOT.accessKeyId}:${ROOT.secretAccessKey}@${endpoint}`,
      },
    });
    return stdout;
  };
  return {
    endpoint,
    client,
    variables: {
      OBJECT_STORAGE_TYPE: 'minio',
      OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
      OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: ROOT.accessKeyId,
      OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: ROOT.secretAccessKey,
      OBJECT_STORAGE_MINIO_USE_SSL: 'false',
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: url,
      ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
    },
    shell,
    user: async (name, policy) => {
      const secret = createHash('sha256').update(name).digest('hex').slice(0, 40);
      await shell(`cat > ${name}.json <<'END'\n${JSON.stringify(policy)}\nEND
mc admin user add minio ${name} ${secret} && mc admin policy create minio ${name} ${name}.json &&
mc admin policy attach minio ${name} --user ${name}`);
      return { OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: name, OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: secret };
    },
    stop: async () => {
      client.destroy();
      await server.stop();
    },
  };
}
