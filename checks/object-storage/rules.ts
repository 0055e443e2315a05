/** The rules of object storage; `explain` and the documentation are generated from them. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

/** The names of a permission in other clouds than AWS: "Google Cloud: storage.buckets.get". */
const s3 = PROVIDERS.aws.permissions;
const elsewhere = (of: keyof typeof s3): string =>
  Object.values<Provider>(PROVIDERS)
    .filter(({ permissions }) => permissions !== s3 && permissions?.[of] !== undefined)
    .map(({ name, permissions }) => `${name}: ${permissions?.[of]}`)
    .join('; ');

export const RULES = {
  '<bucket>/access': {
    title: 'objects can be written, read, listed and deleted',
    procedure:
      'Writes an object of a few bytes, reads it back and compares it, lists it if a service lists objects there, and deletes it. With --service, tests only the operations of that service. Leaves nothing behind, except the constant object spacelift-preflight/probe where versions can’t be removed: with these credentials, or because the bucket has a default retention. If a bucket is missing, looks for a similar name among the buckets that the credentials can list.',
    rationale:
      'Spacelift stores states, logs, workspaces, and modules here. If an operation fails, so does the run that needs it.',
    permission: `${s3.access}; with --service, only those that the service has; ${elsewhere('access')}`,
    fix: 'Create the bucket, correct its name or the credentials, allow the denied operation in the credentials’ policy, or configure the proxy in front of the store to pass requests on unchanged.',
    example: {
      found: 'the credentials lack s3:PutObject on spacelift-run-logs',
      fix: 'allow s3:PutObject on arn:aws:s3:::spacelift-run-logs/* in a policy attached to the role: aws iam put-role-policy',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  '<bucket>/presigned': {
    title: 'pre-signed URLs work',
    procedure: 'Pre-signs a PUT and a GET, and sends both with a plain HTTP client that has no credentials.',
    rationale:
      'Workers and browsers have no credentials of their own: they read and write through pre-signed URLs only.',
    permission: `${s3.presigned}; ${elsewhere('presigned')}`,
    fix: 'Configure proxies to pass the host, path, and query unchanged, and compare the clocks.',
    example: {
      found: 'pre-signed URLs for spacelift-workspace are rejected',
      fix: 'configure the proxy to pass Host, path, and query to MinIO unchanged (nginx: proxy_set_header Host $http_host)',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  '<bucket>/versioning': {
    title: 'versioning is enabled where Spacelift needs it',
    procedure:
      'Checks whether the object that was written has a version (Google Cloud: whether overwriting it kept the older version). Without versioning, the rule fails for states, warns for modules, run logs, uploads, and workspaces, and passes for all other buckets.',
    rationale: 'A state that was overwritten or deleted can be recovered only from an older version.',
    permission: `none; ${s3.versioning} (${elsewhere('versioning')}) if no write has revealed the versioning status`,
    fix: 'Enable versioning on the bucket.',
    example: {
      found: 'versioning is not enabled on spacelift-states',
      fix: 'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled',
    },
    docs: DOCS.storage,
  },
  '<bucket>/retention': {
    title: 'objects expire, except in states and modules',
    procedure:
      'Reads the lifecycle rules. Only enabled rules that delete current objects count. Fails if states or modules have such a rule, even one limited to a prefix, and warns if any other bucket has none. The period is up to you.',
    rationale:
      'An expired state or module is lost. Temporary objects that never expire cost money, but do no other harm.',
    permission: `${s3.retention}; ${elsewhere('retention')}`,
    fix: 'Remove the rule from states and modules; add one to the other buckets.',
    example: {
      found: 'objects in spacelift-states expire',
      fix: 'mc ilm rule ls minio/spacelift-states, then mc ilm rule rm --id ID minio/spacelift-states',
    },
    docs: DOCS.storage,
  },
  '<bucket>/public': {
    title: 'buckets are not public',
    procedure: 'Tries to read the test object without credentials, and reads the bucket’s policy.',
    rationale: 'States contain secrets. None of Spacelift’s buckets needs public access.',
    permission: `none; ${s3.public} (${elsewhere('public')}) to detect buckets that are public in part`,
    fix: 'Remove public access from the bucket.',
    example: {
      found: 'anyone can read spacelift-deliveries',
      fix: 'mc anonymous set none minio/spacelift-deliveries',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  'uploads/cors': {
    title: 'CORS allows uploads from Spacelift’s domain',
    procedure:
      'Sends the CORS preflight requests that a browser sends before it uploads: OPTIONS from https://<SERVER_DOMAIN>, for PUT and for POST. Fails if the response does not allow them, contains Access-Control-Allow-Origin more than once, or comes from a proxy.',
    rationale: 'Without CORS rules, uploading a state file in the Spacelift UI fails in the browser.',
    fix: 'Allow PUT and POST from https://<SERVER_DOMAIN> in the CORS settings of the uploads bucket.',
    example: {
      found: 'CORS does not allow PUT or POST from https://spacelift.corp.io to spacelift-uploads',
      fix: 'mc admin config set minio api cors_allow_origin=https://spacelift.corp.io',
    },
    docs: `${DOCS.storage}#uploads-bucket-cors-configuration`,
  },
  'uploads/proxy': {
    title: 'large bodies and signed headers reach the store',
    procedure:
      'Uploads 2 MiB through a pre-signed URL that is bound to a metadata header with an underscore in its name, and checks that both arrived. A refusal by the store itself, such as an exhausted quota, is reported as such.',
    rationale:
      'A proxy in front of the store may limit request bodies (nginx: 1 MiB) or drop headers with underscores; uploads and run logs then fail with errors that mention neither.',
    permission: 's3:PutObject and s3:GetObject',
    fix: 'Raise the proxy’s limit, and configure it to pass headers with underscores.',
    example: {
      found: 'a proxy in front of MinIO drops headers with underscores',
      fix: 'nginx: underscores_in_headers on; ingress-nginx: enable-underscores-in-headers: "true"',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  'uploads/url': {
    title: 'the uploads URL matches where uploads go',
    procedure: 'Compares the origin of OBJECT_STORAGE_BUCKET_UPLOADS_URL with that of a real pre-signed URL.',
    rationale: 'Spacelift adds this URL to its Content Security Policy: browsers refuse to upload to any other origin.',
    fix: 'Set OBJECT_STORAGE_BUCKET_UPLOADS_URL to the origin of pre-signed URLs.',
    example: {
      found: 'the uploads URL points to https://uploads.corp.io, but uploads go to https://minio.corp.io',
      fix: 'set OBJECT_STORAGE_BUCKET_UPLOADS_URL=https://minio.corp.io',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  'uploads/mixed-content': {
    title: 'uploads use HTTPS',
    procedure: 'Checks the scheme of a real pre-signed URL.',
    rationale: 'Browsers block uploads from an HTTPS page to plain HTTP, except on the same machine.',
    fix: 'Serve the store over TLS.',
    example: {
      found: 'uploads to http://minio.corp.io:9000 are not encrypted',
      fix: 'set OBJECT_STORAGE_MINIO_USE_SSL=true, and OBJECT_STORAGE_MINIO_ENDPOINT to a name with a certificate',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  pinned: {
    title: 'the object store and its buckets are those of the baseline',
    procedure: 'With --baseline, compares OBJECT_STORAGE_TYPE and the bucket names with those of the earlier run.',
    rationale: 'Spacelift does not move its objects: states, modules and logs stay where they were.',
    fix: 'Restore the earlier value, or copy the objects before Spacelift starts with the new one.',
    example: {
      found: 'OBJECT_STORAGE_BUCKET_STATES was spacelift-states, and is spacelift-state now',
      fix: 'if this is intended, copy the objects before Spacelift starts with the new value; otherwise, restore the earlier one',
    },
    docs: DOCS.storage,
  },
  distinct: {
    title: 'each variable names a separate bucket',
    procedure: 'Compares the ten bucket names.',
    rationale:
      'The buckets differ in versioning, expiration, and permissions: a setting that one needs can destroy another’s data.',
    fix: 'Create a separate bucket for each variable.',
    example: {
      found:
        'OBJECT_STORAGE_BUCKET_WORKSPACE and OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES both name spacelift-workspaces',
      fix: 'create a bucket for OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES',
    },
    docs: DOCS.storage,
  },
  worker: {
    title: 'workers can reach the object store',
    procedure:
      'Only with --service worker: pre-signs a GET with the config’s credentials, if it has any, and sends it with a plain HTTP client, which changes nothing. A missing object or a denied permission still shows that the store can be reached. Without credentials, sends a GET to the origin of OBJECT_STORAGE_BUCKET_UPLOADS_URL; any status below 500 passes.',
    rationale:
      'Workers fetch workspaces, and upload logs and states, through pre-signed URLs: without access to the store, no run finishes.',
    permission: 'HTTPS from the worker’s network to the object store; no credentials',
    fix: 'Allow requests from the worker’s network to the object store, and configure proxies in between to pass them unchanged.',
    example: {
      found: 'https://minio.corp.io returned HTTP 502',
      fix: 'check the logs of the object store and of any proxy or load balancer in front of it',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
} as const satisfies Record<string, Rule>;

export type BucketRule = keyof typeof RULES;
