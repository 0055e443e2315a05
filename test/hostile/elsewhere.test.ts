/** Where a server sends others, nobody goes; and what it lists that was not asked for, nobody removes. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { network } from '../../checks/network/index.ts';
import { objectStorage } from '../../checks/object-storage/index.ts';
import { observability } from '../../checks/observability/index.ts';
import { startHttp } from '../services/tcp.ts';
import { ONPREM } from '../support/onprem.ts';
import { preflight, type Variables } from '../support/preflight.ts';

const AWS = {
  OBJECT_STORAGE_TYPE: 'aws',
  AWS_ACCOUNT_ID: '123456789012',
  AWS_REGION: 'eu-central-1',
  AWS_DEFAULT_REGION: 'eu-central-1',
};
const KEYS = { AWS_ACCESS_KEY_ID: 'AKIASPACELIFT', AWS_SECRET_ACCESS_KEY: 'a-long-secret-of-aws' };

const CLIENTS: Readonly<Record<string, (at: string) => [Variables, Record<string, string>]>> = {
  MinIO: (at) => [{ OBJECT_STORAGE_MINIO_ENDPOINT: at, OBJECT_STORAGE_MINIO_USE_SSL: 'false' }, {}],
  S3: (at) => [AWS, { ...KEYS, AWS_ENDPOINT_URL: `http://${at}` }],
  'Cloud Storage': (at) => [
    { OBJECT_STORAGE_TYPE: 'gcp', GCP_PROJECT: 'p' },
    { STORAGE_EMULATOR_HOST: `http://${at}` },
  ],
  'the Datadog agent': (at) => [{ OBSERVABILITY_VENDOR: 'Datadog', DD_TRACE_AGENT_URL: `http://${at}` }, {}],
  'the webhooks endpoint': (at) => [{ WEBHOOKS_ENDPOINT: `http://${at}/webhooks` }, {}],
};

test.each(Object.entries(CLIENTS))('%s: a redirect to another host is not followed', async (_, pointed) => {
  for (const status of [301, 302, 307, 308]) {
    const other = await startHttp(200, 'welcome');
    const server = await startHttp(status, '', { location: `http://${other.host}:${other.port}/take-this` });
    onTestFinished(async () => void (await Promise.all([other.close(), server.close()])));
    const [variables, environment] = pointed(`${server.host}:${server.port}`);
    const checks = [objectStorage, observability, network];
    await preflight(
      checks,
      { ...ONPREM, ...variables },
      { environment, phase: 'post-install', timeoutMs: 8000, skip: ['network/certificate'] },
    );
    expect(server.connections()).toBeGreaterThan(0);
    expect(other.connections()).toBe(0);
  }
});

/** An S3 that lists all that it has, whatever prefix is asked for, and does as it is told otherwise. */
async function startCareless() {
  const removed: string[] = [];
  const held = ['states/production.tfstate', 'spacelift-preflight-of-others/x', 'spacelift-preflight/probe'];
  const versions = held.map(
    (key) => `<Version><Key>${key}</Key><VersionId>v1</VersionId><IsLatest>true</IsLatest></Version>`,
  );
  const server = createServer((request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://x');
    request.resume();
    if (request.method === 'DELETE') removed.push(decodeURIComponent(pathname).replace(/^\/[^/]*\//, ''));
    const lists = request.method === 'GET' && searchParams.has('versions');
    const body = lists
      ? `<ListVersionsResult><IsTruncated>false</IsTruncated>${versions.join('')}</ListVersionsResult>`
      : '';
    response
      .writeHead(request.method === 'DELETE' ? 204 : 200, { etag: '"x"', 'content-type': 'application/xml' })
      .end(body);
  });
  server.listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { at: `127.0.0.1:${(server.address() as AddressInfo).port}`, removed };
}

test.each(['MinIO', 'S3'] as const)('%s that lists what is not under the prefix keeps it', async (name) => {
  const { at, removed } = await startCareless();
  const [variables, environment] = CLIENTS[name]?.(at) ?? [{}, {}];
  await preflight([objectStorage], { ...ONPREM, ...variables }, { environment });
  expect(removed.length).toBeGreaterThan(0);
  for (const key of removed) expect(key).toMatch(/^spacelift-preflight\/[0-9a-f-]{36}\//);
});
