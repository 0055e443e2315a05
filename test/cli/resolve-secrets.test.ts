import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Report } from '../../src/report/report.ts';
import { base64, pkcs8, rsa } from '../checks/encryption/keys.ts';
import { type AwsServer, administrator, startAws } from '../services/aws/index.ts';
import { command } from './host.ts';

let server: AwsServer;
let folder: string;
let task: string;
let env: Record<string, string>;
let key: string;

beforeAll(async () => {
  server = await startAws();
  folder = await mkdtemp(join(tmpdir(), 'preflight-'));
  task = join(folder, 'task.json');
  key = base64(pkcs8(rsa(4096)));
  const secret = server.secrets.put('spacelift/keys', JSON.stringify({ rsa: key }));
  const environment = {
    SERVER_DOMAIN: 'spacelift.corp.internal',
    AWS_ACCOUNT_ID: server.account,
    AWS_REGION: server.region,
    ENCRYPTION_TYPE: 'rsa',
  };
  const secrets = {
    ENCRYPTION_RSA_PRIVATE_KEY: `${secret.arn}:rsa::`,
    // No secret of the contract's: whoever wrote the task definition could name any.
    ENVIRONMENT: `${secret.arn}:rsa::`,
  };
  const container = {
    name: 'spacelift-server',
    environment: Object.entries(environment).map(([name, value]) => ({ name, value })),
    secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
  };
  await writeFile(task, JSON.stringify({ containerDefinitions: [container] }));
  env = {
    AWS_ENDPOINT_URL: server.url,
    AWS_ACCESS_KEY_ID: administrator.accessKeyId,
    AWS_SECRET_ACCESS_KEY: administrator.secretAccessKey,
  };
});
afterAll(async () => {
  await Promise.all([server.close(), rm(folder, { recursive: true })]);
});

const run = async (...args: readonly string[]) => {
  const result = await command(['-f', task, '-o', 'json', '--only', 'encryption/*', ...args], { env });
  const report: Report = JSON.parse(result.stdout);
  const of = (status: string) =>
    report.checks
      .filter(({ id }) => id === 'encryption')
      .flatMap(({ findings }) => findings)
      .filter((one) => one.status === status);
  return { ...result, report, passed: of('pass').map(({ id }) => id), skipped: of('skip').map(({ title }) => title) };
};

test('without --resolve-secrets, what is behind valueFrom is skipped, and how to have it read is said', async () => {
  const { code, report, passed, skipped } = await run();
  expect(code).toBe(0);
  expect(report.verdict).toBe('inconclusive');
  expect(passed).toEqual(['encryption/choice']);
  expect(skipped[0]).toBe('ENCRYPTION_RSA_PRIVATE_KEY is set, but its value is not known here');
  expect(JSON.stringify(report)).toContain('--resolve-secrets');
});

test('with it, it is read and checked, and stays a secret', async () => {
  const { code, report, passed, skipped, stdout, stderr } = await run('--resolve-secrets');
  expect(code).toBe(0);
  expect(stderr).toBe('');
  expect(passed).toHaveLength(5);
  expect(skipped).toEqual([]);
  expect(report.summary.fail).toBe(0);
  expect(stdout).not.toContain(key.slice(100, 200));
  expect(server.requests).toHaveLength(1);
});
