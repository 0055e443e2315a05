import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { expectAtOnce } from '../../support/at-once.ts';
import { expectNoLeak } from '../../support/leaks.ts';
import { type Storage, startGcp, UPLOADS_URL } from './gcp-storage.ts';
import { EXPECTED, judged, NAMES, PROBE, real } from './storage.ts';

let storage: Storage;
let before: Record<string, object>;
beforeAll(async () => {
  storage = await startGcp();
});
beforeEach(() => {
  storage.reset();
  before = storage.gcs.snapshot();
  storage.gcs.requests.length = 0;
});
afterAll(() => storage.gcs.close());

test('healthy buckets pass every rule, and nothing stays behind', async () => {
  const result = await storage.check();
  expect(result.findings.filter(({ status }) => status !== 'pass')).toEqual([]);
  expect(result.findings.map(({ id }) => id)).toEqual(EXPECTED);
  expect(result.run.leftovers).toEqual([]);
  expect(storage.gcs.snapshot()).toEqual(before);
  expect(result.run.checks[0]?.summary).toBe('Google Cloud Storage, 10 buckets');
  expect(result.finding('object-storage/uploads/url').evidence).toEqual({ configured: UPLOADS_URL, real: UPLOADS_URL });
  await expectNoLeak(storage.variables, result.run, result.deployment);
});

test('asks for one token, and for nothing that Spacelift does not need', async () => {
  await storage.check();
  const { requests } = storage.gcs;
  expect(requests.filter(({ action }) => action === 'oauth2.token')).toHaveLength(1);
  const asked = requests.map(({ action, query }) => `${action} ${query}`);
  expect(
    asked.filter(
      (entry) =>
        entry.startsWith('storage.buckets.') && !/fields=lifecycle|fields=retentionPolicy|getIamPolicy/.test(entry),
    ),
  ).toEqual([]);
  expect(requests.filter(({ host }) => !/^(storage|oauth2)\.googleapis\.com$/.test(host))).toEqual([]);
  // Anonymous visitors are refused, and nobody else.
  expect(requests.filter(({ status, caller }) => status === 401 || (status === 403 && caller !== 'anonymous'))).toEqual(
    [],
  );
});

test('a thousand objects in a bucket stay as they are', async () => {
  for (const name of ['states', 'deliveries']) {
    const bucket = storage.gcs.bucket(real(name));
    for (let i = 0; i < 1000; i++) bucket.put(`runs/${i}`, String(i));
    bucket.put('spacelift-preflight/of-another', 'x');
    bucket.put('runs/7', 'again');
    bucket.remove('runs/7');
  }
  const was = storage.gcs.snapshot();
  expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
  expect(storage.gcs.snapshot()).toEqual(was);
});

describe.each(['server', 'drain'] as const)('under the role of the %s', (service) => {
  test('nothing fails or warns, versions are seen without looking, and ten runs leave nothing', async () => {
    for (let run = 0; run < 10; run++) {
      const result = await storage.check({ as: storage.keyFiles.spacelift, service });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(result.run.leftovers).toEqual([]);
      expect(result.ids('pass').length).toBeGreaterThan(30);
      for (const bucket of ['modules', 'run-logs', 'workspace']) {
        expect(result.finding(`object-storage/${bucket}/versioning`).title).toBe(
          `versioning is enabled on ${real(bucket)}`,
        );
      }
      expect(result.finding('object-storage/run-logs/retention')).toMatchObject({
        status: 'skip',
        title: 'reading the lifecycle rules of spacelift-run-logs requires storage.buckets.get',
      });
    }
    expect(storage.gcs.snapshot()).toEqual(before);
    const { requests } = storage.gcs;
    expect(requests.filter(({ status, caller }) => status === 403 && caller !== 'anonymous')).toEqual([]);
    expect(requests.filter(({ action }) => action.startsWith('storage.buckets.'))).toEqual([]);
  });
});

test('under the role of the scheduler there is nothing to try', async () => {
  const result = await storage.check({ as: storage.keyFiles.spacelift, service: 'scheduler' });
  expect(result.findings).toEqual([]);
  expect(storage.gcs.requests).toEqual([]);
});

test('with the service account and without --service, settings are skips that name the permission', async () => {
  const result = await storage.check({ as: storage.keyFiles.spacelift });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(result.ids('skip')).toEqual(NAMES.map((bucket) => `object-storage/${bucket}/retention`));
  expect(result.finding('object-storage/states/retention').title).toContain('storage.buckets.get');
  expect(result.finding('object-storage/states/versioning').status).toBe('pass');
  expect(storage.gcs.snapshot()).toEqual(before);
});

test('what the server writes to large queue messages is gone when the drain looks, and the skip says so', async () => {
  const id = 'object-storage/large-queue-messages/access';
  await storage.check({ as: storage.keyFiles.spacelift, service: 'server' });
  const found = (await storage.check({ as: storage.keyFiles.spacelift, service: 'drain' })).finding(id);
  expect(found).toMatchObject({
    status: 'skip',
    fix: 'run without --service, which writes an object and reads it back',
  });
  storage.gcs
    .bucket(real('large-queue-messages'))
    .put(PROBE, 'Written by spacelift-preflight to try this bucket. Safe to keep, safe to delete.\n');
  const left = await storage.check({ as: storage.keyFiles.spacelift, service: 'drain' });
  expect(left.finding(id).status).toBe('pass');
  expect(left.finding(id.replace('access', 'presigned')).status).toBe('pass');
});

test('a role that may not delete leaves one object and one generation, ever', async () => {
  storage.gcs.roles['roles/no-delete'] = ['storage.objects.create', 'storage.objects.get', 'storage.objects.list'];
  for (const bucket of NAMES) {
    storage.gcs.bucket(real(bucket)).bindings = [
      { role: 'roles/no-delete', members: [`serviceAccount:${storage.spacelift.email}`] },
    ];
  }
  const once = () =>
    storage.check({ as: storage.keyFiles.spacelift, service: 'server', only: ['object-storage/run-logs/*'] });
  const first = await once();
  expect(judged(first)).toEqual({ fail: [], warn: [] });
  expect(first.finding('object-storage/run-logs/versioning').status).toBe('skip');
  expect(first.finding('object-storage/run-logs/presigned').status).toBe('pass');
  expect(first.run.leftovers).toEqual([
    {
      what: `${PROBE} in spacelift-run-logs, which may stay`,
      command: `gcloud storage rm --all-versions gs://spacelift-run-logs/${PROBE}`,
      mayStay: true,
    },
  ]);
  const left = storage.gcs.snapshot();
  expect(
    storage.gcs
      .bucket(real('run-logs'))
      .list(true)
      .map(({ name }) => name),
  ).toEqual([PROBE]);
  for (let run = 1; run < 10; run++) expect(judged(await once())).toEqual({ fail: [], warn: [] });
  expect(storage.gcs.snapshot()).toEqual(left);
});

test('a role that may delete and not list removes nothing that it could not remove for good', async () => {
  storage.gcs.roles['roles/no-list'] = ['storage.objects.create', 'storage.objects.get', 'storage.objects.delete'];
  storage.gcs.bucket(real('uploads')).bindings = [
    { role: 'roles/no-list', members: [`serviceAccount:${storage.spacelift.email}`] },
  ];
  for (let run = 0; run < 3; run++) {
    const result = await storage.check({
      as: storage.keyFiles.spacelift,
      service: 'server',
      only: ['object-storage/uploads/*'],
    });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
  }
  expect(
    storage.gcs
      .bucket(real('uploads'))
      .list(true)
      .map(({ name }) => name),
  ).toEqual([PROBE]);
});

test('--read-only writes nothing, and looks all the same', async () => {
  const result = await storage.check({ readOnly: true });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(result.finding('object-storage/states/versioning').status).toBe('pass');
  const written = storage.gcs.requests.filter(
    ({ method, action }) => !['GET', 'OPTIONS'].includes(method) && action !== 'oauth2.token',
  );
  expect(written).toEqual([]);
});

test.each(['object-storage/states/versioning', 'object-storage/uploads/proxy', 'object-storage/*/public'])(
  '%s alone works too',
  async (only) => {
    const result = await storage.check({ only: [only] });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.ids('pass').length).toBeGreaterThan(0);
    expect(result.run.leftovers).toEqual([]);
    expect(storage.gcs.snapshot()).toEqual(before);
  },
);

test('ten buckets are checked at once', async () => {
  // Loads the libraries.
  await storage.check({ only: ['object-storage/states/*'] });
  const asked: string[] = [];
  storage.gcs.faults = {
    // Signing in takes work, which a busy machine does one bucket after the other.
    delayMs: 500,
    hangFor: ({ bucket = '' }) => {
      if (bucket !== '') asked.push(bucket);
      return false;
    },
  };
  const result = await storage.check();
  storage.gcs.faults = {};
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expectAtOnce(asked, 10);
});

test('an emulator is asked without a token', async () => {
  const { gcs, variables, keyFiles } = storage;
  for (const bucket of NAMES) {
    gcs.bucket(real(bucket)).bindings.push({ role: 'roles/storage.admin', members: ['allUsers'] });
  }
  const result = await storage.check({
    variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: gcs.url },
    environment: { HTTPS_PROXY: '', HTTP_PROXY: '', STORAGE_EMULATOR_HOST: gcs.url.replace('http://', '') },
    skip: ['object-storage/*/public'],
    as: keyFiles.spacelift,
  });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(result.finding('object-storage/states/access').status).toBe('pass');
  expect(variables.OBJECT_STORAGE_TYPE).toBe('gcp');
});
