/** Credentials stay home: whatever host a config chooses, by whatever variable, nothing of the caller's arrives there. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it, test } from 'vitest';
import { manifest } from '../../demo/deployment.ts';
import { exitCode, type PreflightOptions, preflight, type Report } from '../../src/app/preflight.ts';
import { run } from '../cli/spawned.ts';
import { makeCa } from '../services/tls.ts';
import { AKS, EKS, type Environment, type Estate, GKE, ONPREM, startEstate } from '../support/estate.ts';
import { expectHome, expectUnseen, SIGNED, type Stranger, startStranger } from './stranger.ts';

/** Letters and digits that go into a header as they are. */
const token = (name: string): string => `canary${Buffer.from(name).toString('hex')}canary`;
const CANARIES = {
  AWS_SESSION_TOKEN: token('AWS_SESSION_TOKEN'),
  'the web identity token': token('AWS_WEB_IDENTITY_TOKEN_FILE'),
  'the federated token': token('AZURE_FEDERATED_TOKEN_FILE'),
  AZURE_CLIENT_SECRET: token('AZURE_CLIENT_SECRET'),
  'the resolved secret': token('--resolve-secrets'),
};
const KEY = 'ASIACANARYCANARYCANA';

let folder: string;
let estate: Estate;
let stranger: Stranger;
let tokens: Readonly<Record<'web' | 'federated', string>>;
beforeAll(async () => {
  [folder, estate, stranger] = await Promise.all([
    mkdtemp(join(tmpdir(), 'preflight-credentials-')),
    startEstate(),
    startStranger(),
  ]);
  tokens = { web: join(folder, 'web'), federated: join(folder, 'federated') };
  await writeFile(tokens.web, CANARIES['the web identity token']);
  await writeFile(tokens.federated, CANARIES['the federated token']);
  await writeFile(join(folder, 'ca.pem'), stranger.caPem);
  const { users } = estate.eks;
  const session = { accessKeyId: KEY, sessionToken: CANARIES.AWS_SESSION_TOKEN };
  estate.eks.aws.users.push({ ...users.operator, ...session });
  estate.eks.s3.users.push({ ...users.operator, ...session });
});
afterAll(() => Promise.all([rm(folder, { recursive: true }), estate?.stop(), stranger?.close()]));
afterEach(() => {
  stranger.heard();
  stranger.proxy.asked.splice(0);
});

type Variables = Readonly<Record<string, string>>;

/** A config without credentials of the cloud. */
const without = (variables: Variables, ...names: readonly RegExp[]): Variables =>
  Object.fromEntries(Object.entries(variables).filter(([name]) => !names.some((one) => one.test(name))));
const eks = (more: Variables = {}): Variables => ({
  ...without(estate.variables(EKS), /^AWS_(ACCESS|SECRET)/),
  ...more,
});

/** Temporary keys, and everything else that a job may hold beside. */
const keys = (): Environment => ({
  AWS_ACCESS_KEY_ID: KEY,
  AWS_SECRET_ACCESS_KEY: estate.eks.users.operator.secretAccessKey,
  AWS_SESSION_TOKEN: CANARIES.AWS_SESSION_TOKEN,
});
/** The caller's own proxy leads to the stranger, so that whatever is sent there is seen. */
const way = (): Environment => ({ HTTPS_PROXY: stranger.proxy.url, HTTP_PROXY: stranger.proxy.url });

async function configOf(variables: Variables): Promise<string> {
  const path = join(await mkdtemp(join(folder, 'config-')), 'config.yaml');
  await writeFile(path, manifest(variables));
  return path;
}

/** As a function, which is the whole tool but the command line. */
async function checked(
  variables: Variables,
  environment: Environment,
  options: PreflightOptions = {},
): Promise<Report> {
  const report = await preflight(
    { files: [await configOf(variables)], environment },
    { authorities: stranger.caPem, timeoutMs: 30_000, ...options },
  );
  expectUnseen(JSON.stringify(report), CANARIES);
  return report;
}

const findingsOf = (report: Report) => report.checks.flatMap(({ findings }) => findings);
/** The hosts that got none of the credentials, each told once. */
const withheldAt = (report: Report): string[] =>
  findingsOf(report)
    .filter(({ status, evidence }) => status === 'skip' && evidence.reason === 'credentials-withheld')
    .map(({ evidence }) => String(evidence.host))
    .sort();
const failures = (report: Report) =>
  findingsOf(report).flatMap(({ status, id, title }) => (status === 'fail' ? [`${id}: ${title}`] : []));
/** As messages name it: without the default port. */
const shown = (text: string): string => new URL(text).host;

function expectInconclusive(report: Report, hosts: readonly string[]): void {
  expect(failures(report)).toEqual([]);
  expect(withheldAt(report)).toEqual([...new Set(hosts)].sort());
  expect(report.verdict).toBe('inconclusive');
  expect(exitCode(report).code).toBe(0);
  expect(exitCode(report, { strict: true, require: [] }).code).toBe(1);
}

const SERVICES = ['S3', 'KMS', 'SQS', 'STS', 'IOT', 'IOT_DATA_PLANE'] as const;
/** Each service at a name of its own. */
const each = (urlOf: (name: string) => string): Variables =>
  Object.fromEntries(
    SERVICES.map((service) => [`AWS_ENDPOINT_URL_${service}`, urlOf(service.toLowerCase().replaceAll('_', '-'))]),
  );
const local = (scheme: string, port: number) => (name: string) => `${scheme}://127.0.0.1:${port}/${name}`;

const ENDPOINTS: Readonly<Record<string, () => Variables>> = {
  'every service’s variable, https': () => each((name) => `https://${name}.evil.test`),
  'every service’s variable, http': () => each((name) => `http://${name}.evil.test`),
  'one variable for all, https': () => ({
    AWS_ENDPOINT_URL: 'https://evil.test',
    AWS_ENDPOINT_URL_S3: 'https://evil.test',
  }),
  'one variable for all, http': () => ({
    AWS_ENDPOINT_URL: 'http://evil.test:80',
    AWS_ENDPOINT_URL_S3: 'http://evil.test:80',
  }),
  'this machine, https': () => each(local('https', stranger.httpsPort)),
  'this machine, http': () => each(local('http', stranger.httpPort)),
  'names that look like AWS’s': () => ({
    AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com.evil.test',
    AWS_ENDPOINT_URL_S3: 'https://s3.eu-central-1.amazonaws.com@evil.test',
    AWS_ENDPOINT_URL_SQS: 'https://sqs.eu-central-1.amazonaws.com:443@sqs.evil.test:8443',
    AWS_ENDPOINT_URL_STS: 'https://sts.evil.test/?sts.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT: 'https://iot.evil.test#iot.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: 'https://data.evil.test\\@data-ats.iot.eu-central-1.amazonaws.com',
  }),
  'AWS’s names, other ports and schemes': () => ({
    AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com:8443',
    AWS_ENDPOINT_URL_S3: 'http://s3.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_SQS: 'http://sqs.eu-central-1.amazonaws.com:443',
    AWS_ENDPOINT_URL_STS: 'https://kms.eu-central-1.amazonaws.com',
    AWS_ENDPOINT_URL_IOT: 'https://sts.amazonaws.com',
    AWS_ENDPOINT_URL_IOT_DATA_PLANE: 'https://balancer-1234567890.eu-central-1.elb.amazonaws.com',
  }),
};

describe('AWS: keys of the process', () => {
  test.each(Object.keys(ENDPOINTS))('%s', async (name) => {
    const endpoints = ENDPOINTS[name]?.() ?? {};
    const environment = { ...estate.eks.environment, ...keys(), ...way() };
    const report = await checked(eks(endpoints), environment);
    expectInconclusive(report, Object.values(endpoints).map(shown));
    expect(stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(stranger.heard(), CANARIES);
  });

  it('a web identity token goes to no STS of the config’s', async () => {
    const environment = {
      ...estate.eks.environment,
      ...way(),
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/ci',
      AWS_WEB_IDENTITY_TOKEN_FILE: tokens.web,
    };
    for (const sts of ['https://sts.evil.test', 'http://sts.evil.test']) {
      const report = await checked(eks({ AWS_ENDPOINT_URL_STS: sts }), environment);
      expectInconclusive(report, ['sts.evil.test']);
      expectHome(stranger.heard(), CANARIES);
    }
    const supplied = { credentialsFiles: { AWS_WEB_IDENTITY_TOKEN_FILE: tokens.web } };
    const role = {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/spacelift',
      AWS_ENDPOINT_URL_STS: 'https://evil.test',
    };
    const report = await checked(eks(role), { ...estate.eks.environment, ...way() }, supplied);
    expectInconclusive(report, ['evil.test']);
    expect(stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(stranger.heard(), CANARIES);
  });

  it('a custom domain of MQTT, and queues elsewhere', async () => {
    const queue = 'https://queue.evil.test/123456789012/spacelift-async';
    const more = { MQTT_BROKER_ENDPOINT: 'mqtt.evil.test', MESSAGE_QUEUE_SQS_ASYNC_URL: queue };
    const { AWS_ENDPOINT_URL: url = '' } = estate.eks.environment;
    const named = {
      ...estate.eks.environment,
      AWS_ENDPOINT_URL: undefined,
      ...Object.fromEntries(['KMS', 'SQS', 'STS', 'IOT'].map((service) => [`AWS_ENDPOINT_URL_${service}`, url])),
    };
    const report = await checked(eks(more), { ...named, ...keys(), ...way() });
    expect(withheldAt(report)).toEqual(['mqtt.evil.test']);
    expect(stranger.proxy.asked.splice(0).filter((host) => !host.startsWith('mqtt.'))).toEqual([]);
    expectHome(stranger.heard(), CANARIES);
  });

  test.each(['x.evil.test/#', 'evil.test', 'eu-central-1.evil.test', 'a@evil.test', 'eu-central-1\n.evil.test'])(
    'the region %j becomes no host',
    async (region) => {
      const report = await checked(eks({ AWS_REGION: region, AWS_DEFAULT_REGION: region }), { ...keys(), ...way() });
      expect(report.verdict).toBe('not-ready');
      expect(stranger.proxy.asked.splice(0).filter((host) => /evil/.test(host))).toEqual([]);
      expectHome(stranger.heard(), CANARIES);
    },
  );

  test.each(['evil.test', 'evil.test:80', 'gopher://evil.test', '//evil.test', 'https://', 'https://evil.test:x'])(
    'the endpoint %j is a failure with a fix, whosoever the keys',
    async (url) => {
      const own = { AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL', AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long' };
      const only = { only: ['object-storage/*', 'encryption/*', 'message-queues/*', 'mqtt-broker/*', 'identity/*'] };
      const elsewhere = { AWS_ENDPOINT_URL: url, AWS_ENDPOINT_URL_S3: url };
      for (const more of [elsewhere, { ...elsewhere, ...own }]) {
        const report = await checked(eks(more), { ...keys(), ...way() }, only);
        const failed = findingsOf(report).filter(({ status }) => status === 'fail');
        expect(failed.map(({ title }) => title).sort()).toEqual([
          expect.stringMatching(/^AWS_ENDPOINT_URL is not an http:\/\/ or https:\/\/ URL/),
          expect.stringMatching(/^AWS_ENDPOINT_URL_S3 is not an http:\/\/ or https:\/\/ URL/),
        ]);
        expect(withheldAt(report)).toEqual([]);
      }
      expect(stranger.proxy.asked).toEqual([]);
      expectHome(stranger.heard(), CANARIES);
    },
  );

  it('an allowed host gets them: by https, or on this machine', async () => {
    const environment = { ...estate.eks.environment, ...keys(), ...way() };
    const only = { only: ['encryption/*'] };
    const at = async (url: string, ...allowed: readonly string[]) => {
      const report = await checked(eks({ AWS_ENDPOINT_URL_KMS: url }), environment, {
        ...only,
        allowCredentialsTo: allowed,
      });
      return { withheld: withheldAt(report), signed: stranger.heard().filter((one) => SIGNED.test(one)).length > 0 };
    };
    const arrives = { withheld: [], signed: true };
    expect(await at('https://kms.evil.test', 'kms.evil.test')).toEqual(arrives);
    expect(await at(`http://127.0.0.1:${stranger.httpPort}`, `127.0.0.1:${stranger.httpPort}`)).toEqual(arrives);
    expect(await at('http://kms.evil.test', 'kms.evil.test', 'kms.evil.test:80')).toEqual({
      withheld: ['kms.evil.test'],
      signed: false,
    });
    expect(await at('https://kms.evil.test', 'evil.test', 'kms.evil.test:8443')).toEqual({
      withheld: ['kms.evil.test'],
      signed: false,
    });
    stranger.proxy.asked.splice(0);
  });

  it('keys of the config go where it says, and take nothing of the caller’s along', async () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL',
      AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough',
    };
    const report = await checked(
      eks({ ...each((name) => `https://${name}.evil.test`), ...own }),
      { ...estate.eks.environment, ...keys(), ...way() },
      { only: ['encryption/*', 'identity/*'] },
    );
    expect(withheldAt(report)).toEqual([]);
    const heard = stranger.heard().join('\n');
    expect(heard).toContain('AKIAOFTHECONFIGITSEL');
    expect(heard).not.toContain(KEY);
    expectUnseen(heard, CANARIES);
    stranger.proxy.asked.splice(0);
  });

  it('half of the config’s keys is not mixed with the caller’s', async () => {
    const halves: readonly Variables[] = [
      { AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL' },
      { AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough' },
      { AWS_SESSION_TOKEN: 'of-the-config-itself-and-long-enough' },
    ];
    for (const half of halves) {
      const report = await checked(
        eks({ ...half, AWS_ENDPOINT_URL: 'https://evil.test', AWS_ENDPOINT_URL_S3: 'https://evil.test' }),
        { ...estate.eks.environment, ...keys(), ...way() },
      );
      expect(withheldAt(report)).toEqual(['evil.test']);
      expectHome(stranger.heard(), CANARIES);
    }
    stranger.proxy.asked.splice(0);
  });
});

describe('Azure: an identity of the process', () => {
  const aks = (more: Variables): Variables => ({ ...without(estate.variables(AKS), /^AZURE_/), ...more });
  const identity = (more: Environment = {}): Environment => {
    const { AZURE_TENANT_ID, AZURE_CLIENT_ID } = estate.environment(AKS);
    return { AZURE_TENANT_ID, AZURE_CLIENT_ID, ...more, ...way() };
  };
  const IDENTITIES: Readonly<Record<string, () => Environment>> = {
    'a secret': () => identity({ AZURE_CLIENT_SECRET: CANARIES.AZURE_CLIENT_SECRET }),
    'a federated token': () => identity({ AZURE_FEDERATED_TOKEN_FILE: tokens.federated }),
  };
  const URL_OF = 'OBJECT_STORAGE_AZURE_ACCOUNT_URL';
  const ELSEWHERE: Readonly<Record<string, () => readonly [variables: Variables, host: string]>> = {
    'an account elsewhere': () => [{ [URL_OF]: 'https://account.evil.test' }, 'account.evil.test'],
    'an account that looks like Azure’s': () => [
      { [URL_OF]: 'https://spacelift.blob.core.windows.net.evil.test' },
      'spacelift.blob.core.windows.net.evil.test',
    ],
    'an account of this machine': () => [
      { [URL_OF]: `https://127.0.0.1:${stranger.httpsPort}/account` },
      `127.0.0.1:${stranger.httpsPort}`,
    ],
    'an authority elsewhere': () => [{ AZURE_AUTHORITY_HOST: 'https://login.evil.test' }, 'login.evil.test'],
    'an authority without a scheme': () => [{ AZURE_AUTHORITY_HOST: 'login.evil.test' }, 'login.evil.test'],
    'an authority that looks like Microsoft’s': () => [
      { AZURE_AUTHORITY_HOST: 'https://login.microsoftonline.com.evil.test/' },
      'login.microsoftonline.com.evil.test',
    ],
  };

  describe.each(Object.keys(IDENTITIES))('%s', (name) => {
    test.each(Object.keys(ELSEWHERE))('%s', async (where) => {
      const [more, host] = ELSEWHERE[where]?.() ?? [{}, ''];
      const report = await checked(aks(more), IDENTITIES[name]?.() ?? {});
      expectInconclusive(report, [host]);
      expect(stranger.proxy.asked.splice(0).filter((asked) => /evil/.test(asked))).toEqual([]);
      expectHome(stranger.heard(), CANARIES);
    });
  });

  test.each([
    { AZURE_AUTHORITY_HOST: 'http://login.microsoftonline.com' },
    { AZURE_AUTHORITY_HOST: 'http://login.evil.test' },
    { AZURE_AUTHORITY_HOST: 'ftp://login.evil.test' },
    { AZURE_AUTHORITY_HOST: '//' },
    { AZURE_TENANT_ID: '../../evil' },
    { AZURE_TENANT_ID: 'evil.test#' },
  ])('%j is a failure with a way out, whosoever the credentials', async (malformed) => {
    const own = {
      AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
      AZURE_CLIENT_SECRET: 'of-the-config-itself-and-long-enough',
    };
    const options = { only: ['object-storage/*'] };
    const reports = [await checked(aks({ ...own, ...malformed }), way(), options)];
    if ('AZURE_AUTHORITY_HOST' in malformed) {
      reports.push(await checked(aks(malformed), IDENTITIES['a secret']?.() ?? {}, options));
    }
    for (const report of reports) {
      const [failure, ...more] = findingsOf(report).filter(({ status }) => status === 'fail');
      expect(more).toEqual([]);
      expect(failure).toMatchObject({
        title: expect.stringMatching(new RegExp(`^${Object.keys(malformed)[0]} is no`)),
        fix: expect.any(String),
      });
    }
    expect(stranger.proxy.asked.filter((asked) => /evil|login/.test(asked))).toEqual([]);
    expectHome(stranger.heard(), CANARIES);
  });

  it('a file that is supplied for the config goes to no authority of the config’s, whatever else is in it', async () => {
    const complete = {
      AZURE_TENANT_ID: '11111111-2222-3333-4444-555555555555',
      AZURE_CLIENT_ID: '66666666-7777-8888-9999-000000000000',
      AZURE_FEDERATED_TOKEN_FILE: '/var/run/secrets/azure/tokens/azure-identity-token',
      AZURE_AUTHORITY_HOST: 'https://login.evil.test',
    };
    const options = { credentialsFiles: { AZURE_FEDERATED_TOKEN_FILE: tokens.federated } };
    for (const more of [{}, { AZURE_CLIENT_SECRET: 'of-the-config-itself-and-long-enough' }]) {
      const report = await checked(aks({ ...complete, ...more }), way(), options);
      expectInconclusive(report, ['login.evil.test']);
      expect(stranger.proxy.asked.splice(0).filter((asked) => /evil/.test(asked))).toEqual([]);
      expectHome(stranger.heard(), CANARIES);
    }
  });

  it('an allowed host is asked', async () => {
    const more = { [URL_OF]: 'https://account.evil.test', AZURE_AUTHORITY_HOST: 'https://login.evil.test' };
    const options = { allowCredentialsTo: ['login.evil.test', 'account.evil.test'] };
    expect(withheldAt(await checked(aks(more), IDENTITIES['a secret']?.() ?? {}, options))).toEqual([]);
    // An authority that Microsoft doesn't know is looked up at Microsoft's first.
    expect(stranger.proxy.asked.splice(0)).toContain('account.evil.test:443');
  });
});

describe('a proxy and an authority of the config', () => {
  /** A proxy that opens what passes, as the config's authority lets it. */
  let middle: Stranger;
  beforeAll(async () => {
    const ca = await makeCa({ name: 'The config’s own' });
    const names = [
      'storage.googleapis.com',
      'oauth2.googleapis.com',
      'login.microsoftonline.com',
      'management.azure.com',
      'preflighttest.blob.core.windows.net',
      'kms.eu-central-1.amazonaws.com',
    ];
    middle = await startStranger(() => middle.httpsPort, {
      ...ca,
      issue: (options) => ca.issue({ ...options, names: [...options.names, ...names] }),
    });
  });
  afterAll(() => middle?.close());

  const theirs = (): Variables => ({
    HTTPS_PROXY: middle.proxy.url,
    https_proxy: middle.proxy.url,
    HTTP_PROXY: middle.proxy.url,
    ALL_PROXY: middle.proxy.url,
    NO_PROXY: 'nothing.test',
    ADDITIONAL_ROOT_CAS: Buffer.from(
      JSON.stringify({ caCertificates: [Buffer.from(middle.caPem).toString('base64')] }),
    ).toString('base64'),
  });

  test.each([
    ['Google Cloud', GKE],
    ['Azure', AKS],
  ] as const)('%s: the process’s own are used, it is said so, and nothing is skipped', async (_, choice) => {
    const variables = { ...estate.variables(choice), ...theirs() };
    const environment = estate.environment(choice);
    const report = await checked(variables, environment, { authorities: undefined });
    expect(failures(report)).toEqual([]);
    expect(report.verdict).toBe('ready');
    expect(withheldAt(report)).toEqual([]);
    const [as] = findingsOf(report).filter(({ id }) => id === 'identity/tested-as');
    expect(as?.title).toMatch(/^tested as .*, not as the deployment$/);
    expect(as?.detail).toContain('--ca-file');
    expectHome(middle.heard(), CANARIES);
  });

  it('AWS: a service that only the process’s proxy reaches is not asked by another', async () => {
    const environment = { ...estate.eks.environment, ...keys() };
    const real = { AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com' };
    await checked(eks({ ...theirs(), ...real }), { ...environment, ...way() }, { only: ['encryption/*'] });
    expect(stranger.proxy.asked.splice(0)).toContain('kms.eu-central-1.amazonaws.com:443');
    expect(middle.proxy.asked.splice(0)).toEqual([]);
    expectHome(middle.heard(), CANARIES);
  });

  it('AWS: where the config’s authority would be trusted, the failure says how to trust it', async () => {
    const named = { ...theirs(), HTTPS_PROXY: '', https_proxy: '', HTTP_PROXY: '', ALL_PROXY: '' };
    const at = `https://127.0.0.1:${middle.httpsPort}`;
    const report = await checked(
      eks({ ...named, AWS_ENDPOINT_URL_KMS: at }),
      { ...estate.eks.environment, ...keys() },
      { only: ['encryption/*'], allowCredentialsTo: [new URL(at).host], authorities: undefined },
    );
    const [failure] = findingsOf(report).filter(({ status }) => status === 'fail');
    expect(failure?.fix).toContain('--ca-file');
    expect(middle.heard()).toEqual([]);
  });

  it('keys of the config’s own pass through both', async () => {
    const own = {
      AWS_ACCESS_KEY_ID: 'AKIAOFTHECONFIGITSEL',
      AWS_SECRET_ACCESS_KEY: 'of-the-config-itself-and-long-enough',
    };
    const real = { AWS_ENDPOINT_URL_KMS: 'https://kms.eu-central-1.amazonaws.com' };
    await checked(
      eks({ ...theirs(), ...real, ...own }),
      { ...estate.eks.environment, ...keys() },
      { only: ['encryption/*'] },
    );
    const heard = middle.heard().join('\n');
    expect(heard).toContain('AKIAOFTHECONFIGITSEL');
    expectUnseen(heard, CANARIES);
    middle.proxy.asked.splice(0);
  });

  describe('with --resolve-secrets', () => {
    /** A task definition that keeps some of it behind `valueFrom`. */
    const taskOf = async (variables: Variables, secrets: Variables): Promise<string> => {
      const container = {
        name: 'spacelift-server',
        environment: Object.entries(
          without(variables, ...Object.keys(secrets).map((name) => new RegExp(`^${name}$`))),
        ).map(([name, value]) => ({ name, value })),
        secrets: Object.entries(secrets).map(([name, valueFrom]) => ({ name, valueFrom })),
      };
      const path = join(await mkdtemp(join(folder, 'task-')), 'task.json');
      await writeFile(path, JSON.stringify({ containerDefinitions: [container] }));
      return path;
    };
    const kept = (name: string, value: string) => estate.eks.aws.secrets.put(`attack/${name}`, value).arn;
    const { AWS_REGION = 'eu-central-1', AWS_ACCOUNT_ID = '123456789012' } = {};
    const resolved = async (
      variables: Variables,
      secrets: Variables,
      options: PreflightOptions = {},
    ): Promise<Report> => {
      const file = await taskOf({ AWS_REGION, AWS_ACCOUNT_ID, ...variables }, secrets);
      const environment = { ...estate.eks.environment, ...keys(), ...way() };
      return preflight(
        { files: [file], environment, resolveSecrets: true },
        { authorities: stranger.caPem, timeoutMs: 30_000, ...options },
      );
    };
    const onprem = (more: Variables) => ({ ...estate.variables(ONPREM), ...more });
    const secret = CANARIES['the resolved secret'];

    it('keys of MinIO go where the config says only when that is allowed, by the caller’s way, to who proves it', async () => {
      const secrets = { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: kept('minio', secret) };
      const at = (endpoint: string, secure: boolean): Variables =>
        onprem({
          ...theirs(),
          OBJECT_STORAGE_MINIO_ENDPOINT: endpoint,
          OBJECT_STORAGE_MINIO_USE_SSL: String(secure),
          OBJECT_STORAGE_MINIO_ALLOW_INSECURE: 'true',
          OBJECT_STORAGE_BUCKET_UPLOADS_URL: `https://${endpoint}`,
        });
      const only = { only: ['object-storage/*'] };
      for (const secure of [true, false]) {
        const report = await resolved(at('store.evil.test', secure), secrets, only);
        expect(withheldAt(report)).toEqual(['store.evil.test']);
        expect(exitCode(report, { strict: true, require: [] }).code).toBe(1);
      }
      expectHome([...stranger.heard(), ...middle.heard()], CANARIES);
      stranger.proxy.asked.splice(0);
      middle.proxy.asked.splice(0);

      const allowed = { ...only, allowCredentialsTo: ['store.evil.test'] };
      await resolved(at('store.evil.test', true), secrets, allowed);
      expect(stranger.heard().some((one) => SIGNED.test(one))).toBe(true);
      expect(middle.proxy.asked.splice(0)).toEqual([]);

      // Whoever answers must prove to be that host, whatever the config says.
      await resolved(at('store.evil.test', true), secrets, { ...allowed, authorities: undefined });
      expectHome([...stranger.heard(), ...middle.heard()], CANARIES);
      stranger.proxy.asked.splice(0);
    });

    it('headers of telemetry neither', async () => {
      const secrets = { OTEL_EXPORTER_OTLP_HEADERS: kept('otel', `authorization=Bearer%20${secret}`) };
      const at = (endpoint: string): Variables =>
        without(
          onprem({ ...theirs(), OBSERVABILITY_VENDOR: 'OpenTelemetry', OTEL_EXPORTER_OTLP_ENDPOINT: endpoint }),
          /TRACES_HEADERS/,
        );
      const only = { only: ['observability/*'] };
      for (const url of [
        'https://otel.evil.test',
        'http://otel.evil.test:4317',
        'https://otel.evil.test\\.evil.test',
      ]) {
        const report = await resolved(at(url), secrets, only);
        expect(withheldAt(report).length + failures(report).length).toBe(1);
        expectHome([...stranger.heard(), ...middle.heard()], CANARIES);
      }
      expect([...stranger.proxy.asked.splice(0), ...middle.proxy.asked.splice(0)]).toEqual([]);
      await resolved(at('https://otel.evil.test'), secrets, { ...only, allowCredentialsTo: ['otel.evil.test'] });
      expect(stranger.proxy.asked.splice(0)).toContain('otel.evil.test:443');
      expect(middle.proxy.asked.splice(0)).toEqual([]);
      expectHome(middle.heard(), CANARIES);
    });

    it('the region of an ARN becomes no host, and what is no secret is not read', async () => {
      estate.eks.aws.requests.splice(0);
      const arn = (region: string) => `arn:aws:secretsmanager:${region}:123456789012:secret:attack-AbCdEf`;
      const secrets = {
        ADMIN_PASSWORD: arn('x.evil.test/#'),
        LICENSE_TOKEN: arn('evil.test'),
        SLACK_SECRET: arn('eu-central-1@evil.test'),
        SLACK_APP_CLIENT_SECRET: `arn:aws:ssm:x.evil.test/#:123456789012:parameter/attack`,
        SERVER_DOMAIN: kept('domain', secret),
        OBJECT_STORAGE_MINIO_ENDPOINT: kept('endpoint', `${secret}.evil.test`),
        AWS_ENDPOINT_URL: kept('url', `https://${secret}.evil.test`),
        HTTPS_PROXY: kept('proxy', `http://${secret}.evil.test`),
      };
      const report = await resolved(onprem({}), secrets, { only: ['configuration/*', 'license/*'] });
      expectUnseen(JSON.stringify(report), CANARIES);
      expect(stranger.proxy.asked.splice(0)).toEqual([]);
      expect(estate.eks.aws.requests.splice(0)).toEqual([]);
    });

    it('nor is it read at an endpoint of the config’s', async () => {
      const secrets = { ADMIN_PASSWORD: kept('password', secret) };
      const elsewhere = {
        AWS_ENDPOINT_URL_SECRETS_MANAGER: 'https://secrets.evil.test',
        AWS_ENDPOINT_URL_SSM: 'https://ssm.evil.test',
        AWS_ENDPOINT_URL_STS: 'https://sts.evil.test',
      };
      await resolved(onprem(elsewhere), secrets, { only: ['configuration/*'] });
      expect(stranger.proxy.asked.splice(0)).toEqual([]);
      expectHome(stranger.heard(), CANARIES);
    });
  });
});

describe('Google Cloud: a key file of the process', () => {
  it('nothing of a config says where its tokens go', async () => {
    const evil = 'https://evil.test';
    const variables = {
      ...estate.variables(GKE),
      GOOGLE_API_USE_CLIENT_CERTIFICATE: 'true',
      GOOGLE_CLOUD_QUOTA_PROJECT: 'evil.test',
      GOOGLE_STORAGE_ENDPOINT: evil,
      CLOUDSDK_API_ENDPOINT_OVERRIDES_STORAGE: evil,
      CLOUDSDK_AUTH_TOKEN_HOST: evil,
      GCE_METADATA_HOST: 'evil.test',
      GCE_METADATA_IP: 'evil.test',
      METADATA_SERVER_DETECTION: 'assume-present',
      GCP_PROJECT: estate.gcp.gcs.projectId,
    };
    const report = await checked(variables, estate.environment(GKE), { authorities: undefined });
    expect(failures(report).filter((one) => !one.startsWith('configuration/'))).toEqual([]);
    expect(withheldAt(report)).toEqual([]);
    expect(estate.gcp.gcs.proxy.asked.splice(0).filter((host) => /evil/.test(host))).toEqual([]);
  });

  it.each([
    ['STORAGE_EMULATOR_HOST', 'https://evil.test'],
    ['STORAGE_EMULATOR_HOST', 'evil.test:80'],
    ['GOOGLE_CLOUD_UNIVERSE_DOMAIN', 'evil.test'],
  ])('%s=%s is where Spacelift would go, and is not asked', async (name, value) => {
    const report = await checked({ ...estate.variables(GKE), [name]: value }, estate.environment(GKE), {
      authorities: undefined,
    });
    expect(failures(report)).toEqual([]);
    expect(withheldAt(report)).toHaveLength(1);
    expect(report.verdict).toBe('inconclusive');
    expect(estate.gcp.gcs.proxy.asked.splice(0).filter((host) => /evil|googleapis/.test(host))).toEqual([]);
  });
});

describe('by the command line', () => {
  const environment = () =>
    Object.fromEntries(
      Object.entries({ ...estate.eks.environment, ...keys(), ...way(), HOME: folder }).flatMap(([name, value]) =>
        value === undefined ? [] : [[name, value]],
      ),
    );
  const attacked = () => eks(each((name) => `https://${name}.evil.test`));

  it('run: inconclusive, exit 0, 1 with --strict; the option lets them go', async () => {
    const config = await configOf(attacked());
    const args = ['-f', config, '-o', 'json', '--ca-file', join(folder, 'ca.pem')];
    const plain = await run(args, { env: environment() });
    expect(plain.code).toBe(0);
    expect(JSON.parse(plain.stdout)).toMatchObject({ verdict: 'inconclusive', leftovers: [] });
    expectUnseen(plain.stdout + plain.stderr, CANARIES);
    expectHome(stranger.heard(), CANARIES);
    expect((await run([...args, '--strict'], { env: environment() })).code).toBe(1);
    expectHome(stranger.heard(), CANARIES);
    const allowed = await run([...args, '--allow-credentials-to', 'kms.evil.test', '--only', 'encryption/*'], {
      env: environment(),
    });
    expect(stranger.heard().some((one) => SIGNED.test(one))).toBe(true);
    expectUnseen(allowed.stdout + allowed.stderr, CANARIES);
    stranger.proxy.asked.splice(0);
  });

  it('cleanup: nothing is sent, nothing removed, and it is said', async () => {
    const config = await configOf(attacked());
    const before = estate.eks.s3.snapshot();
    const { code, stdout, stderr } = await run(['cleanup', '-f', config, '-o', 'json'], { env: environment() });
    expect(code).toBe(0);
    const { places } = JSON.parse(stdout) as { places: { status: string; problem: { title: string } | null }[] };
    expect(places.map(({ status }) => status)).not.toContain('pass');
    expect(places.map(({ problem }) => problem?.title).join('\n')).toContain(
      'your credentials were not sent to s3.evil.test',
    );
    expectUnseen(stdout + stderr, CANARIES);
    expect(stranger.proxy.asked.splice(0)).toEqual([]);
    expectHome(stranger.heard(), CANARIES);
    expect(estate.eks.s3.snapshot()).toEqual(before);
  });

  it('plan: nobody is asked', async () => {
    const config = await configOf(attacked());
    const { code, stdout, stderr } = await run(['plan', '-f', config, '-o', 'json'], { env: environment() });
    expect(code).toBe(0);
    expectUnseen(stdout + stderr, CANARIES);
    expect(stranger.proxy.asked.splice(0)).toEqual([]);
    expect(stranger.heard()).toEqual([]);
  });
});

describe('from code', () => {
  const at = (trust?: 'config' | 'process') => async () => {
    const file = await configOf(eks({ AWS_ENDPOINT_URL_KMS: 'https://kms.evil.test' }));
    const environment = { ...estate.eks.environment, ...keys(), ...way() };
    const report = await preflight(
      { files: [file], environment, trust },
      { authorities: stranger.caPem, only: ['encryption/*'] },
    );
    return { withheld: withheldAt(report), signed: stranger.heard().some((one) => SIGNED.test(one)) };
  };

  it('files are the config’s, unless they are said to be the caller’s', async () => {
    expect(await at()()).toEqual({ withheld: ['kms.evil.test'], signed: false });
    expect(await at('config')()).toEqual({ withheld: ['kms.evil.test'], signed: false });
    expect(await at('process')()).toEqual({ withheld: [], signed: true });
    stranger.proxy.asked.splice(0);
  });

  it('a host that is allowed must be one', async () => {
    const source = { files: [await configOf({})], environment: {} };
    await expect(preflight(source, { allowCredentialsTo: ['https://evil.test/'] })).rejects.toThrow(
      'allowCredentialsTo',
    );
  });
});
