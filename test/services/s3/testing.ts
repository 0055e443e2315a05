/** What the tests of the S3 server share. */
import { request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { type BucketItem, Client } from 'minio';
import { afterEach, expect } from 'vitest';
import { defaultUser, type PolicyDocument, type S3Options, type S3Server, type S3User, startS3 } from './index.ts';

/** Servers that this file's tests started; closed after each test. */
const running: S3Server[] = [];
afterEach(async () => {
  await Promise.all(running.splice(0).map((server) => server.close()));
});

export async function start(options: S3Options = {}): Promise<S3Server> {
  const server = await startS3(options);
  running.push(server);
  return server;
}

export function client(server: S3Server, user: Partial<S3User> = {}, region = 'us-east-1'): Client {
  const { accessKeyId, secretAccessKey, sessionToken } = { ...defaultUser, ...user };
  const url = new URL(server.url);
  return new Client({
    endPoint: url.hostname,
    port: Number(url.port),
    useSSL: url.protocol === 'https:',
    accessKey: accessKeyId,
    secretKey: secretAccessKey,
    ...(sessionToken === undefined ? {} : { sessionToken }),
    region,
  });
}

export async function started(options: S3Options = {}, versioning?: 'Enabled' | 'Suspended') {
  const server = await start(options);
  const bucket = server.createBucket('states', { versioning });
  return { server, bucket, minio: client(server) };
}

export async function read(minio: Client, key: string, options?: { versionId: string }): Promise<string> {
  return text(await minio.getObject('states', key, options));
}

export async function list(minio: Client, prefix = '', options = {}): Promise<BucketItem[]> {
  return (await minio.listObjects('states', prefix, true, options).toArray()) as BucketItem[];
}

export const refused = (code: string) => expect.objectContaining({ code });

export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** A request as it stands, with any Host header. */
export function raw(
  server: S3Server,
  method: string,
  path: string,
  headers: Record<string, string> = {},
  body?: Buffer,
) {
  return new Promise<RawAnswer>((resolve, reject) => {
    const { hostname, port } = new URL(server.url);
    const sent = httpRequest({ host: hostname, port, method, path, headers }, async (answer) => {
      resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: await text(answer) });
    });
    sent.on('error', reject).end(body);
  });
}

/** A bucket policy for `states`. */
export function everyone(...Action: string[]): PolicyDocument {
  const Resource = ['arn:aws:s3:::states', 'arn:aws:s3:::states/*'];
  return { Statement: [{ Effect: 'Allow', Principal: '*', Action, Resource }] };
}
