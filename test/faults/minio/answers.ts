/** What MinIO, or a proxy in front of it, may answer instead. */
import { config, FIRST } from '../arrange.ts';
import type { Fault } from '../fault.ts';
import { always, bucket, cleared, refusingOnce, store } from './arrange.ts';

const HOUR_MS = 3_600_000;
const BUSY = { status: 503, code: 'SlowDown' };
const inASecond = () => ({ 'retry-after': new Date(Date.now() + 1000).toUTCString() });

export const OF_ANSWERS: readonly Fault[] = [
  {
    name: 'a MinIO whose clock is ahead',
    arrange: store({ faults: { clockOffsetMs: HOUR_MS } }),
    fail: [FIRST],
    says: /^the clocks of this machine and MinIO differ by 60 min\nMinIO’s clock is ahead\.$/,
  },
  {
    name: 'a MinIO whose clock is behind',
    arrange: store({ faults: { clockOffsetMs: -26 * HOUR_MS } }),
    fail: [FIRST],
    says: /^the clocks of this machine and MinIO differ by 26 h\nMinIO’s clock is behind\.$/,
  },
  { name: 'a MinIO whose clock is five minutes ahead', arrange: store({ faults: { clockOffsetMs: HOUR_MS / 12 } }) },
  { name: 'a MinIO that answers after 50 ms', arrange: store({ faults: { delayMs: 50 } }) },
  {
    name: 'a MinIO that asks to slow down once',
    arrange: refusingOnce({ ...BUSY, headers: { 'retry-after': '1' } }),
  },
  {
    name: 'a MinIO that asks to wait until a date once',
    arrange: (there) => refusingOnce({ ...BUSY, headers: inASecond() })(there),
  },
  {
    name: 'a gateway that has too many requests once',
    arrange: refusingOnce({ status: 429, code: 'TooManyRequests' }),
  },
  { name: 'a MinIO that fails once', arrange: refusingOnce({ status: 500, code: 'InternalError' }) },
  {
    name: 'a MinIO that asks to slow down, always',
    arrange: always({ ...BUSY, headers: { 'retry-after': '1' } }),
    fail: [FIRST],
    says: /^MinIO is throttling requests\n.*It asks clients to wait 1 s\.$/,
  },
  {
    name: 'a gateway with too many requests for two minutes',
    arrange: always({ status: 429, code: 'TooManyRequests', headers: { 'retry-after': '120' } }),
    fail: [FIRST],
    says: /^MinIO is throttling requests\n.*It asks clients to wait 2 min\.$/,
  },
  {
    name: 'a MinIO that fails to write',
    arrange: always({ status: 500, code: 'InternalError' }, ({ action }) => action === 'PutObject'),
    fail: [FIRST],
    says: /^MinIO failed \(HTTP 500\)$/m,
  },
  {
    name: 'a MinIO that fails to read one bucket',
    arrange: always(
      { status: 500, code: 'InternalError' },
      ({ action, bucket: of, query }) =>
        action === 'GetObject' && of === 'spacelift-metadata' && !/X-Amz-Signature/.test(query),
    ),
    fail: ['object-storage/metadata/access'],
    says: /^MinIO failed to read from spacelift-metadata \(HTTP 500\)$/m,
  },
  {
    name: 'a MinIO that is still starting',
    arrange: always({ status: 503, code: 'XMinioServerNotInitialized' }),
    fail: [FIRST],
    says: /^MinIO is still starting$/m,
  },
  {
    name: 'a MinIO without space',
    arrange: always({ status: 507, code: 'XMinioStorageFull' }, ({ method }) => method === 'PUT'),
    fail: [FIRST],
    says: /^MinIO has no space left$/m,
  },
  {
    name: 'a quota that is exhausted',
    arrange: always(
      { status: 400, code: 'XMinioAdminBucketQuotaExceeded' },
      ({ method, bucket: of }) => method === 'PUT' && of === 'spacelift-run-logs',
    ),
    fail: ['object-storage/run-logs/access'],
    says: /^the quota of spacelift-run-logs is exhausted$/m,
  },
  {
    name: 'what is read from MinIO is not what was written',
    arrange: store({ faults: { corruptReads: true } }),
    fail: [FIRST],
    says: /^the object read differs from the one written$/m,
  },
  {
    name: 'a MinIO that hangs',
    arrange: store({ faults: { hangFor: () => true } }),
    fail: [FIRST],
    says: /^connected to 127\.0\.0\.1:\d+, but got no response within 10 s\n.*The server hangs/,
  },
  {
    name: 'a proxy that changes pre-signed URLs',
    arrange: always({ status: 403, code: 'SignatureDoesNotMatch' }, ({ query }) => /X-Amz-Signature/.test(query)),
    fail: ['object-storage/deliveries/presigned'],
    says: /^pre-signed URLs are rejected\nSigned requests work/,
  },
  {
    name: 'another origin may upload',
    arrange: store({ corsAllowOrigin: 'https://other.corp.internal' }),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads$/m,
  },
  {
    name: 'several origins may upload, this one among them',
    arrange: store({ corsAllowOrigin: 'https://other.corp.internal,https://localhost' }),
  },
  {
    name: 'a proxy that answers preflights itself',
    arrange: always({ status: 405, code: 'MethodNotAllowed' }, ({ action }) => action === 'CORSPreflight'),
    fail: ['object-storage/uploads/cors'],
    says: /^CORS does not allow PUT or POST from https:\/\/localhost to spacelift-uploads$/m,
  },
  {
    name: 'a proxy that drops headers with underscores',
    arrange: store({ faults: { dropUnderscoreHeaders: true } }),
    fail: ['object-storage/uploads/proxy'],
    says: /drops headers with underscores\n.*x-amz-meta-preflight_probe does not arrive/,
  },
  {
    name: 'a proxy that caps bodies',
    arrange: store({ faults: { maxBodyBytes: 1024 * 1024 } }),
    fail: ['object-storage/uploads/proxy'],
    says: /rejects request bodies of 2 MiB\n.*returns HTTP 413/,
  },
  { name: 'a proxy that caps bodies at 3 MiB', arrange: store({ faults: { maxBodyBytes: 3 * 1024 * 1024 } }) },
  {
    name: 'a proxy that caps bodies, as the server sees it',
    as: 'server',
    arrange: cleared(store({ faults: { maxBodyBytes: 1024 * 1024 } })),
    leaves: true,
    fail: ['object-storage/uploads/proxy'],
    says: /rejects request bodies of 2 MiB\n.*returns HTTP 413/,
  },
  {
    name: 'uploads URL of another origin',
    arrange: config(() => ({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'https://uploads.corp.io' })),
    warn: ['object-storage/uploads/url'],
    says: /^the uploads URL points to https:\/\/uploads\.corp\.io, but uploads go to http:\/\/127\.0\.0\.1:\d+\n/,
  },
  {
    name: 'uploads URL with a path',
    arrange: config(({ OBJECT_STORAGE_BUCKET_UPLOADS_URL: url }) => ({
      OBJECT_STORAGE_BUCKET_UPLOADS_URL: `${url}/spacelift-uploads`,
    })),
  },
  {
    name: 'a MinIO that fails to delete what was written',
    arrange: cleared(
      always(
        { status: 500, code: 'InternalError' },
        ({ action, key = '', bucket: of }) =>
          action === 'DeleteObject' && of === 'spacelift-metadata' && !key.endsWith('/none'),
      ),
    ),
    fail: ['object-storage/metadata/access'],
    says: /^MinIO failed to delete from spacelift-metadata \(HTTP 500\)$/m,
    leaves: true,
  },
  {
    name: 'versioning off on states, as the server sees it',
    as: 'server',
    arrange: cleared(bucket('spacelift-states', { versioning: undefined })),
    leaves: true,
    fail: ['object-storage/states/versioning'],
    says: /^versioning is not enabled on spacelift-states$/m,
  },
];
