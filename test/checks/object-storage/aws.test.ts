import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import { objectStorage } from '../../../checks/object-storage/index.ts';
import { type ConnectProxy, startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort } from '../../services/tcp.ts';
import { makeCa } from '../../services/tls.ts';
import { expectAtOnce } from '../../support/at-once.ts';
import { preflight } from '../../support/preflight.ts';
import { DRAIN, OPERATOR, REGION, role, SERVER, startAws } from './aws-storage.ts';
import { contents, EXPECTED, judged, NAMES, PROBE, real, type Storage } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startAws();
  before = storage.store.snapshot();
});
beforeEach(() => {
  storage.store.requests.length = 0;
});
afterAll(() => storage.store.close());

const FIRST = 'object-storage/deliveries/access';

test('healthy buckets pass every rule, and nothing stays behind', async () => {
  const result = await storage.check();
  expect(result.findings.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(result.findings.map(({ id }) => id)).toEqual(EXPECTED);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.store.snapshot()).toEqual(before);
  expect(result.run.checks[0]?.summary).toBe('S3 in eu-west-1, 10 buckets');
});

test('asks for nothing that Spacelift does not need, and repeats nothing', async () => {
  await storage.check();
  const { requests } = storage.store;
  const actions = new Set(requests.map(({ action }) => action));
  for (const action of ['HeadBucket', 'ListBuckets', 'GetBucketLocation', 'GetBucketAcl', 'Unknown']) {
    expect(actions).not.toContain(action);
  }
  expect(requests.filter(({ action }) => action === 'GetBucketVersioning')).toEqual([]);
});

test('a thousand objects in a bucket stay as they are', async () => {
  const { store, check } = await startAws();
  for (const name of ['states', 'deliveries']) {
    const bucket = store.bucket(real(name));
    for (let i = 0; i < 1000; i++) bucket.put(`runs/${i}`, String(i));
    bucket.put('spacelift-preflight/of-another', 'x');
    bucket.remove('runs/7');
  }
  const was = store.snapshot();
  expect(judged(await check())).toEqual({ fail: [], warn: [] });
  expect(store.snapshot()).toEqual(was);
  await store.close();
});

describe.each([
  ['server', SERVER],
  ['drain', DRAIN],
] as const)('under the role of the %s', (service, { accessKeyId }) => {
  test('nothing fails or warns, and ten runs leave what one leaves', async () => {
    const { store, check } = await startAws();
    const once = () => check({ as: accessKeyId, service });
    const first = await once();
    expect(judged(first)).toEqual({ fail: [], warn: [] });
    expect(first.ids('pass').length).toBeGreaterThan(30);
    const left = store.snapshot();
    expect(contents(store).every((entry) => entry.endsWith(`${PROBE} 1`))).toBe(true);
    expect(first.run.leftovers.map(({ command }) => command)).toContain(
      `aws s3api delete-objects --bucket spacelift-run-logs --delete "$(aws s3api list-object-versions --bucket spacelift-run-logs --prefix ${PROBE} --query '{Objects: [Versions, DeleteMarkers][].{Key: Key, VersionId: VersionId}}' --output json)"`,
    );
    for (let run = 1; run < 10; run++) expect(judged(await once())).toEqual({ fail: [], warn: [] });
    expect(store.snapshot()).toEqual(left);
    const denied = store.requests.filter(({ status, action }) => status === 403 && action !== 'GetObject');
    expect(denied.filter(({ user }) => user !== 'anonymous')).toEqual([]);
    await store.close();
  });
});

test('suspended versioning, which no write shows: ten runs leave one object and no trace of deleting', async () => {
  const { store, check } = await startAws();
  store.bucket(real('metadata')).versioning = 'Suspended';
  const only = ['object-storage/metadata/*'];
  for (let run = 0; run < 10; run++) {
    expect(judged(await check({ as: SERVER.accessKeyId, service: 'server', only }))).toEqual({ fail: [], warn: [] });
    expect(contents(store)).toEqual([expect.stringMatching(`metadata.*${PROBE} 1$`)]);
  }
  await store.close();
});

describe('a server that lacks s3:DeleteObject on a bucket without versions', () => {
  const asServer = { as: SERVER.accessKeyId, service: 'server' } as const;
  const lacking = { ...SERVER, policy: role('server', { bucket: 'metadata', grant: 'Delete' }) };
  let own: Storage;
  beforeEach(async () => {
    own = await startAws({ users: [lacking] });
  });
  afterEach(() => own.store.close());

  test('fails each time; once it is granted, nothing stays', async () => {
    const left = () => contents(own.store).filter((entry) => entry.startsWith('metadata/'));
    for (let run = 0; run < 3; run++) {
      const result = await own.check(asServer);
      expect(judged(result)).toEqual({ fail: ['metadata/access'], warn: [] });
      expect(result.finding('object-storage/metadata/access').title).toBe(
        'the credentials lack s3:DeleteObject on spacelift-metadata',
      );
      expect(left()).toEqual([`metadata/${PROBE} 1`]);
    }
    own.store.users = [SERVER];
    const result = await own.check(asServer);
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding('object-storage/metadata/access').title).toContain('deleted');
    expect(left()).toEqual([]);
  });

  test.each(['Enabled', 'Suspended'] as const)(
    'what it left is not deleted once versioning is %s',
    async (versioning) => {
      await own.check(asServer);
      own.store.users = [SERVER];
      const bucket = own.store.bucket(real('metadata'));
      bucket.versioning = versioning;
      expect(judged(await own.check(asServer))).toEqual({ fail: [], warn: [] });
      expect(bucket.versions()).toHaveLength(1);
    },
  );
});

test('without --service, what only the other service does is a skip that names it', async () => {
  const { store, check } = await startAws();
  const asServer = await check({ as: SERVER.accessKeyId });
  expect(judged(asServer)).toEqual({ fail: [], warn: [] });
  expect(asServer.finding('object-storage/large-queue-messages/access')).toMatchObject({
    status: 'skip',
    title: expect.stringContaining('only the drain needs'),
  });
  await store.close();
});

test('the drain compares what the server wrote', async () => {
  const { store, check } = await startAws();
  const id = 'object-storage/large-queue-messages/access';
  expect((await check({ as: DRAIN.accessKeyId, service: 'drain' })).finding(id).status).toBe('skip');
  await check({ as: SERVER.accessKeyId, service: 'server' });
  expect((await check({ as: DRAIN.accessKeyId, service: 'drain' })).finding(id).status).toBe('pass');
  await store.close();
});

test('--read-only writes nothing, and needs credentials all the same', async () => {
  const result = await storage.check({ readOnly: true });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(storage.store.requests.filter(({ method }) => !['GET', 'OPTIONS'].includes(method))).toEqual([]);
});

test('ten buckets are checked at once', async () => {
  const { store, check } = await startAws();
  const asked: string[] = [];
  store.faults = {
    delayMs: 50,
    hangFor: ({ bucket }) => {
      if (bucket !== undefined) asked.push(bucket);
      return false;
    },
  };
  expect(judged(await check())).toEqual({ fail: [], warn: [] });
  await store.close();
  expectAtOnce(asked, 10);
});

describe('credentials', () => {
  const noKeys = { AWS_ACCESS_KEY_ID: undefined, AWS_SECRET_ACCESS_KEY: undefined };
  let home: string;
  beforeAll(async () => {
    home = await mkdtemp(join(tmpdir(), 'preflight-aws-'));
    // What the SDK's chain asks last; it reads this switch itself.
    vi.stubEnv('AWS_EC2_METADATA_DISABLED', 'true');
    await writeFile(
      join(home, 'credentials'),
      `[spacelift]\naws_access_key_id = ${OPERATOR.accessKeyId}\naws_secret_access_key = ${OPERATOR.secretAccessKey}\n`,
    );
    await writeFile(join(home, 'config'), '');
    await writeFile(join(home, 'token'), 'a.web.token');
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await rm(home, { recursive: true });
  });
  const files = () => ({
    AWS_CONFIG_FILE: join(home, 'config'),
    AWS_SHARED_CREDENTIALS_FILE: join(home, 'credentials'),
  });

  test.each([
    ['nowhere', {}, {}, 'no AWS credentials found', /Searched the config/],
    ['in half', { AWS_ACCESS_KEY_ID: 'AKIAHALF' }, {}, 'no AWS credentials found', /without AWS_SECRET_ACCESS_KEY/],
    ['in a profile that is not there', {}, { AWS_PROFILE: 'nobody' }, /profile nobody .* does not exist/, /neither/],
  ])('%s: one failure for the ten, with or without --read-only', async (_, variables, more, title, detail) => {
    for (const readOnly of [false, true]) {
      const environment = { ...files(), ...more };
      const result = await storage.check({ variables: { ...noKeys, ...variables }, environment, readOnly });
      expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
      expect(result.finding(FIRST)).toMatchObject({
        title: expect.stringMatching(title),
        detail: expect.stringMatching(detail),
      });
      const causes = result.run.checks.flatMap(({ findings }) => findings.map(({ cause }) => cause?.key));
      expect(causes).toContainEqual(expect.stringMatching(/^aws:credentials:(missing|source)$/));
    }
    const signed = storage.store.requests.filter(
      ({ action, user }) => action !== 'CORSPreflight' && user !== 'anonymous',
    );
    expect(signed).toEqual([]);
  });

  test('of the environment, of a profile that the environment names, and of the config over both', async () => {
    const keys = { AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId, AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey };
    const healthy = async (variables: object, environment: object) => {
      const result = await storage.check({ variables: { ...noKeys, ...variables }, environment: { ...environment } });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
    };
    await healthy({}, keys);
    await healthy({}, { ...files(), AWS_PROFILE: 'spacelift' });
    const others = {
      AWS_ACCESS_KEY_ID: 'ASIAOTHER',
      AWS_SECRET_ACCESS_KEY: 'other',
      AWS_SESSION_TOKEN: 'of-the-other',
    };
    await healthy(keys, others);
  });

  test('of a role by a web identity token, which STS gives', async () => {
    const asked: string[] = [];
    let answer = '';
    const sts = createServer(async (request, response) => {
      asked.push(await new Response(request as never).text());
      response.writeHead(answer.includes('<Error>') ? 403 : 200, { 'content-type': 'text/xml' }).end(answer);
    }).listen(0, '127.0.0.1');
    await once(sts, 'listening');
    const token = {
      AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/spacelift',
      AWS_WEB_IDENTITY_TOKEN_FILE: join(home, 'token'),
    };
    const variables = noKeys;
    const environment = {
      ...token,
      AWS_CONFIG_FILE: join(home, 'config'),
      AWS_SHARED_CREDENTIALS_FILE: join(home, 'config'),
      AWS_ENDPOINT_URL_STS: `http://127.0.0.1:${(sts.address() as AddressInfo).port}`,
    };
    answer = `<AssumeRoleWithWebIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleWithWebIdentityResult><Credentials><AccessKeyId>${OPERATOR.accessKeyId}</AccessKeyId><SecretAccessKey>${OPERATOR.secretAccessKey}</SecretAccessKey><SessionToken>a-session-token</SessionToken><Expiration>${new Date(Date.now() + 3_600_000).toISOString()}</Expiration></Credentials></AssumeRoleWithWebIdentityResult></AssumeRoleWithWebIdentityResponse>`;
    const { users } = storage.store;
    storage.store.users = [{ ...OPERATOR, sessionToken: 'a-session-token' }];
    const result = await storage.check({ variables, environment });
    storage.store.users = users;
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(asked).toHaveLength(1);
    expect(asked[0]).toContain('WebIdentityToken=a.web.token');

    answer =
      '<ErrorResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><Error><Type>Sender</Type><Code>AccessDenied</Code><Message>Not authorized</Message></Error></ErrorResponse>';
    const refused = await storage.check({ variables, environment });
    expect(judged(refused)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(refused.finding(FIRST).detail).toBe(
      'STS refused to assume the role arn:aws:iam::123456789012:role/spacelift with the token in AWS_WEB_IDENTITY_TOKEN_FILE: AccessDenied.',
    );
    sts.close();
    sts.closeAllConnections();

    // The config's is a path in Spacelift's container, also when there is such a file here.
    const { AWS_ROLE_ARN, AWS_WEB_IDENTITY_TOKEN_FILE, ...without } = environment;
    const skipped = await storage.check({ variables: { ...noKeys, ...token }, environment: without });
    expect(judged(skipped)).toEqual({ fail: [], warn: [] });
    expect(skipped.finding(FIRST)).toMatchObject({
      status: 'skip',
      title: 'AWS_WEB_IDENTITY_TOKEN_FILE names a file in Spacelift’s container: pass it with --credentials-file',
      fix: expect.stringContaining('--credentials-file AWS_WEB_IDENTITY_TOKEN_FILE='),
    });
  });
});

describe('at AWS’s own endpoints', () => {
  const uploads = `https://spacelift-uploads.s3.${REGION}.amazonaws.com`;
  let there: Storage;
  let ca: string;
  let proxy: ConnectProxy;
  beforeAll(async () => {
    const authority = await makeCa();
    const names = [`s3.${REGION}.amazonaws.com`, `*.s3.${REGION}.amazonaws.com`];
    const { chainPem, keyPem } = await authority.issue({ names });
    ca = authority.certPem;
    there = await startAws({ tls: { key: keyPem, cert: chainPem } });
    const { port } = new URL(there.store.url);
    proxy = await startConnectProxy((host) => (host.endsWith('.amazonaws.com') ? Number(port) : undefined));
  });
  beforeEach(() => {
    proxy.asked.length = 0;
  });
  afterAll(async () => {
    await proxy.close();
    await there.store.close();
  });
  const check = (environment: Record<string, string>, more = {}, variables = {}) =>
    preflight(
      [objectStorage],
      { ...there.variables, OBJECT_STORAGE_BUCKET_UPLOADS_URL: uploads, ...variables },
      { environment, authorities: ca, ...more },
    );

  test('each bucket has its own name, and all pass through the proxy', async () => {
    const was = there.store.snapshot();
    const result = await check({ HTTPS_PROXY: proxy.url });
    expect(result.findings.filter(({ status }) => status !== 'pass')).toEqual([]);
    expect(new Set(proxy.asked)).toEqual(new Set(NAMES.map((name) => `${real(name)}.s3.${REGION}.amazonaws.com:443`)));
    expect(there.store.snapshot()).toEqual(was);
    expect(result.finding('object-storage/uploads/url').evidence).toEqual({ configured: uploads, real: uploads });
  });

  test.each([
    ['of the service alone', `https://s3.${REGION}.amazonaws.com`],
    ['without a region', 'https://spacelift-uploads.s3.amazonaws.com'],
  ])('an uploads URL %s is not where browsers upload', async (_, url) => {
    const result = await check({ HTTPS_PROXY: proxy.url }, {}, { OBJECT_STORAGE_BUCKET_UPLOADS_URL: url });
    expect(judged(result)).toEqual({ fail: [], warn: ['uploads/url'] });
    expect(result.finding('object-storage/uploads/url').fix).toBe(`set OBJECT_STORAGE_BUCKET_UPLOADS_URL=${uploads}`);
  });

  test('an authority that nobody trusts is one failure for the ten', async () => {
    const result = await check({ HTTPS_PROXY: proxy.url }, { authorities: undefined });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toBe(
      `TLS to s3.${REGION}.amazonaws.com:443 failed: its certificate is signed by Preflight test authority, a certificate authority (CA) that is not trusted here`,
    );
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });

  test('a proxy that refuses is told apart from S3', async () => {
    const refusing = await startConnectProxy(() => undefined);
    const result = await check({ HTTPS_PROXY: refusing.url });
    await refusing.close();
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toMatch(
      /^the proxy 127.0.0.1:\d+ refused to connect to s3\..* \(HTTP \d{3}\)$/,
    );
    expect(result.finding(FIRST).fix).toContain('NO_PROXY');
  });

  test('a proxy that is not there', async () => {
    const { port } = await refusedPort();
    const result = await check({ HTTPS_PROXY: `http://127.0.0.1:${port}` });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      title: `127.0.0.1:${port} refused the connection`,
      fix: expect.stringContaining('HTTPS_PROXY'),
    });
  });

  test('a name that does not resolve', async () => {
    const url = 'https://s3.no-such-place.invalid';
    const result = await check({ AWS_ENDPOINT_URL_S3: url });
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    expect(result.finding(FIRST).title).toMatch(
      /^(s3.no-such-place.invalid does not resolve|no DNS server responded for)/,
    );
    expect(result.finding(FIRST).affected).toHaveLength(10);
  });
});
