/** What is judged of object storage; `explain` and the documentation read it. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import type { Provider } from './provider.ts';
import { PROVIDERS } from './providers.ts';

/** A permission as S3 has it, and as it is called elsewhere: "Google Cloud: storage.buckets.get". */
const s3 = PROVIDERS.aws.permissions;
const elsewhere = (of: keyof Provider['permissions']): string =>
  Object.values<Provider>(PROVIDERS)
    .filter((provider) => provider !== PROVIDERS.aws && provider.permissions[of] !== undefined)
    .map(({ name, permissions }) => `${name}: ${permissions[of]}`)
    .join('; ');

export const RULES = {
  '<bucket>/access': {
    title: 'objects can be written, read, listed and deleted',
    procedure:
      'Writes an object of a few bytes, reads it back and compares, lists where a service lists, and deletes it again. Under --service only what that service does is tried. Nothing stays behind but, where these credentials can’t remove versions, the one constant object spacelift-preflight/probe.',
    rationale: 'Spacelift stores states, logs, workspaces and modules here. A run fails where an operation fails.',
    permission: `${s3.access}, as the service has them; ${elsewhere('access')}`,
    fix: 'Make the bucket, correct its name or the credentials, or allow the denied operation in their policy.',
    example: {
      found: 'may not write to spacelift-run-logs: s3:PutObject is denied',
      fix: 'allow s3:PutObject on arn:aws:s3:::spacelift-run-logs/* in a policy of the role: aws iam put-role-policy',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  '<bucket>/presigned': {
    title: 'pre-signed URLs work',
    procedure: 'Signs a PUT and a GET, and sends both by a plain HTTP client without credentials.',
    rationale:
      'Workers and browsers have no credentials of their own: all they read and write goes by pre-signed URLs.',
    permission: `${s3.presigned}; ${elsewhere('presigned')}`,
    fix: 'Let proxies pass the host, the path and the query as they are; compare the clocks.',
    example: {
      found: 'pre-signed URLs are refused for spacelift-workspace',
      fix: 'let the proxy pass Host, path and query as they are (nginx: proxy_set_header Host $http_host)',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  '<bucket>/versioning': {
    title: 'versioning is on where it is needed',
    procedure:
      'Looks whether the object that was written has got a version (Google Cloud: whether overwriting has kept the older one). Off is a failure for states, a warning for modules, run logs, uploads and workspaces, and right elsewhere.',
    rationale: 'A state that was overwritten or deleted can be had back only from an older version.',
    permission: `none; ${s3.versioning} (${elsewhere('versioning')}) when no write has shown it`,
    fix: 'Enable versioning on the bucket.',
    example: {
      found: 'versioning is off on spacelift-states',
      fix: 'aws s3api put-bucket-versioning --bucket spacelift-states --versioning-configuration Status=Enabled',
    },
    docs: DOCS.storage,
  },
  '<bucket>/retention': {
    title: 'objects expire where they may, and nowhere else',
    procedure:
      'Reads the lifecycle rules. Only enabled rules that delete current objects count. Any in states or modules is a failure, also one that is limited to a prefix; none elsewhere is a warning. How long is your choice.',
    rationale: 'An expired state or module is lost. Temporary objects that never expire only cost money.',
    permission: `${s3.retention}; ${elsewhere('retention')}`,
    fix: 'Remove the rule from states and modules; add one elsewhere.',
    example: {
      found: 'objects in spacelift-states expire',
      fix: 'mc ilm rule ls minio/spacelift-states, then mc ilm rule rm --id ID minio/spacelift-states',
    },
    docs: DOCS.storage,
  },
  '<bucket>/public': {
    title: 'nobody can read without credentials',
    procedure: 'Reads the object that was written without credentials, and looks at the bucket’s policy.',
    rationale: 'States hold secrets. No bucket of Spacelift needs public access.',
    permission: `none; ${s3.public} (${elsewhere('public')}) to see what is public in part`,
    fix: 'Remove the public access from the bucket.',
    example: {
      found: 'everyone can read spacelift-deliveries',
      fix: 'mc anonymous set none minio/spacelift-deliveries',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  'uploads/cors': {
    title: 'browsers may upload from Spacelift’s domain',
    procedure: 'Asks as a browser does before it uploads: OPTIONS from https://<SERVER_DOMAIN>, for PUT and for POST.',
    rationale: 'Uploading a state file from Spacelift’s pages fails in the browser without it.',
    fix: 'Allow the origin with PUT and POST in the CORS settings of the uploads bucket.',
    example: {
      found: 'https://spacelift.corp.io may not PUT or POST to spacelift-uploads',
      fix: 'mc admin config set minio api cors_allow_origin=https://spacelift.corp.io',
    },
    docs: `${DOCS.storage}#uploads-bucket-cors-configuration`,
  },
  'uploads/proxy': {
    title: 'large bodies and signed headers pass',
    procedure:
      'Uploads 2 MiB by a pre-signed URL that is bound to a metadata header with an underscore in its name, and looks whether both have arrived.',
    rationale:
      'A proxy in front of the store may cap bodies (nginx: 1 MiB) or drop headers with underscores; uploads and run logs then fail with errors that name neither.',
    permission: 's3:PutObject and s3:GetObject',
    fix: 'Raise the proxy’s limit, and let it pass headers with underscores.',
    example: {
      found: 'a proxy in front of MinIO drops headers with underscores',
      fix: 'nginx: underscores_in_headers on; ingress-nginx: enable-underscores-in-headers: "true"',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
  'uploads/url': {
    title: 'the uploads URL is where uploads go',
    procedure: 'Compares the origin of OBJECT_STORAGE_BUCKET_UPLOADS_URL with that of a real pre-signed URL.',
    rationale: 'It becomes part of the Content Security Policy: browsers refuse to upload to any other origin.',
    fix: 'Set OBJECT_STORAGE_BUCKET_UPLOADS_URL to the origin of pre-signed URLs.',
    example: {
      found: 'the uploads URL leads to https://uploads.corp.io, uploads go to https://minio.corp.io',
      fix: 'set OBJECT_STORAGE_BUCKET_UPLOADS_URL=https://minio.corp.io',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  'uploads/mixed-content': {
    title: 'uploads go over HTTPS',
    procedure: 'Looks at the scheme of a real pre-signed URL.',
    rationale: 'Browsers refuse to upload from an https page to plain http, except on the same machine.',
    fix: 'Serve the store over TLS.',
    example: {
      found: 'uploads go to http://minio.corp.io:9000 in the clear',
      fix: 'set OBJECT_STORAGE_MINIO_USE_SSL=true, and OBJECT_STORAGE_MINIO_ENDPOINT to a name with a certificate',
    },
    docs: `${DOCS.storage}#configuration`,
  },
  distinct: {
    title: 'each variable names a bucket of its own',
    procedure: 'Compares the names of the ten buckets.',
    rationale: 'The buckets differ in versioning, expiry and permissions: what one needs destroys the other’s data.',
    fix: 'Make a bucket for each.',
    example: {
      found:
        'OBJECT_STORAGE_BUCKET_WORKSPACE and OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES both name spacelift-workspaces',
      fix: 'make a bucket for OBJECT_STORAGE_BUCKET_USER_UPLOADED_WORKSPACES',
    },
    docs: DOCS.storage,
  },
  worker: {
    title: 'a worker reaches the object store',
    procedure:
      'Under --service worker alone: signs a GET with the credentials of the config, if it has any, and sends it by a plain HTTP client, which changes nothing. That there is nothing to read, or no permission to read it, still shows that the way is free. Without credentials, a GET to the origin of OBJECT_STORAGE_BUCKET_UPLOADS_URL: any status below 500 passes.',
    rationale:
      'A worker fetches workspaces, and uploads logs and states, by pre-signed URLs: without the way no run ends.',
    permission: 'HTTPS from the worker’s network to the object store; no credentials',
    fix: 'Let the worker’s network, and proxies on the way, pass requests to the object store as they are.',
    example: {
      found: 'https://minio.corp.io answers with HTTP 502',
      fix: 'see the object store’s log, and that of a proxy or load balancer in front of it',
    },
    docs: `${DOCS.storage}#access-requirements`,
  },
} as const satisfies Record<string, Rule>;

export type RuleKey = keyof typeof RULES;
