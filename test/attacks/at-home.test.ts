/** Where credentials are at home nothing is withheld: every way in which a process has some, and every place that is the provider's or the process's own. */
import { chmod, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import type { Report } from '../../src/app/preflight.ts';
import { WAYS, type Way } from '../build/identities.ts';
import { run } from '../cli/spawned.ts';
import { type ConnectProxy, startConnectProxy } from '../services/connect-proxy.ts';
import { makeCa } from '../services/tls.ts';
import { startTlsFront } from '../services/tls-front.ts';
import { AKS, type Choice, EKS, type Environment, type Estate, GKE, startEstate } from '../support/estate.ts';

let folder: string;
let estate: Estate;
/** Leads AWS's own names, and one that only the process knows, to the servers here. */
let corporate: ConnectProxy;
const closing: (() => Promise<void>)[] = [];
const REGION = 'eu-central-1';
const PRIVATE = `vpce-0123456789abcdef0-abcd1234.kms.${REGION}.vpce.amazonaws.com`;

beforeAll(async () => {
  [folder, estate] = await Promise.all([mkdtemp(join(tmpdir(), 'preflight-home-')), startEstate()]);
  const { aws, s3 } = estate.eks;
  const ca = await makeCa({ name: 'The corporation' });
  await writeFile(join(folder, 'ca.pem'), ca.certPem);
  const services = ['kms', 'sqs', 'sts', 'iot', 's3', '*.s3', '*.iot'];
  const names = [...services.map((name) => `${name}.${REGION}.amazonaws.com`), PRIVATE];
  const { chainPem: cert, keyPem: key } = await ca.issue({ names });
  const at = (url: string) => ({ host: '127.0.0.1', port: Number(new URL(url).port) });
  const [services443, store443] = await Promise.all([
    startTlsFront(at(aws.url), { cert, key }),
    startTlsFront(at(s3.url), { cert, key }),
  ]);
  corporate = await startConnectProxy((host, port) => {
    if (host === 'localstack.test') return at(port === 4566 ? aws.url : s3.url).port;
    if (!host.endsWith('.amazonaws.com')) return undefined;
    return (/(^|\.)s3\./.test(host) ? store443 : services443).port;
  });
  closing.push(
    () => services443.close(),
    () => store443.close(),
    () => corporate.close(),
  );
});
afterAll(async () => {
  await Promise.all([estate?.stop(), ...closing.map((close) => close())]);
  await rm(folder, { recursive: true });
});

const CREDENTIALS = /^(AWS_(ACCESS|SECRET|SESSION)|AZURE_(CLIENT|TENANT)|GOOGLE_APPLICATION)/;

/** Runs it on a config without credentials of a cloud, with those of the process. */
async function ran(
  choice: Choice,
  environment: Environment,
  more: Environment = {},
  ...options: readonly string[]
): Promise<Report> {
  const variables = { ...estate.variables(choice), ...more };
  const config = Object.fromEntries(
    Object.entries(variables).flatMap(([name, value]) =>
      CREDENTIALS.test(name) || value === undefined ? [] : [[name, value]],
    ),
  );
  const path = join(await mkdtemp(join(folder, 'config-')), 'config.yaml');
  await writeFile(path, manifest(config));
  const env = Object.fromEntries(
    Object.entries({ HOME: folder, ...environment }).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, value]],
    ),
  );
  const { stdout, stderr } = await run(['-f', path, '-o', 'json', ...options], { env });
  expect(stderr).toBe('');
  return JSON.parse(stdout);
}

function expectReady(report: Report): void {
  const findings = report.checks.flatMap((check) => check.findings);
  expect(findings.filter(({ status }) => status === 'fail').map(({ id, title }) => `${id}: ${title}`)).toEqual([]);
  expect(findings.filter(({ evidence }) => evidence.reason === 'credentials-withheld')).toEqual([]);
  expect(report.verdict).toBe('ready');
  const as = findings.find(({ id }) => id === 'identity/tested-as');
  expect(as).toMatchObject({ status: 'pass', title: expect.stringMatching(/^tested as .+, not as the deployment$/) });
}

const keys = (): Environment => {
  const { accessKeyId, secretAccessKey } = estate.eks.users.operator;
  return { AWS_ACCESS_KEY_ID: accessKeyId, AWS_SECRET_ACCESS_KEY: secretAccessKey };
};

const OWN: Readonly<Record<string, Way>> = {
  'AWS, keys': { choice: EKS, start: async () => ({ environment: keys(), stop: () => {} }) },
  'AWS, a credential_process of the process’s own profile': {
    choice: EKS,
    start: async (_, place) => {
      const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = keys();
      const program = join(place, 'program');
      const answer = join(place, 'answer.json');
      await writeFile(answer, JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey }));
      await writeFile(program, `#!/bin/sh\ncat '${answer}'\n`);
      await chmod(program, 0o700);
      const file = join(place, 'config');
      await writeFile(file, `[profile own]\ncredential_process = ${program}\n`);
      return { environment: { AWS_PROFILE: 'own', AWS_CONFIG_FILE: file }, stop: () => {} };
    },
  },
  'Google, a key file': {
    choice: GKE,
    start: async (made) => ({ environment: made.environment(GKE), stop: () => {} }),
  },
  'Azure, a secret': {
    choice: AKS,
    start: async (made) => ({ environment: made.environment(AKS), stop: () => {} }),
  },
};

test.each(Object.entries({ ...WAYS, ...OWN }))('%s', async (_, { choice, start }) => {
  const { aws, s3 } = estate.eks;
  const { users } = aws;
  const { environment, stop } = await start(estate, await mkdtemp(join(folder, 'way-')));
  // Whom the store knows now, STS knows too.
  aws.users = [...s3.users];
  try {
    expectReady(await ran(choice, { ...estate.eks.environment, ...environment }));
  } finally {
    aws.users = users;
    stop();
  }
});

it('AWS’s own endpoints, and a private one that the config names, by a corporate proxy', async () => {
  const way = { HTTPS_PROXY: corporate.url, HTTP_PROXY: corporate.url };
  const ca = ['--ca-file', join(folder, 'ca.pem')];
  const more = {
    AWS_ENDPOINT_URL_KMS: `https://${PRIVATE}`,
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://${estate.eks.buckets.OBJECT_STORAGE_BUCKET_UPLOADS}.s3.${REGION}.amazonaws.com`,
  };
  const report = await ran(EKS, { ...keys(), ...way }, more, ...ca);
  expectReady(report);
  const asked = corporate.asked.splice(0).filter((host) => !host.includes('.s3.'));
  const services = ['sqs', 'sts', 'iot'].map((name) => `${name}.${REGION}.amazonaws.com:443`);
  expect(new Set(asked)).toEqual(new Set([...services, `${estate.eks.aws.iotEndpoint}:443`, `${PRIVATE}:443`]));
});

it('an emulator in the clear, which the process names', async () => {
  const way = { HTTPS_PROXY: corporate.url, HTTP_PROXY: corporate.url };
  const named = {
    AWS_ENDPOINT_URL: 'http://localstack.test:4566',
    AWS_ENDPOINT_URL_S3: estate.eks.s3.url,
    // The proxy here switches no protocols.
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: estate.eks.aws.url,
  };
  const report = await ran(EKS, { ...keys(), ...way, ...named });
  expectReady(report);
  expect(new Set(corporate.asked.splice(0))).toEqual(new Set(['localstack.test:4566']));
});

it('an emulator, and a kind of endpoint that it does not have', async () => {
  const more = { AWS_USE_FIPS_ENDPOINT: 'true', AWS_USE_DUALSTACK_ENDPOINT: 'true' };
  expectReady(await ran(EKS, { ...estate.eks.environment, ...keys() }, more));
});

it('an emulator that the config names just as the process does', async () => {
  expectReady(await ran(EKS, { ...estate.eks.environment, ...keys() }, estate.eks.environment));
});
