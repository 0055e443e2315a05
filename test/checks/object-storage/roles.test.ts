import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { PolicyDocument } from '../../services/s3/index.ts';
import {
  contents,
  DRAIN,
  judged,
  NAMES,
  OPERATOR,
  PROBE,
  real,
  rolePolicy,
  SERVER,
  type Storage,
  startStorage,
} from './storage.ts';

let storage: Storage;
beforeEach(async () => {
  storage = await startStorage();
});
afterEach(() => storage.store.close());

const asServer = { as: 'server', service: 'server' } as const;
const asDrain = { as: 'drain', service: 'drain' } as const;

/** Where a role can't remove what it writes: the bucket is versioned, or the role may not delete there. */
const KEPT = {
  server: NAMES.filter((bucket) => bucket !== 'metadata'),
  drain: NAMES.filter((bucket) => !['metadata', 'states', 'uploads', 'large-queue-messages'].includes(bucket)),
};
const once = (buckets: readonly string[]) => buckets.map((bucket) => `${bucket}/${PROBE} 1`);

describe('the server’s role', () => {
  test('passes when it is right, and leaves one object per bucket however often it runs', async () => {
    for (let run = 0; run < 10; run++) {
      const result = await storage.check(asServer);
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(contents(storage.store)).toEqual(once(KEPT.server));
      expect(result.run.leftovers.map(({ what }) => what)).toEqual(
        KEPT.server.map((bucket) => `${PROBE} in ${real(bucket)}, which may stay`),
      );
      for (const rule of ['access', 'presigned', 'versioning', 'public']) {
        expect(result.ids('pass')).toContain(`object-storage/states/${rule}`);
      }
      expect(result.ids('pass')).toEqual(
        expect.arrayContaining(['cors', 'proxy'].map((r) => `object-storage/uploads/${r}`)),
      );
    }
  });

  test('performs only what the server does: nothing is denied, nothing is looked at', async () => {
    await storage.check(asServer);
    await storage.check(asServer);
    const { requests } = storage.store;
    const denied = requests.filter(({ status, user }) => status === 403 && user !== 'anonymous');
    expect(denied).toEqual([]);
    const actions = new Set(requests.map(({ action }) => action));
    expect([...actions].sort()).toEqual(['CORSPreflight', 'DeleteObject', 'GetObject', 'ListObjectsV2', 'PutObject']);
    const deleted = requests.filter(({ action }) => action === 'DeleteObject');
    expect(deleted.every(({ path }) => path.startsWith('/spacelift-metadata/'))).toBe(true);
  });

  test('retention is a skip that names the permission', async () => {
    const result = await storage.check(asServer);
    expect(result.finding('object-storage/states/retention')).toMatchObject({
      status: 'skip',
      title: expect.stringContaining('s3:GetLifecycleConfiguration'),
    });
  });

  test.each([
    ['Put', 'states', 's3:PutObject'],
    ['Get', 'states', 's3:GetObject'],
    ['List', 'modules', 's3:ListBucket'],
    ['Delete', 'metadata', 's3:DeleteObject'],
  ])('without %s on %s', async (grant, bucket, permission) => {
    storage.store.users = [{ ...SERVER, policy: rolePolicy('server', { bucket, grant }) }];
    const result = await storage.check(asServer);
    expect(judged(result)).toEqual({ fail: [`${bucket}/access`], warn: [] });
    expect(result.finding(`object-storage/${bucket}/access`)).toMatchObject({
      title: `the credentials lack ${permission} on ${real(bucket)}`,
      fix: expect.stringContaining('mc admin policy attach minio POLICY --user server'),
    });
  });

  test('an operation that is denied everywhere is one failure that names the buckets', async () => {
    storage.store.users = [{ ...SERVER, policy: rolePolicy('server', { grant: 'Put' }) }];
    const result = await storage.check(asServer);
    expect(judged(result)).toEqual({ fail: ['deliveries/access'], warn: [] });
    const { title, affected } = result.finding('object-storage/deliveries/access');
    expect(title).toBe('the credentials lack s3:PutObject');
    expect(affected).toEqual(NAMES.map((bucket) => `object-storage/${bucket}/access`));
    expect(result.run.leftovers).toEqual([]);
  });

  test('versioning is learned from the write', async () => {
    storage.store.bucket(real('states')).versioning = undefined;
    storage.store.bucket(real('run-logs')).versioning = undefined;
    const first = await storage.check(asServer);
    expect(judged(first)).toEqual({ fail: ['states/versioning'], warn: ['run-logs/versioning'] });
    expect(contents(storage.store)).not.toContain(`states/${PROBE} 1`);

    storage.store.bucket(real('states')).versioning = 'Enabled';
    storage.store.bucket(real('run-logs')).versioning = 'Enabled';
    const second = await storage.check(asServer);
    expect(judged(second)).toEqual({ fail: [], warn: [] });
    expect(second.finding('object-storage/states/versioning').status).toBe('pass');
    const stale = second.finding('object-storage/run-logs/versioning');
    expect(stale).toMatchObject({ status: 'skip', detail: expect.stringContaining('s3:GetBucketVersioning') });
    expect(contents(storage.store)).toContain(`run-logs/${PROBE} 1`);
  });

  test('interrupted in the middle of its first write, it leaves no more', async () => {
    const interrupt = new AbortController();
    storage.store.faults = { delayMs: 50 };
    setTimeout(() => interrupt.abort(), 150);
    const result = await storage.check({ ...asServer, interrupt: interrupt.signal });
    expect(result.run.interrupted).toBe(true);
    const left = contents(storage.store);
    expect(once(KEPT.server)).toEqual(expect.arrayContaining(left));
    expect(result.run.leftovers).toHaveLength(left.length);
  });
});

describe('the drain’s role', () => {
  test('after the server it passes, reads what the server wrote, and deletes nothing in states', async () => {
    await storage.check(asServer);
    const before = storage.store.snapshot();
    storage.store.requests.length = 0;
    const result = await storage.check(asDrain);
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding('object-storage/large-queue-messages/access').title).toBe(
      'test object read in spacelift-large-queue-messages',
    );
    expect(result.finding('object-storage/large-queue-messages/presigned').status).toBe('pass');
    expect(result.finding('object-storage/states/access').title).toBe('test object listed in spacelift-states');
    expect(storage.store.snapshot()).toEqual(before);
    const inStates = storage.store.requests.filter(({ path }) => path.startsWith('/spacelift-states'));
    expect(inStates.map(({ action, user }) => [action, user])).toEqual(
      expect.arrayContaining([
        ['ListObjectsV2', 'drain'],
        ['GetObject', 'anonymous'],
      ]),
    );
    expect(inStates).toHaveLength(2);
    expect(result.findings.some(({ id }) => id.includes('/uploads/'))).toBe(false);
  });

  test('alone it leaves one object per bucket, and finds no large message to read', async () => {
    for (let run = 0; run < 3; run++) {
      const result = await storage.check(asDrain);
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(contents(storage.store)).toEqual(once(KEPT.drain));
      expect(result.finding('object-storage/large-queue-messages/access')).toMatchObject({
        status: 'skip',
        title: 'nothing to read in spacelift-large-queue-messages yet',
        fix: expect.stringContaining('--service server'),
      });
    }
  });

  test('without the permission to read large messages', async () => {
    storage.store.users = [{ ...DRAIN, policy: rolePolicy('drain', { bucket: 'large-queue-messages', grant: 'Get' }) }];
    expect(judged(await storage.check(asDrain))).toEqual({ fail: ['large-queue-messages/access'], warn: [] });
  });

  test('without versioning shown, states are a skip', async () => {
    storage.store.bucket(real('states')).versioning = undefined;
    const result = await storage.check(asDrain);
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(result.finding('object-storage/states/versioning').status).toBe('skip');
  });
});

describe('a role without --service', () => {
  test.each(['server', 'drain'] as const)('what only the other does is a skip: %s', async (as) => {
    const other = as === 'server' ? 'drain' : 'server';
    for (let run = 0; run < 3; run++) {
      const result = await storage.check({ as });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(result.finding('object-storage/large-queue-messages/access')).toMatchObject({
        status: 'skip',
        title: expect.stringContaining(`only the ${other} needs`),
        fix: expect.stringContaining(`--service ${other}`),
      });
      // MinIO lets whoever may delete and list remove versions too.
      const kept = KEPT[as].filter((bucket) => bucket !== 'modules' && bucket !== 'states');
      expect(contents(storage.store)).toEqual(once(kept));
    }
  });

  test('all but deleting versions: ten runs leave what one run leaves', async () => {
    const policy: PolicyDocument = {
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        { Effect: 'Deny', Action: 's3:DeleteObjectVersion', Resource: '*' },
      ],
    };
    storage.store.users = [{ ...OPERATOR, policy }];
    const versioned = ['modules', 'run-logs', 'states', 'uploads', 'user-uploaded-workspaces', 'workspace'];
    for (let run = 0; run < 10; run++) {
      const result = await storage.check();
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(result.ids('skip')).toEqual([]);
      expect(contents(storage.store)).toEqual(once(versioned));
    }
  });

  test('suspended versioning, which no write shows: ten runs leave one object and no trace of deleting', async () => {
    const policy: PolicyDocument = {
      Statement: [
        { Effect: 'Allow', Action: ['s3:PutObject', 's3:GetObject', 's3:DeleteObject'], Resource: '*' },
        { Effect: 'Deny', Action: 's3:DeleteObjectVersion', Resource: '*' },
      ],
    };
    storage.store.users = [{ ...OPERATOR, policy }];
    storage.store.bucket(real('metadata')).versioning = 'Suspended';
    for (let run = 0; run < 10; run++) {
      const result = await storage.check({ service: 'server', only: ['object-storage/metadata/*'] });
      expect(judged(result)).toEqual({ fail: [], warn: [] });
      expect(contents(storage.store)).toEqual(once(['metadata']));
    }
  });

  test('an object from before versioning says nothing, so the setting is asked for', async () => {
    const policy: PolicyDocument = {
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        { Effect: 'Deny', Action: ['s3:DeleteObjectVersion', 's3:DeleteObject'], Resource: '*' },
      ],
    };
    storage.store.users = [{ ...OPERATOR, policy }];
    const logs = storage.store.bucket(real('run-logs'));
    logs.versioning = undefined;
    const only = ['object-storage/run-logs/*'];
    expect(judged(await storage.check({ only }))).toEqual({ fail: [], warn: ['run-logs/versioning'] });
    expect(judged(await storage.check({ only }))).toEqual({ fail: [], warn: ['run-logs/versioning'] });
    logs.versioning = 'Enabled';
    expect(judged(await storage.check({ only }))).toEqual({ fail: [], warn: [] });
    expect(contents(storage.store)).toEqual(once(['run-logs']));
  });

  test('deleting, which both services do, must be allowed', async () => {
    const policy: PolicyDocument = {
      Statement: [
        { Effect: 'Allow', Action: 's3:*', Resource: '*' },
        { Effect: 'Deny', Action: 's3:DeleteObject', Resource: 'arn:aws:s3:::spacelift-metadata/*' },
      ],
    };
    storage.store.users = [{ ...OPERATOR, policy }];
    for (let run = 0; run < 2; run++) {
      const result = await storage.check();
      expect(judged(result)).toEqual({ fail: ['metadata/access'], warn: [] });
      expect(contents(storage.store)).toEqual(once(['metadata']));
    }
    storage.store.users = [OPERATOR];
    expect(judged(await storage.check())).toEqual({ fail: [], warn: [] });
  });

  test('what an earlier run could not delete goes once deleting is allowed, where there are no versions', async () => {
    const statements: PolicyDocument['Statement'] = [
      { Effect: 'Allow', Action: 's3:*', Resource: '*' },
      { Effect: 'Deny', Action: 's3:DeleteObjectVersion', Resource: '*' },
    ];
    const noDeletion: PolicyDocument['Statement'] = [{ Effect: 'Deny', Action: 's3:DeleteObject', Resource: '*' }];
    const only = ['object-storage/metadata/*'];
    storage.store.users = [{ ...OPERATOR, policy: { Statement: [...statements, ...noDeletion] } }];
    expect(judged(await storage.check({ only })).fail).toEqual(['metadata/access']);
    storage.store.users = [{ ...OPERATOR, policy: { Statement: statements } }];
    expect(judged(await storage.check({ only }))).toEqual({ fail: [], warn: [] });
    expect(contents(storage.store)).toEqual([]);
  });
});

// Tried again: one run may remove the constant object just before another, which has found it, reads it by a signed URL.
test('two services at once do not disturb each other', { repeats: 5 }, async () => {
  for (const bucket of NAMES) storage.store.bucket(real(bucket)).versioning = undefined;
  // The constant object of one run vanishes at every point of the others.
  storage.store.faults = { delayMs: () => Math.random() * 40 };
  const results = await Promise.all([
    storage.check(asServer),
    storage.check(asDrain),
    storage.check(asServer),
    storage.check(),
  ]);
  for (const result of results) {
    expect(judged(result).fail.filter((id) => id !== 'states/versioning')).toEqual([]);
    expect(judged(result).warn.every((id) => id.endsWith('/versioning'))).toBe(true);
  }
  expect(contents(storage.store)).toEqual(once(['deliveries', 'large-queue-messages', 'policy-inputs', 'run-logs']));
});

test('a scheduler uses no bucket', async () => {
  expect((await storage.check({ service: 'scheduler' })).findings).toEqual([]);
  expect(storage.store.requests).toEqual([]);
});

test('a bucket whose variable the service does not have is skipped', async () => {
  const result = await storage.check({ ...asServer, variables: { OBJECT_STORAGE_BUCKET_METADATA: '' } });
  expect(judged(result)).toEqual({ fail: [], warn: [] });
  expect(result.finding('object-storage/metadata/access')).toMatchObject({
    status: 'skip',
    title: 'OBJECT_STORAGE_BUCKET_METADATA is not set',
  });
});

describe('--read-only', () => {
  test('writes nothing, and judges what looking shows', async () => {
    const before = storage.store.snapshot();
    storage.store.bucket(real('modules')).versioning = 'Suspended';
    storage.store.bucket(real('uploads')).lifecycle = undefined;
    const result = await storage.check({ readOnly: true });
    expect(judged(result)).toEqual({ fail: [], warn: ['modules/versioning', 'uploads/retention'] });
    expect(result.finding('object-storage/states/access').title).toContain('--read-only');
    expect(result.finding('object-storage/states/versioning').status).toBe('pass');
    expect(result.finding('object-storage/uploads/cors').status).toBe('pass');
    expect(new Set(storage.store.requests.map(({ method }) => method))).toEqual(new Set(['GET', 'OPTIONS']));
    expect(result.run.leftovers).toEqual([]);
    expect({ ...storage.store.snapshot(), ...pick(before, 'modules', 'uploads') }).toEqual(before);
  });

  test('finds what is missing or wrong all the same, once', async () => {
    const missing = await storage.check({ readOnly: true, variables: { OBJECT_STORAGE_BUCKET_STATES: 'not-there' } });
    expect(judged(missing)).toEqual({ fail: ['states/access'], warn: [] });
    const wrong = await storage.check({
      readOnly: true,
      variables: { OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' },
    });
    expect(judged(wrong)).toEqual({ fail: ['deliveries/access'], warn: [] });
  });

  test('under a role it passes with what the role may see', async () => {
    const result = await storage.check({ ...asServer, readOnly: true });
    expect(judged(result)).toEqual({ fail: [], warn: [] });
    expect(contents(storage.store)).toEqual([]);
  });
});

function pick(snapshot: Record<string, object>, ...buckets: string[]): Record<string, object> {
  return Object.fromEntries(buckets.map((bucket) => [real(bucket), snapshot[real(bucket)] ?? {}]));
}
