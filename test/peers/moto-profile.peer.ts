/** Credentials and addresses in the caller's profile: every request goes where the AWS SDK for Go would send it. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { BUCKETS } from '../../src/config/contract.ts';
import { NAMES, real } from '../checks/object-storage/storage.ts';
import { type ConnectProxy, startConnectProxy } from '../services/connect-proxy.ts';
import { startReverseProxy } from '../services/reverse-proxy.ts';
import type { Variables } from '../support/preflight.ts';
import { allowUploads, makeBuckets } from './buckets.ts';
import { ACCOUNT, type Moto, startMoto } from './moto.ts';
import { LAX, makeParts, type Parts } from './moto-aws.ts';
import { HOST } from './process.ts';
import { HEALTHY, judged, startWorld, type World } from './world.ts';

const CREDENTIALS = 'identity/credentials';
const ROLE = `arn:aws:iam::${ACCOUNT}:role/spacelift-server`;

/** A way to moto, and the services that credentials have been shown to along it. */
interface Front {
  readonly url: string;
  readonly served: Set<string>;
  close(): Promise<void>;
}

async function startFront(moto: Moto): Promise<Front> {
  const served = new Set<string>();
  const { port: to } = new URL(moto.url);
  const answer = (request: IncomingMessage) => {
    const service = serviceOf(request);
    if (service !== undefined) served.add(service);
    return undefined;
  };
  const { port, close } = await startReverseProxy({ host: HOST, port: Number(to) }, { answer });
  return { url: `http://${HOST}:${port}`, served, close };
}

const TOKEN = 'sts, with a token';

/** As a request's signature says; only a form with a token needs none. `undefined` for requests without credentials. */
function serviceOf({ headers }: IncomingMessage): string | undefined {
  if (headers.authorization !== undefined) {
    return /Credential=[^/]+\/\d+\/[^/]+\/([^/]+)\//.exec(headers.authorization)?.[1];
  }
  return headers['content-type']?.startsWith('application/x-www-form-urlencoded') ? TOKEN : undefined;
}

let world: World;
let moto: Moto;
let parts: Parts;
/** Where all services are, and where some are. */
let all: Front;
let some: Front;
/** Leads nowhere, and knows who was to be asked: AWS itself. */
let outside: ConnectProxy;
let directory: string;
beforeAll(async () => {
  [world, moto, outside, directory] = await Promise.all([
    startWorld(),
    startMoto(),
    startConnectProxy(() => undefined),
    mkdtemp(join(tmpdir(), 'preflight-profile-')),
  ]);
  [all, some] = await Promise.all([startFront(moto), startFront(moto)]);
  parts = await makeParts(moto);
  await makeBuckets(moto.s3);
  await allowUploads(moto.s3, 'https://localhost');
});
afterAll(async () => {
  parts?.close();
  await Promise.all([all?.close(), some?.close(), outside?.close(), world?.stop(), moto?.stop()]);
  await rm(directory, { recursive: true, force: true });
});
beforeEach(() => {
  all.served.clear();
  some.served.clear();
  outside.asked.length = 0;
});

/** @param profiles the caller’s, the only place that holds keys @param s3 where browsers upload */
async function check(profiles: string, more: Variables = {}, s3 = all) {
  const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...account } = moto.variables;
  const AWS_CONFIG_FILE = join(directory, 'config');
  await writeFile(AWS_CONFIG_FILE, profiles);
  const variables = {
    ...account,
    ...parts.variables,
    OBJECT_STORAGE_TYPE: 'aws',
    OBJECT_STORAGE_BUCKET_UPLOADS_URL: s3.url,
    ...Object.fromEntries(NAMES.map((bucket) => [BUCKETS[bucket], real(bucket)])),
  };
  const environment = {
    AWS_CONFIG_FILE,
    AWS_SHARED_CREDENTIALS_FILE: join(directory, 'none'),
    AWS_EC2_METADATA_DISABLED: 'true',
    HTTPS_PROXY: outside.url,
    ...more,
  };
  return world.check(variables, { environment, skip: LAX });
}

async function written(name: string, text: string): Promise<string> {
  const path = join(directory, name);
  await writeFile(path, text);
  return path;
}

const keys = (): string => {
  const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY } = moto.variables;
  return `aws_access_key_id = ${AWS_ACCESS_KEY_ID}\naws_secret_access_key = ${AWS_SECRET_ACCESS_KEY}\n`;
};
const at = ({ url }: Front): string => `endpoint_url = ${url}\n`;
const services = (...names: string[]): string =>
  `[services local]\n${names.map((name) => `${name} =\n  ${at(some)}`).join('')}`;

const SERVICES = ['iot', 'iotdata', 'kms', 's3', 'sqs', 'sts'];
const without = (...left: string[]) => SERVICES.filter((name) => !left.includes(name));
const ASSUMED = 'assumed-role/spacelift-server/';

interface Case {
  readonly profiles: () => Promise<string> | string;
  readonly environment?: () => Promise<Variables> | Variables;
  /** What comes along each way. */
  readonly all: readonly string[];
  readonly some: readonly string[];
  /** Whose credentials they are. */
  readonly as?: string;
}

const token = async () => ({
  AWS_ROLE_ARN: ROLE,
  AWS_WEB_IDENTITY_TOKEN_FILE: await written('token', 'header.payload.signature'),
});

const CASES: Readonly<Record<string, Case>> = {
  endpoint_url: { profiles: () => `[default]\n${keys()}${at(all)}`, all: SERVICES, some: [] },
  'endpoint_url of some services': {
    profiles: () => `[default]\n${keys()}${at(all)}services = local\n${services('s3', 'sqs')}`,
    all: without('s3', 'sqs'),
    some: ['s3', 'sqs'],
  },
  'endpoint_url of each service': {
    profiles: () =>
      `[profile local]\n${keys()}${at(all)}services = local\n${services('iot', 'iot_data_plane', 'kms', 's3', 'sqs', 'sts')}`,
    environment: () => ({ AWS_PROFILE: 'local' }),
    all: [],
    some: SERVICES,
  },
  'an address in the environment instead of the profile’s': {
    profiles: () => `[default]\n${keys()}${at(some)}services = local\n${services('kms')}`,
    environment: () => ({ AWS_ENDPOINT_URL: all.url }),
    all: SERVICES,
    some: [],
  },
  'a role with the keys of another profile': {
    profiles: () =>
      `[default]\nrole_arn = ${ROLE}\nsource_profile = base\n${at(all)}services = local\n[profile base]\n${keys()}${services('sts')}`,
    all: without('sts'),
    some: ['sts'],
    as: ASSUMED,
  },
  'a program that prints keys': {
    profiles: async () => {
      const { AWS_ACCESS_KEY_ID: AccessKeyId, AWS_SECRET_ACCESS_KEY: SecretAccessKey } = moto.variables;
      const path = await written('keys.json', JSON.stringify({ Version: 1, AccessKeyId, SecretAccessKey }));
      return `[default]\ncredential_process = cat ${path}\n${at(all)}`;
    },
    all: SERVICES,
    some: [],
  },
  'a token of a pod': {
    profiles: () => `[default]\n${at(all)}services = local\n${services('sts')}`,
    environment: token,
    all: without('sts'),
    some: ['sts', TOKEN],
    as: ASSUMED,
  },
  'a token of a profile': {
    profiles: async () => {
      const { AWS_WEB_IDENTITY_TOKEN_FILE: path } = await token();
      return `[default]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${path}\n${at(all)}services = local\n${services('sts')}`;
    },
    all: without('sts'),
    some: ['sts', TOKEN],
    as: ASSUMED,
  },
};

test.each(Object.entries(CASES))('%s', async (_, { profiles, environment, as = 'user/administrator', ...expected }) => {
  const s3 = expected.some.includes('s3') ? some : all;
  const result = await check(await profiles(), await environment?.(), s3);
  expect(judged(result)).toEqual(HEALTHY);
  expect({ all: [...all.served].sort(), some: [...some.served].sort() }).toEqual(expected);
  expect(outside.asked).toEqual([]);
  expect(JSON.stringify(result.finding(CREDENTIALS))).toContain(as);
});

/** The SDK for Go looks for credentials before it reads the address of all services. */
test.each<[name: string, profiles: () => string, environment?: () => Promise<Variables>]>([
  [
    'a role with the keys of another profile',
    () => `[default]\nrole_arn = ${ROLE}\nsource_profile = base\n${at(all)}[profile base]\n${keys()}`,
  ],
  ['a token of a pod', () => `[default]\n${at(all)}`, token],
])('%s is not shown to the address of all services, but to AWS', async (_, profiles, environment) => {
  const result = await check(profiles(), await environment?.());
  expect(judged(result)).toEqual({ fail: [CREDENTIALS], warn: [] });
  expect(new Set(outside.asked)).toEqual(new Set(['sts.eu-central-1.amazonaws.com:443']));
  expect([...all.served, ...some.served]).toEqual([]);
});

const MISSING = '/nonexistent/token';
test.each<[name: string, profiles: () => string, environment: Variables, title: string]>([
  [
    'a token of a pod that is not there',
    () => `[default]\n${at(all)}services = local\n${services('sts')}`,
    { AWS_ROLE_ARN: ROLE, AWS_WEB_IDENTITY_TOKEN_FILE: MISSING },
    'AWS_WEB_IDENTITY_TOKEN_FILE names a file that does not exist',
  ],
  [
    'a token of a profile that is not there',
    () => `[default]\nrole_arn = ${ROLE}\nweb_identity_token_file = ${MISSING}\n${at(all)}`,
    {},
    'web_identity_token_file in the AWS profile default names a file that does not exist',
  ],
  [
    'a program that is not there',
    () => `[default]\ncredential_process = /nonexistent/program\n${at(all)}`,
    {},
    'credential_process of the AWS profile default names a program that does not exist',
  ],
])('%s is one failure, and nothing is shown to anyone', async (_, profiles, environment, title) => {
  const result = await check(profiles(), environment);
  expect(judged(result)).toEqual({ fail: [CREDENTIALS], warn: [] });
  expect(result.finding(CREDENTIALS).title).toBe(title);
  expect([...all.served, ...some.served, ...outside.asked]).toEqual([]);
});
