/** Stores that do less than MinIO, buckets that keep what is written, and what a proxy in front of a store may do. */

import { type ReverseProxyOptions, startReverseProxy } from '../../services/reverse-proxy.ts';
import type { FaultReply, FaultRequest } from '../../services/s3/types.ts';
import { bucketVariable, config, FIRST, isAction } from '../arrange.ts';
import type { Arrange, Arranged, Fault } from '../fault.ts';
import { always, atStore, bucket, cleared, store } from './arrange.ts';

const UNKNOWN: FaultReply = { status: 501, code: 'NotImplemented' };
const MIB = 1024 * 1024;
const BUCKETS = ['states', 'modules', 'run-logs', 'uploads', 'user-uploaded-workspaces', 'workspace'];

/** Several arrangements at once. */
const all =
  (...arranged: readonly Arrange[]): Arrange =>
  async (there) => {
    const made: Arranged[] = [];
    for (const arrange of arranged) made.push(await arrange(there));
    return {
      variables: Object.assign({}, ...made.map(({ variables }) => variables)),
      undo: async () => {
        for (const { undo } of made.toReversed()) await undo?.();
      },
    };
  };

/** Buckets without versions, as stores without versioning have them. */
const unversioned = all(...BUCKETS.map((name) => bucket(`spacelift-${name}`, { versioning: undefined })));
const without = (...actions: readonly string[]): Arrange => always(UNKNOWN, ({ action }) => actions.includes(action));
const locked = (mode: 'GOVERNANCE' | 'COMPLIANCE'): Arrange =>
  bucket('spacelift-states', { objectLock: { mode, days: 1 } });
const NOT_VERSIONED = BUCKETS.filter((name) => name !== 'states').map((name) => `object-storage/${name}/versioning`);

const LIMITED: readonly Fault[] = [
  {
    name: 'a store that can’t list versions',
    arrange: cleared(without('ListObjectVersions')),
    leaves: true,
  },
  {
    name: 'a store that lists no versions, although it has them',
    arrange: store({ faults: { emptyVersions: true } }),
  },
  {
    name: 'a store that lists no versions, and has none',
    arrange: all(unversioned, store({ faults: { emptyVersions: true } })),
    fail: ['object-storage/states/versioning'],
    warn: NOT_VERSIONED,
    says: /^versioning is not enabled on spacelift-/m,
  },
  {
    name: 'a store without versioning, lifecycle rules, policies and locks',
    arrange: all(
      unversioned,
      without(
        'ListObjectVersions',
        'GetBucketVersioning',
        'GetBucketLifecycleConfiguration',
        'GetBucketPolicy',
        'GetObjectLockConfiguration',
      ),
    ),
    fail: ['object-storage/states/versioning'],
    says: /^MinIO does not support versioning of spacelift-states$/m,
  },
  {
    name: 'a store without lifecycle rules',
    arrange: without('GetBucketLifecycleConfiguration'),
  },
  {
    name: 'a store without conditional writes, as the server sees it',
    as: 'server',
    arrange: cleared(always(UNKNOWN, ({ headers }) => headers['if-none-match'] !== undefined)),
    leaves: true,
  },
  {
    name: 'a store that can’t write',
    arrange: without('PutObject'),
    fail: [FIRST],
    says: /^MinIO does not support an operation that Spacelift performs: NotImplemented$/m,
  },
  {
    name: 'an error with a code that no one has heard of',
    arrange: always({ status: 418, code: 'x-vendor:Teapot_2' }, isAction('PutObject')),
    fail: [FIRST],
    says: /^MinIO refused a request: x-vendor:Teapot_2$/m,
  },
];

const LOCKED: readonly Fault[] = [
  { name: 'states under governance for a day', arrange: cleared(locked('GOVERNANCE')), leaves: true },
  { name: 'states under compliance for a day', arrange: cleared(locked('COMPLIANCE')), leaves: true },
  {
    name: 'states under compliance, which the server can’t see',
    as: 'server',
    arrange: cleared(locked('COMPLIANCE')),
    leaves: true,
  },
  {
    name: 'states under compliance, which the operator may not look at',
    arrange: cleared(
      all(locked('COMPLIANCE'), always({ status: 403, code: 'AccessDenied' }, isAction('GetObjectLockConfiguration'))),
    ),
    leaves: true,
  },
  {
    name: 'an operator who may not look at locks, where there are none',
    arrange: always({ status: 403, code: 'AccessDenied' }, isAction('GetObjectLockConfiguration')),
  },
];

const isLarge = ({ action, headers }: FaultRequest): boolean =>
  action === 'PutObject' && Number(headers['content-length']) > MIB;

const REFUSED: readonly Fault[] = [
  {
    name: 'a quota that leaves no room for an upload',
    arrange: always({ status: 400, code: 'XMinioAdminBucketQuotaExceeded' }, isLarge),
    fail: ['object-storage/uploads/proxy'],
    says: /^the quota of spacelift-uploads is exhausted$/m,
  },
  {
    name: 'a store that does not accept large objects',
    arrange: always({ status: 400, code: 'EntityTooLarge' }, isLarge),
    fail: ['object-storage/uploads/proxy'],
    says: /^MinIO rejects uploads of 2 MiB to spacelift-uploads: EntityTooLarge$/m,
  },
  ...(
    [
      ['the key of a bucket that is gone', { status: 404, code: 'kms:KeyNotFound' }, 'kms:KeyNotFound'],
      ['a KMS that fails', { status: 500, code: 'kms:KeyGenerationFailed' }, 'kms:KeyGenerationFailed'],
      [
        'an encrypted bucket without a KMS',
        { ...UNKNOWN, message: 'Server side encryption specified but KMS is not configured' },
        'MinIO has no KMS',
      ],
    ] as const
  ).map(([name, reply, why]) => ({
    name,
    arrange: always(reply, ({ action, bucket: of }) => action === 'PutObject' && of === 'spacelift-states'),
    fail: ['object-storage/states/access'],
    says: new RegExp(`^the key that encrypts spacelift-states can’t be used: ${why}$`, 'm'),
  })),
];

/** A proxy in front of MinIO. */
const behind = (options: ReverseProxyOptions): Arrange => atStore((target) => startReverseProxy(target, options));
const ofMethod = (method: string, status: number): ReverseProxyOptions => ({
  answer: (request) => (request.method === method ? { status } : undefined),
});
const ofQuery = (parameter: string): ReverseProxyOptions => ({
  answer: ({ url = '' }) => (new RegExp(`[?&]${parameter}=`).test(url) ? { status: 403 } : undefined),
});

const BEHIND_PROXIES: readonly Fault[] = [
  { name: 'MinIO behind a proxy', arrange: behind({}) },
  {
    name: 'a proxy that redirects to another host',
    arrange: behind({ answer: () => ({ status: 301, headers: { location: 'https://minio.corp.io/login?secret=1' } }) }),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ redirects to https:\/\/minio\.corp\.io$/m,
  },
  {
    name: 'a proxy that redirects to TLS at another port',
    arrange: behind({ answer: () => ({ status: 308, headers: { location: 'https://127.0.0.1:9443/' } }) }),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ redirects to https:\/\/127\.0\.0\.1:9443$/m,
  },
  {
    name: 'a proxy that adds Access-Control-Allow-Origin, too',
    arrange: behind({ added: { 'access-control-allow-origin': '*' } }),
    fail: ['object-storage/uploads/cors'],
    says: /^responses from spacelift-uploads contain Access-Control-Allow-Origin more than once$/m,
  },
  {
    name: 'a proxy that answers OPTIONS',
    arrange: behind(ofMethod('OPTIONS', 204)),
    fail: ['object-storage/uploads/cors'],
    says: /^a proxy in front of MinIO answers preflight requests for spacelift-uploads itself \(HTTP 204\)$/m,
  },
  {
    name: 'a proxy that answers OPTIONS as MinIO would',
    arrange: behind({
      answer: ({ method }) =>
        method === 'OPTIONS'
          ? {
              status: 204,
              headers: { 'access-control-allow-origin': '*', 'access-control-allow-methods': 'PUT, POST' },
            }
          : undefined,
    }),
  },
  {
    name: 'a proxy that forbids PUT',
    arrange: behind(ofMethod('PUT', 403)),
    fail: [FIRST],
    says: /^a proxy in front of MinIO rejects PUT requests \(HTTP 403\)$/m,
  },
  {
    name: 'a proxy that forbids DELETE',
    arrange: behind(ofMethod('DELETE', 405)),
    fail: [FIRST],
    says: /^a proxy in front of MinIO rejects DELETE requests \(HTTP 405\)$/m,
  },
  {
    name: 'a proxy that forbids ?versions',
    arrange: behind(ofQuery('versions')),
    fail: [FIRST],
    says: /^a proxy in front of MinIO rejects GET requests with \?versions \(HTTP 403\)$/m,
  },
  {
    name: 'a proxy that forbids ?versionId',
    arrange: behind(ofQuery('versionId')),
    fail: [FIRST],
    says: /^a proxy in front of MinIO rejects DELETE requests with \?versionId \(HTTP 403\)$/m,
  },
  { name: 'a proxy that forbids ?object-lock, which Spacelift does not use', arrange: behind(ofQuery('object-lock')) },
  {
    name: 'a proxy that drops Authorization',
    arrange: behind({ toServer: ({ authorization: _, ...headers }) => headers }),
    fail: [FIRST],
    says: /^a proxy in front of MinIO drops the Authorization header$/m,
  },
];

const MISSPELLED: readonly Fault[] = [
  {
    name: 'a bucket’s name one letter off',
    arrange: config(() => bucketVariable('states', 'spacelift-state')),
    fail: ['object-storage/states/access'],
    says: /^bucket spacelift-state does not exist\nspacelift-states exists, and no variable names it\.$/,
  },
  {
    name: 'a bucket’s name that is like one that another variable names',
    arrange: config(() => bucketVariable('states', 'spacelift-workspaces')),
    fail: ['object-storage/states/access'],
    says: /^bucket spacelift-workspaces does not exist\n$/,
  },
  {
    name: 'a bucket’s name one letter off, where buckets can’t be listed',
    arrange: all(
      always({ status: 403, code: 'AccessDenied' }, isAction('ListBuckets')),
      config(() => bucketVariable('states', 'spacelift-state')),
    ),
    fail: ['object-storage/states/access'],
    says: /^bucket spacelift-state does not exist\n$/,
  },
];

export const OF_STORES: readonly Fault[] = [...LIMITED, ...LOCKED, ...REFUSED, ...BEHIND_PROXIES, ...MISSPELLED];
