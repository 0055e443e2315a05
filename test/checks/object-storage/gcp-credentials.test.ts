import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest';
import type { FaultReply } from '../../services/gcs/index.ts';
import type { Result } from '../../support/preflight.ts';
import { grantTo, refuse, type Storage, startGcp } from './gcp-storage.ts';
import { judged, NAMES, real } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
let directory: string;
let mayActAsItself: Storage['spacelift']['bindings'];
beforeAll(async () => {
  storage = await startGcp();
  mayActAsItself = [...storage.spacelift.bindings];
  directory = await mkdtemp(join(tmpdir(), 'preflight-google-'));
});
beforeEach(() => {
  storage.reset();
  storage.spacelift.bindings = [...mayActAsItself];
  before = storage.gcs.snapshot();
  storage.gcs.requests.length = 0;
  // What the library's default chain reads for itself: nothing of whoever runs the tests.
  for (const name of ['GOOGLE_APPLICATION_CREDENTIALS', 'GCE_METADATA_HOST', 'HTTPS_PROXY', 'HTTP_PROXY']) {
    vi.stubEnv(name, '');
  }
  vi.stubEnv('CLOUDSDK_CONFIG', directory);
  vi.stubEnv('METADATA_SERVER_DETECTION', 'none');
});
afterEach(() => {
  vi.unstubAllEnvs();
  storage.gcs.faults = {};
  storage.gcs.attached = undefined;
});
afterAll(async () => {
  await storage.gcs.close();
  await rm(directory, { recursive: true });
});

const FIRST = 'object-storage/deliveries/access';
const SIGNED = 'object-storage/deliveries/presigned';
const spacelift = () => storage.spacelift.email;

/** One failure that names the ten, and nothing of the run stays. */
function one(result: Result, id = FIRST) {
  expect(judged(result)).toEqual({ fail: [id.replace('object-storage/', '')], warn: [] });
  expect(result.finding(id).affected?.length).toBeGreaterThanOrEqual(10);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.gcs.snapshot()).toEqual(before);
  return result.finding(id);
}

const refuseAction = (action: string, reply: FaultReply) => refuse(reply, (request) => request.action === action);

/** The instance's own account, found as the library finds it. */
function attach(email: string): void {
  storage.gcs.attached = email;
  vi.stubEnv('METADATA_SERVER_DETECTION', 'assume-present');
  vi.stubEnv('GCE_METADATA_HOST', storage.gcs.url.replace('http://', ''));
}

describe('an attached service account', () => {
  test('signs by signBlob', async () => {
    attach(spacelift());
    const result = await storage.check({ as: undefined, service: 'server' });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding(SIGNED).status).toBe('pass');
    expect(storage.gcs.requests.map(({ action }) => action)).toContain('iamcredentials.signBlob');
    expect(storage.gcs.snapshot()).toEqual(before);
  });

  test('that may not sign is one failure with the command that lets it', async () => {
    attach(spacelift());
    storage.spacelift.bindings = [];
    const found = one(await storage.check({ as: undefined, service: 'server' }), SIGNED);
    expect(found).toMatchObject({
      title: `${spacelift()} lacks iam.serviceAccounts.signBlob, so it can’t sign`,
      fix: `gcloud iam service-accounts add-iam-policy-binding ${spacelift()} --member=serviceAccount:${spacelift()} --role=roles/iam.serviceAccountTokenCreator`,
    });
  });

  test('that is a pod’s own and no service account', async () => {
    const pool = 'preflight-test.svc.id.goog';
    const accounts = storage.gcs.accounts as Map<string, typeof storage.spacelift>;
    accounts.set(pool, { ...storage.spacelift, email: pool, bindings: [] });
    storage.gcs.bindings.push(grantTo(pool, 'roles/storage.objectAdmin'));
    attach(pool);
    const found = one(await storage.check({ as: undefined, service: 'server' }), SIGNED);
    storage.gcs.bindings.pop();
    accounts.delete(pool);
    expect(found).toMatchObject({
      title: 'the pod does not act as a Google service account, so it can’t sign',
      fix: expect.stringContaining('iam.gke.io/gcp-service-account'),
    });
  });

  test('cannot sign while the API is off', async () => {
    attach(spacelift());
    const message =
      'IAM Service Account Credentials API has not been used in project 1 before or it is disabled. Enable it by visiting https://console.developers.google.com';
    storage.gcs.faults = refuseAction('iamcredentials.signBlob', { status: 403, reason: 'PERMISSION_DENIED', message });
    const found = one(await storage.check({ as: undefined, service: 'server' }), SIGNED);
    expect(found.fix).toBe('gcloud services enable iamcredentials.googleapis.com');
  });

  test('whose token the metadata server does not give', async () => {
    attach(spacelift());
    storage.gcs.faults = refuseAction('metadata', { status: 403, reason: 'forbidden' });
    const found = one(await storage.check({ as: undefined }));
    expect(found.title).toBe('the metadata server returned no access token (HTTP 403)');
    expect(found.fix).toContain('roles/iam.workloadIdentityUser');
  });
});

describe('a federated identity', () => {
  const subject = 'system:serviceaccount:spacelift:spacelift';
  const letIn = (role: string) =>
    storage.spacelift.bindings.push({ role, members: [storage.gcs.federatedMember(subject)] });

  test('that acts as the service account works, and signs', async () => {
    letIn('roles/iam.workloadIdentityUser');
    const result = await storage.check({
      as: await storage.gcs.federationFile(subject, spacelift()),
      service: 'server',
    });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding(SIGNED).status).toBe('pass');
  });

  test('that may not act as it is one failure', async () => {
    const found = one(await storage.check({ as: await storage.gcs.federationFile(subject, spacelift()) }));
    expect(found.title).toBe(
      `the credentials lack iam.serviceAccounts.getAccessToken, so they can’t act as ${spacelift()}`,
    );
    expect(found.fix).toContain(`gcloud iam service-accounts add-iam-policy-binding ${spacelift()} `);
  });

  test('by itself can store, and not sign: a skip', async () => {
    for (const bucket of NAMES) {
      const members = [storage.gcs.federatedMember(subject)];
      storage.gcs.bucket(real(bucket)).bindings.push({ role: 'roles/storage.objectAdmin', members });
    }
    const result = await storage.check({ as: await storage.gcs.federationFile(subject), service: 'server' });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding(SIGNED)).toMatchObject({ status: 'skip', title: 'a federated identity can’t sign' });
  });

  test('whose token the pool does not accept', async () => {
    storage.gcs.faults = refuseAction('sts.token', {
      status: 400,
      reason: 'invalid_grant',
      message: 'The audience in ID Token [x] does not match the expected audience.',
    });
    const found = one(await storage.check({ as: await storage.gcs.federationFile(subject) }));
    expect(found.title).toBe('the workload identity pool rejected the token');
    expect(JSON.stringify(found)).not.toContain('[x]');
  });
});

describe('a user', () => {
  const ann = 'ann@example.test';
  const admin = (): void => {
    for (const bucket of NAMES) {
      storage.gcs.bucket(real(bucket)).bindings.push({ role: 'roles/storage.admin', members: [`user:${ann}`] });
    }
  };

  test('can’t sign: skips that say how to impersonate', async () => {
    admin();
    before = storage.gcs.snapshot();
    const result = await storage.check({ as: await storage.gcs.userFile(ann) });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.ids('skip')).toEqual([
      ...NAMES.map((bucket) => `object-storage/${bucket}/presigned`),
      'object-storage/uploads/proxy',
      'object-storage/uploads/url',
      'object-storage/uploads/mixed-content',
    ]);
    expect(result.finding(SIGNED)).toMatchObject({
      title: 'Google user credentials can’t sign',
      fix: expect.stringContaining('--impersonate-service-account='),
    });
    expect(storage.gcs.snapshot()).toEqual(before);
  });

  /** What `gcloud auth application-default login --impersonate-service-account` leaves. */
  async function impersonating(): Promise<string> {
    const source = JSON.parse(await readFile(await storage.gcs.userFile(ann), 'utf8'));
    const path = join(directory, 'impersonated.json');
    await writeFile(
      path,
      JSON.stringify({
        type: 'impersonated_service_account',
        service_account_impersonation_url: `https://iamcredentials.googleapis.com/v1/projects/-/serviceAccounts/${spacelift()}:generateAccessToken`,
        delegates: [],
        source_credentials: source,
      }),
    );
    return path;
  }

  test('who impersonates the service account signs as it', async () => {
    const creator = { role: 'roles/iam.serviceAccountTokenCreator', members: [`user:${ann}`] };
    storage.spacelift.bindings.push(creator);
    const result = await storage.check({ as: await impersonating(), service: 'server' });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding(SIGNED).status).toBe('pass');
  });

  test('who may not impersonate it', async () => {
    const found = one(await storage.check({ as: await impersonating() }));
    expect(found.title).toBe(
      `the credentials lack iam.serviceAccounts.getAccessToken, so they can’t act as ${spacelift()}`,
    );
  });

  test('whose login has expired', async () => {
    const file = await storage.gcs.userFile(ann);
    storage.gcs.faults = refuseAction('oauth2.token', {
      status: 400,
      reason: 'invalid_grant',
      message: 'Token has been expired or revoked.',
    });
    const found = one(await storage.check({ as: file }));
    expect(found).toMatchObject({
      title: 'the Google login has expired, or was revoked',
      fix: expect.stringContaining('gcloud auth application-default login'),
    });
  });
});

describe('no credentials', () => {
  test.each([false, true])('one failure for the ten, with --read-only: %s', async (readOnly) => {
    const found = one(await storage.check({ as: undefined, readOnly }));
    expect(found).toMatchObject({
      title: 'no Google Cloud credentials found',
      fix: expect.stringContaining('iam.gke.io/gcp-service-account'),
    });
    expect(storage.gcs.requests.filter(({ caller }) => caller !== 'anonymous' && caller !== undefined)).toEqual([]);
  });

  test('a file that the config names and only the container has is a skip', async () => {
    const variables = { GOOGLE_APPLICATION_CREDENTIALS: '/var/run/secrets/google/key.json' };
    const result = await storage.check({ variables, as: undefined });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding(FIRST)).toMatchObject({
      status: 'skip',
      title: 'GOOGLE_APPLICATION_CREDENTIALS names a file in Spacelift’s container: pass it with --credentials-file',
      fix: expect.stringContaining('--credentials-file GOOGLE_APPLICATION_CREDENTIALS='),
    });
  });

  test('a file that the environment names and nobody has is a failure', async () => {
    const found = one(await storage.check({ as: '/no/such/key.json' }));
    expect(found.title).toBe('GOOGLE_APPLICATION_CREDENTIALS names a file that does not exist');
  });

  test.each([
    ['is not JSON', 'no json', 'it is not JSON'],
    ['lacks its fields', '{"type":"service_account"}', 'it lacks a field'],
    [
      'has a broken key',
      '{"type":"service_account","client_email":"a@b.test","private_key":"-----BEGIN PRIVATE KEY-----"}',
      'its private key can’t be read',
    ],
  ])('a file that %s', async (_, content, why) => {
    const path = join(directory, 'broken.json');
    await writeFile(path, content);
    const found = one(await storage.check({ as: path }));
    expect(found).toMatchObject({
      title: `the Google credentials file can’t be used: ${why}`,
      detail: `The file is ${path}.`,
    });
  });
});

describe('a key file', () => {
  test('that the option supplies beats that of the environment, and gcloud’s own credentials come last', async () => {
    const credentialsFiles = { GOOGLE_APPLICATION_CREDENTIALS: storage.keyFiles.operator };
    const result = await storage.check({ credentialsFiles, as: '/no/such/key.json' });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    const wellKnown = join(directory, 'application_default_credentials.json');
    await writeFile(wellKnown, await readFile(storage.keyFiles.operator));
    const byGcloud = await storage.check({ as: undefined });
    await rm(wellKnown);
    expect(judged(byGcloud)).toEqual({ fail: [], warn: [] });
    expect(byGcloud.finding(SIGNED).status).toBe('pass');
  });

  test('whose key was deleted', async () => {
    const found = one(
      await storage.check({ as: await storage.gcs.keyFile(storage.operator.email, { client_email: spacelift() }) }),
    );
    expect(found).toMatchObject({
      title: `the key in the key file does not belong to ${spacelift()}`,
      fix: expect.stringContaining(`gcloud iam service-accounts keys create key.json --iam-account=${spacelift()}`),
    });
  });

  test('of an account that was deleted', async () => {
    const gone = await storage.gcs.createServiceAccount('gone');
    const file = await storage.gcs.keyFile(gone.email);
    storage.gcs.removeServiceAccount(gone.email);
    expect(one(await storage.check({ as: file })).title).toBe(`Google does not recognize ${gone.email}`);
  });

  test('to which something in place of Google answers without a token', async () => {
    storage.gcs.faults = refuseAction('oauth2.token', { status: 200, reason: 'welcome' });
    const found = one(await storage.check({ as: storage.keyFiles.spacelift }));
    expect(found).toMatchObject({
      title: 'oauth2.googleapis.com:443 does not look like Google',
      fix: expect.stringContaining('find out what responds in place of oauth2.googleapis.com'),
    });
  });

  test('of an account that is disabled', async () => {
    storage.gcs.faults = refuseAction('oauth2.token', {
      status: 400,
      reason: 'invalid_grant',
      message: 'Robot is disabled.',
    });
    const found = one(await storage.check({ as: storage.keyFiles.spacelift }));
    expect(found.fix).toBe(`gcloud iam service-accounts enable ${spacelift()}`);
  });

  test('of an account that is deleted after its token was given', async () => {
    storage.gcs.faults = {
      statusFor: ({ action }) =>
        action.startsWith('storage.')
          ? { status: 401, reason: 'authError', message: 'Invalid Credentials' }
          : undefined,
    };
    const found = one(await storage.check());
    expect(found.title).toBe('Cloud Storage rejected the access token');
    expect(found.fix).toBe(`gcloud iam service-accounts describe ${storage.operator.email}`);
  });

  test.each([
    [7_200_000, 'by 2 h', 'behind'],
    [-7_200_000, 'by 2 h', 'ahead'],
  ])('by a clock that is %i ms off', async (clockOffsetMs, by, detail) => {
    storage.gcs.faults = { clockOffsetMs };
    const found = one(await storage.check());
    expect(found.title).toContain(by);
    expect(found.detail).toBe(`This machine’s clock is ${detail}.`);
  });

  test('that Google refuses for a reason of its own', async () => {
    storage.gcs.faults = refuseAction('oauth2.token', {
      status: 400,
      reason: 'invalid_scope',
      message: 'secret-words',
    });
    const found = one(await storage.check());
    expect(found.title).toBe('Google returned no access token: invalid_scope');
    expect(JSON.stringify(found)).not.toContain('secret-words');
  });

  test('never shows in what is said', async () => {
    const result = await storage.check();
    expect(JSON.stringify([result.findings, result.run.leftovers])).not.toMatch(/PRIVATE KEY|ya29\.|X-Goog-Signature/);
  });
});

test('a clock that only signed URLs meet is told apart too', async () => {
  storage.gcs.faults = {
    statusFor: ({ query }) =>
      query.includes('X-Goog-Algorithm')
        ? { status: 400, reason: 'ExpiredToken', message: 'Invalid argument.' }
        : undefined,
  };
  const result = await storage.check();
  expect(judged(result)).toEqual({ fail: ['deliveries/presigned'], warn: [] });
  expect(result.finding(SIGNED).title).toMatch(/^the clocks of this machine and Cloud Storage differ/);
});
