/** Which request is which operation, and the permission it needs (service authorization reference, "Actions, resources,
 * and condition keys for Amazon S3"). */
import * as buckets from './buckets.ts';
import type { Context } from './context.ts';
import * as listing from './listing.ts';
import * as multipart from './multipart.ts';
import * as objects from './objects.ts';
import type { S3Request } from './request.ts';
import type { Reply } from './types.ts';

export interface Operation {
  on: 'service' | 'bucket' | 'object';
  method: string;
  /** A query parameter that must be there. */
  query?: string;
  /** As in the S3 API reference. */
  name: string;
  /** IAM action; absent when the operation asks by itself. */
  action?: string;
  /** IAM action when the request names a version. */
  versionAction?: string;
  run: (context: Context) => Reply;
}

// Per method and level, rows with a query come before the one without.
const operations: Operation[] = [
  { on: 'service', method: 'GET', name: 'ListBuckets', action: 's3:ListAllMyBuckets', run: buckets.listBuckets },
  ...setting('GET', 'location', 'GetBucketLocation', 's3:GetBucketLocation', buckets.getLocation),
  ...setting('GET', 'versioning', 'GetBucketVersioning', 's3:GetBucketVersioning', buckets.getVersioning),
  ...setting('PUT', 'versioning', 'PutBucketVersioning', 's3:PutBucketVersioning', buckets.putVersioning),
  ...setting(
    'GET',
    'lifecycle',
    'GetBucketLifecycleConfiguration',
    's3:GetLifecycleConfiguration',
    buckets.getLifecycle,
  ),
  ...setting(
    'PUT',
    'lifecycle',
    'PutBucketLifecycleConfiguration',
    's3:PutLifecycleConfiguration',
    buckets.putLifecycle,
  ),
  ...setting('DELETE', 'lifecycle', 'DeleteBucketLifecycle', 's3:PutLifecycleConfiguration', buckets.deleteLifecycle),
  ...setting('GET', 'cors', 'GetBucketCors', 's3:GetBucketCORS', buckets.getCors),
  ...setting('PUT', 'cors', 'PutBucketCors', 's3:PutBucketCORS', buckets.putCors),
  ...setting('DELETE', 'cors', 'DeleteBucketCors', 's3:PutBucketCORS', buckets.deleteCors),
  ...setting('GET', 'policy', 'GetBucketPolicy', 's3:GetBucketPolicy', buckets.getPolicy),
  ...setting('PUT', 'policy', 'PutBucketPolicy', 's3:PutBucketPolicy', buckets.putPolicy),
  ...setting('DELETE', 'policy', 'DeleteBucketPolicy', 's3:DeleteBucketPolicy', buckets.deletePolicy),
  ...setting('GET', 'policyStatus', 'GetBucketPolicyStatus', 's3:GetBucketPolicyStatus', buckets.getPolicyStatus),
  ...setting(
    'GET',
    'publicAccessBlock',
    'GetPublicAccessBlock',
    's3:GetBucketPublicAccessBlock',
    buckets.getPublicAccessBlock,
  ),
  ...setting(
    'GET',
    'object-lock',
    'GetObjectLockConfiguration',
    's3:GetBucketObjectLockConfiguration',
    buckets.getObjectLock,
  ),
  ...setting(
    'PUT',
    'publicAccessBlock',
    'PutPublicAccessBlock',
    's3:PutBucketPublicAccessBlock',
    buckets.putPublicAccessBlock,
  ),
  ...setting('GET', 'acl', 'GetBucketAcl', 's3:GetBucketAcl', buckets.getAcl),
  ...setting('GET', 'versions', 'ListObjectVersions', 's3:ListBucketVersions', listing.listVersions),
  ...setting('GET', 'uploads', 'ListMultipartUploads', 's3:ListBucketMultipartUploads', multipart.listUploads),
  ...setting('GET', 'list-type', 'ListObjectsV2', 's3:ListBucket', listing.listObjects),
  { on: 'bucket', method: 'POST', query: 'delete', name: 'DeleteObjects', run: objects.deleteObjects },
  { on: 'bucket', method: 'GET', name: 'ListObjects', action: 's3:ListBucket', run: listing.listObjects },
  { on: 'bucket', method: 'HEAD', name: 'HeadBucket', action: 's3:ListBucket', run: buckets.headBucket },
  { on: 'bucket', method: 'PUT', name: 'CreateBucket', action: 's3:CreateBucket', run: buckets.createBucket },
  { on: 'bucket', method: 'DELETE', name: 'DeleteBucket', action: 's3:DeleteBucket', run: buckets.deleteBucket },
  ...tagging('GET', 'GetObjectTagging', objects.getTagging),
  ...tagging('PUT', 'PutObjectTagging', objects.putTagging),
  ...tagging('DELETE', 'DeleteObjectTagging', objects.deleteTagging),
  ...part('POST', 'uploads', 'CreateMultipartUpload', 's3:PutObject', multipart.createUpload),
  ...part('PUT', 'uploadId', 'UploadPart', 's3:PutObject', multipart.uploadPart),
  ...part('POST', 'uploadId', 'CompleteMultipartUpload', 's3:PutObject', multipart.completeUpload),
  ...part('DELETE', 'uploadId', 'AbortMultipartUpload', 's3:AbortMultipartUpload', multipart.abortUpload),
  ...part('GET', 'uploadId', 'ListParts', 's3:ListMultipartUploadParts', multipart.listParts),
  { on: 'object', method: 'PUT', name: 'PutObject', action: 's3:PutObject', run: objects.putObject },
  ...reading('GET', 'GetObject'),
  ...reading('HEAD', 'HeadObject'),
  {
    on: 'object',
    method: 'DELETE',
    name: 'DeleteObject',
    action: 's3:DeleteObject',
    versionAction: 's3:DeleteObjectVersion',
    run: objects.deleteObject,
  },
];

/** Sub-resources that S3 has and this server has not. */
const unsupported = new Set(
  (
    'accelerate acl analytics attributes encryption intelligent-tiering inventory legal-hold logging metrics ' +
    'notification object-lock ownershipControls publicAccessBlock replication requestPayment restore retention select ' +
    'tagging torrent website'
  ).split(' '),
);

/** The operation that a request asks for, or why there is none. */
export function findOperation(request: S3Request): Operation | 'NotImplemented' | 'MethodNotAllowed' {
  const on = request.bucket === undefined ? 'service' : request.key === undefined ? 'bucket' : 'object';
  const found = operations.find(
    (row) =>
      row.on === on &&
      row.method === request.method &&
      (row.query === undefined || request.param(row.query) !== undefined),
  );
  if (found?.query === undefined) {
    if (request.query.some(([name]) => unsupported.has(name))) return 'NotImplemented';
    if (request.header('x-amz-copy-source') !== undefined) return 'NotImplemented';
  }
  return found ?? 'MethodNotAllowed';
}

type Run = Operation['run'];

function setting(method: string, query: string, name: string, action: string, run: Run): Operation[] {
  return [{ on: 'bucket', method, query, name, action, run }];
}

function part(method: string, query: string, name: string, action: string, run: Run): Operation[] {
  return [{ on: 'object', method, query, name, action, run }];
}

function tagging(method: string, name: string, run: Run): Operation[] {
  const versionAction = `s3:${name.replace('Tagging', 'VersionTagging')}`;
  return [{ on: 'object', method, query: 'tagging', name, action: `s3:${name}`, versionAction, run }];
}

function reading(method: string, name: string): Operation[] {
  const permission = { action: 's3:GetObject', versionAction: 's3:GetObjectVersion' };
  return [{ on: 'object', method, name, ...permission, run: objects.getObject }];
}
