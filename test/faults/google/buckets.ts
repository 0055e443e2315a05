/** What the service's role may do in its buckets on Google Cloud, and how the buckets are set up. */
import { expiry } from '../../checks/object-storage/gcp-storage.ts';
import { real } from '../../checks/object-storage/storage.ts';
import type { FaultRequest } from '../../services/gcs/index.ts';
import { bucketVariable, config, FIRST, SIGNED } from '../arrange.ts';
import type { Fault } from '../fault.ts';
import { empty, kept, onGke, refusing, settings, without } from './arrange.ts';

const SPACELIFT = 'spacelift@preflight-test\\.iam\\.gserviceaccount\\.com';
const isPut = ({ action }: FaultRequest) => action === 'storage.objects.insert';
const isSigned = ({ query }: FaultRequest) => query.includes('X-Goog-Algorithm');
const ALLOWED = { method: ['PUT', 'POST'], responseHeader: ['*'], maxAgeSeconds: 3600 };

const denied = (verb: string, bucket: string, words: string, leaves?: { leaves: true }): Fault => ({
  ...leaves,
  name: `storage.objects.${verb} denied in the ${bucket} bucket`,
  as: 'server',
  arrange: without(verb, [bucket]),
  fail: [`object-storage/${bucket}/access`],
  says: new RegExp(`^the credentials lack storage\\.objects\\.${verb}, which is needed to ${words} ${real(bucket)}`),
});

const policy = (name: string, member: string, role: string, says: RegExp): Fault => ({
  name,
  arrange: settings('states', {
    bindings: [{ role, members: [member] }],
  }),
  warn: ['object-storage/states/public'],
  says,
});

const holding = refusing(
  ({ action, bucket, query }) =>
    action === 'storage.objects.delete' && bucket === real('metadata') && query !== 'generation=1',
  {
    status: 403,
    reason: 'retentionPolicyNotMet',
    message:
      "Object 'x' is subject to bucket's retention policy or object retention and cannot be deleted or overwritten until 2031-01-01",
  },
);

const KEPT = /^a retention policy or hold prevents the deletion of objects in spacelift-metadata\nSpacelift overwrites/;

export const BUCKETS: readonly Fault[] = onGke(
  denied('create', 'deliveries', 'write to'),
  denied('get', 'states', 'read from'),
  denied('list', 'modules', 'list', { leaves: true }),
  denied('delete', 'metadata', 'delete from', { leaves: true }),
  {
    name: 'storage.objects.create denied in all Google buckets',
    as: 'server',
    arrange: without('create'),
    fail: [FIRST],
    says: new RegExp(`storage\\.objects\\.create is missing for ${SPACELIFT}`),
  },
  {
    name: 'storage.objects.get denied in all Google buckets',
    as: 'drain',
    arrange: without('get'),
    fail: [FIRST],
    says: new RegExp(`storage\\.objects\\.get is missing for ${SPACELIFT}`),
  },
  {
    name: 'storage.objects.delete denied in all Google buckets',
    as: 'drain',
    arrange: without('delete'),
    fail: ['object-storage/metadata/access'],
    says: new RegExp(`storage\\.objects\\.delete is missing for ${SPACELIFT}`),
    leaves: true,
  },
  { name: 'a scheduler without any permission at Google', as: 'scheduler', arrange: without('create') },
  {
    name: 'a Google bucket that is not there',
    arrange: config(() => bucketVariable('states', 'corp-spacelift-states')),
    fail: ['object-storage/states/access'],
    says: /^bucket corp-spacelift-states does not exist/,
  },
  {
    name: 'a Google bucket of another project',
    as: 'server',
    arrange: settings('workspace', { bindings: [] }),
    fail: ['object-storage/workspace/access'],
    says: /storage\.objects\.create.*spacelift-workspace|spacelift-workspace.*storage\.objects\.create/,
  },
  {
    name: 'a Google bucket name with capitals',
    arrange: (there) => ({
      ...refusing(({ bucket }) => bucket === 'Corp_States', {
        status: 400,
        reason: 'invalid',
        message: "Invalid bucket name: 'Corp_States'",
      })(there),
      variables: bucketVariable('states', 'Corp_States'),
    }),
    fail: ['object-storage/states/access'],
    says: /^Corp_States is not a valid bucket name/,
  },
  {
    name: 'a KMS key of Google buckets that can’t be used',
    arrange: refusing(isPut, {
      status: 403,
      reason: 'forbidden',
      message:
        'Permission denied on Cloud KMS key. Please ensure that your Cloud Storage service account has been authorized to use this key.',
    }),
    fail: [FIRST],
    says: /^the key that encrypts the buckets can’t be used\n.*Cloud KMS key/,
  },
  {
    name: 'a Google project without billing',
    arrange: refusing(isPut, {
      status: 403,
      reason: 'accountDisabled',
      message: 'The billing account for the owning project is disabled in state absent',
    }),
    fail: [FIRST],
    says: /^the project of the buckets has no active billing account/,
  },
  {
    name: 'a VPC Service Controls perimeter',
    arrange: refusing(isPut, {
      status: 403,
      reason: 'forbidden',
      message: "Request is prohibited by organization's policy. vpcServiceControlsUniqueIdentifier: abcdef",
    }),
    fail: [FIRST],
    says: /^a VPC Service Controls perimeter blocks this network from the buckets/,
  },
  {
    name: 'a retention policy on a Google bucket',
    arrange: async (there) => {
      const { undo } = await holding(there);
      return {
        undo: async () => {
          await undo?.();
          empty(there.estate.gcp.gcs.bucket(real('metadata')));
        },
      };
    },
    fail: ['object-storage/metadata/access'],
    says: /^a retention policy or hold prevents the deletion of objects in spacelift-metadata/,
    leaves: true,
  },
  {
    name: 'a retention policy on a Google bucket, which the operator sees first',
    arrange: kept('metadata', { versioning: { enabled: false }, retentionPolicy: { retentionPeriod: '86400' } }),
    fail: ['object-storage/metadata/access'],
    says: KEPT,
    leaves: true,
  },
  {
    name: 'an event-based hold on every new object of a Google bucket',
    arrange: kept('metadata', { defaultEventBasedHold: true }),
    fail: ['object-storage/metadata/access'],
    says: KEPT,
    leaves: true,
  },
  {
    name: 'a retention policy on a versioned Google bucket',
    arrange: kept('states', { versioning: { enabled: true }, retentionPolicy: { retentionPeriod: '86400' } }),
    leaves: true,
  },
  {
    name: 'soft deletion at Google, which every new bucket has',
    arrange: kept('states', { softDeletePolicy: { retentionDurationSeconds: '604800' } }),
  },
  {
    name: 'versioning off on states at Google',
    arrange: settings('states', { versioning: { enabled: false } }),
    fail: ['object-storage/states/versioning'],
    says: /^versioning is not enabled on spacelift-states/,
  },
  {
    name: 'versioning off on states at Google, seen by the server',
    as: 'server',
    arrange: settings('states', { versioning: { enabled: false } }),
    fail: ['object-storage/states/versioning'],
    says: /^versioning is not enabled on spacelift-states/,
  },
  {
    name: 'a lifecycle rule of Google on states',
    arrange: settings('states', { lifecycle: { rule: [expiry(30)] } }),
    fail: ['object-storage/states/retention'],
    says: /^objects in spacelift-states expire\nrule 1: after 30 days/,
  },
  {
    name: 'a lifecycle rule of Google for older versions only',
    arrange: settings('states', {
      lifecycle: { rule: [{ action: { type: 'Delete' }, condition: { numNewerVersions: 3 } }] },
    }),
  },
  {
    name: 'no lifecycle rule on Google uploads',
    arrange: settings('uploads', { lifecycle: { rule: [] } }),
    warn: ['object-storage/uploads/retention'],
    says: /spacelift-uploads/,
  },
  policy(
    'a Google bucket that everyone can read',
    'allUsers',
    'roles/storage.objectViewer',
    /^anyone can read spacelift-states/,
  ),
  policy(
    'a Google bucket that every Google account can write to',
    'allAuthenticatedUsers',
    'roles/storage.objectCreator',
    /^the policy of spacelift-states allows public access/,
  ),
  {
    name: 'a public binding that public access prevention stops',
    arrange: settings('states', {
      bindings: [{ role: 'roles/storage.objectViewer', members: ['allUsers'] }],
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
    }),
  },
  {
    name: 'no CORS on Google uploads',
    arrange: settings('uploads', { cors: [] }),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS on Google uploads without POST',
    arrange: settings('uploads', { cors: [{ ...ALLOWED, origin: ['https://localhost'], method: ['PUT'] }] }),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow POST from https:\/\/localhost to spacelift-uploads/,
  },
  {
    name: 'CORS on Google uploads for any origin',
    arrange: settings('uploads', { cors: [{ ...ALLOWED, origin: ['*'] }] }),
  },
  {
    name: 'an uploads URL with the Google bucket in the host',
    arrange: config(() => ({
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://spacelift-uploads.storage.googleapis.com',
    })),
    warn: ['object-storage/uploads/url'],
    says: /spacelift-uploads\.storage\.googleapis\.com.*https:\/\/storage\.googleapis\.com/,
  },
  {
    name: 'a proxy that breaks Google’s signed URLs',
    arrange: refusing(isSigned, { status: 403, reason: 'SignatureDoesNotMatch' }),
    fail: [SIGNED],
    says: /^pre-signed URLs are rejected\n.*a proxy in front of the store changes/,
  },
  {
    name: 'a proxy to Google that drops headers with underscores',
    arrange: refusing(({ headers }) => 'x-goog-meta-preflight_probe' in headers, {
      status: 400,
      reason: 'MalformedSecurityHeader',
    }),
    fail: ['object-storage/uploads/proxy'],
    says: /drops headers with underscores/,
  },
  {
    name: 'a proxy to Google that caps bodies',
    arrange: refusing(({ headers }) => Number(headers['content-length']) > 1_048_576, {
      status: 413,
      reason: 'EntityTooLarge',
    }),
    fail: ['object-storage/uploads/proxy'],
    says: /rejects request bodies of 2 MiB/,
  },
);
