/** What may be wrong with credentials, buckets and their settings. */
import { rolePolicy } from '../../checks/object-storage/storage.ts';
import type { LifecycleRule, Statement } from '../../services/s3/index.ts';
import { config, FIRST } from '../arrange.ts';
import type { Fault } from '../fault.ts';
import { bucket, cleared, user } from './arrange.ts';

const EVERYONE: Statement = {
  Effect: 'Allow',
  Principal: '*',
  Action: 's3:GetObject',
  Resource: 'arn:aws:s3:::spacelift-deliveries/*',
};
const policy = (...Statement: Statement[]) => ({ policy: { Version: '2012-10-17', Statement } }) as const;

const rule = (more: Partial<LifecycleRule>): LifecycleRule => ({
  ID: 'old',
  Status: 'Enabled',
  Filter: { Prefix: '' },
  ...more,
});

/** A role of the vendor's without one of its permissions, in one bucket or in all. */
const without = (as: 'server' | 'drain', grant: string, of?: string) =>
  user(as, { policy: rolePolicy(as, { grant, ...(of !== undefined && { bucket: of }) }) });

const CREDENTIALS: readonly Fault[] = [
  {
    name: 'wrong MinIO secret',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'not-the-secret' })),
    fail: [FIRST],
    says: /^MinIO rejected the secret key/,
  },
  {
    name: 'unknown MinIO key',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_ACCESS_KEY_ID: 'nobody' })),
    fail: [FIRST],
    says: /^MinIO does not recognize the access key/,
  },
  {
    name: 'a MinIO key that has expired',
    arrange: user('spacelift', { expired: true }),
    fail: [FIRST],
    says: /^the credentials have expired/,
  },
];

const DENIED: readonly Fault[] = (
  [
    ['server', 'Put', 'states', 's3:PutObject'],
    ['server', 'Get', 'modules', 's3:GetObject'],
    ['server', 'List', 'run-logs', 's3:ListBucket'],
    ['server', 'Delete', 'metadata', 's3:DeleteObject'],
    ['server', 'Put', 'large-queue-messages', 's3:PutObject'],
    ['drain', 'Get', 'large-queue-messages', 's3:GetObject'],
    ['drain', 'List', 'states', 's3:ListBucket'],
    ['drain', 'Put', 'metadata', 's3:PutObject'],
    ['drain', 'Delete', 'metadata', 's3:DeleteObject'],
  ] as const
).map(([as, grant, of, permission]) => ({
  name: `the ${as} may not ${grant.toLowerCase()} in ${of} on MinIO`,
  as,
  arrange: cleared(without(as, grant, of)),
  leaves: true,
  fail: [`object-storage/${of}/access`],
  says: new RegExp(`^the credentials lack ${permission} on spacelift-${of}`),
}));

const BUCKETS: readonly Fault[] = [
  {
    name: 'the server may write nowhere on MinIO',
    as: 'server',
    arrange: cleared(without('server', 'Put')),
    fail: [FIRST],
    says: /^the credentials lack s3:PutObject/,
  },
  {
    name: 'one bucket missing',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_STATES: 'not-there' })),
    fail: ['object-storage/states/access'],
    says: /^bucket not-there does not exist$/m,
  },
  {
    name: 'one bucket missing, as the drain sees it',
    as: 'drain',
    arrange: cleared(config(() => ({ OBJECT_STORAGE_BUCKET_RUN_LOGS: 'not-there' }))),
    fail: ['object-storage/run-logs/access'],
    // MinIO tells it only to who may do there what is asked.
    says: /^the credentials lack s3:PutObject on not-there\nA wrong bucket name/,
    leaves: true,
  },
  {
    name: 'one bucket missing under --read-only',
    options: { readOnly: true },
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_MODULES: 'not-there' })),
    fail: ['object-storage/modules/access'],
    says: /^bucket not-there does not exist$/m,
  },
  {
    name: 'two variables, one bucket',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_WORKSPACE: 'spacelift-user-uploaded-workspaces' })),
    warn: ['object-storage/distinct'],
    says: /OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES and OBJECT_STORAGE_BUCKET_WORKSPACE both name spacelift-user-uploaded-workspaces/,
  },
];

const SETTINGS: readonly Fault[] = [
  {
    name: 'versioning off on states',
    arrange: bucket('spacelift-states', { versioning: undefined }),
    fail: ['object-storage/states/versioning'],
    says: /^versioning is not enabled on spacelift-states$/m,
  },
  {
    name: 'versioning suspended on states',
    arrange: bucket('spacelift-states', { versioning: 'Suspended' }),
    fail: ['object-storage/states/versioning'],
    says: /^versioning is not enabled on spacelift-states$/m,
  },
  {
    name: 'versioning off where suggested',
    arrange: bucket('spacelift-modules', { versioning: undefined }),
    warn: ['object-storage/modules/versioning'],
    says: /^versioning is not enabled on spacelift-modules$/m,
  },
  {
    name: 'a lifecycle rule on states',
    arrange: bucket('spacelift-states', { lifecycle: [rule({ Expiration: { Days: 30 } })] }),
    fail: ['object-storage/states/retention'],
    says: /^objects in spacelift-states expire\nold: after 30 days$/,
  },
  {
    name: 'a lifecycle rule on modules that comes on a date',
    arrange: bucket('spacelift-modules', { lifecycle: [rule({ Expiration: { Date: '2030-01-01T00:00:00.000Z' } })] }),
    fail: ['object-storage/modules/retention'],
    says: /^objects in spacelift-modules expire\nold: on 2030-01-01$/,
  },
  {
    name: 'a lifecycle rule on states that is disabled, and one for older versions',
    arrange: bucket('spacelift-states', {
      lifecycle: [
        rule({ Status: 'Disabled', Expiration: { Days: 30 } }),
        rule({ ID: 'versions', NoncurrentVersionExpiration: { NoncurrentDays: 90 } }),
      ],
    }),
  },
  {
    name: 'no expiry on uploads',
    arrange: bucket('spacelift-uploads', { lifecycle: undefined }),
    warn: ['object-storage/uploads/retention'],
    says: /^objects in spacelift-uploads never expire$/m,
  },
  {
    name: 'an expiry of run logs that is switched off',
    arrange: bucket('spacelift-run-logs', { lifecycle: [rule({ Status: 'Disabled', Expiration: { Days: 60 } })] }),
    warn: ['object-storage/run-logs/retention'],
    says: /^objects in spacelift-run-logs never expire$/m,
  },
  {
    name: 'a bucket that everyone can read',
    arrange: bucket('spacelift-deliveries', policy(EVERYONE)),
    warn: ['object-storage/deliveries/public'],
    says: /^anyone can read spacelift-deliveries$/m,
  },
  {
    name: 'a bucket that everyone can write to',
    arrange: bucket('spacelift-deliveries', policy({ ...EVERYONE, Action: 's3:PutObject' })),
    warn: ['object-storage/deliveries/public'],
    says: /^the policy of spacelift-deliveries allows public access$/m,
  },
  {
    name: 'a bucket policy that a condition limits',
    arrange: bucket(
      'spacelift-deliveries',
      policy({ ...EVERYONE, Condition: { StringLike: { 'aws:Referer': 'https://spacelift.corp.internal/*' } } }),
    ),
  },
];

export const OF_BUCKETS: readonly Fault[] = [...CREDENTIALS, ...DENIED, ...BUCKETS, ...SETTINGS];
