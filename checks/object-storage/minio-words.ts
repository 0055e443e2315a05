/** The way out in MinIO's own words: `mc` commands for an alias `minio`, and Spacelift's variables. */
import type { StoreWords } from './store.ts';

interface Names {
  readonly accessKey: string;
  readonly endpoint: string;
  /** Whether Spacelift is told to use TLS. */
  readonly secure: boolean;
}

export function minioWords({ accessKey, endpoint, secure }: Names): StoreWords {
  const permission: StoreWords['permission'] = {
    put: 's3:PutObject',
    get: 's3:GetObject',
    list: 's3:ListBucket',
    delete: 's3:DeleteObject',
    'read versioning': 's3:GetBucketVersioning',
    'read lifecycle': 's3:GetLifecycleConfiguration',
    'read policy': 's3:GetBucketPolicy',
  };
  const resource = (action: string, bucket: string) =>
    ['put', 'get', 'delete'].includes(action) ? `arn:aws:s3:::${bucket}/*` : `arn:aws:s3:::${bucket}`;
  const path = (bucket: string, key: string) => `minio/${bucket}/${key}`;
  return {
    permission,
    mend: {
      credentials: () =>
        `correct OBJECT_STORAGE_MINIO_ACCESS_KEY_ID, or make the user: mc admin user add minio ${accessKey} <secret>`,
      signature: () =>
        'set OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY to the secret of that access key; if it is right, let the proxy in front of MinIO pass the host on (nginx: proxy_set_header Host $http_host)',
      expired: () => 'configure a key that does not expire: mc admin user add minio <access key> <secret>',
      'clock-skew': () => 'set the clock that is wrong, here or on MinIO’s machine: timedatectl set-ntp true',
      denied: ({ action, bucket }) =>
        `allow ${permission[action]} on ${resource(action, bucket)} in a policy of ${accessKey}: mc admin policy attach minio <policy> --user ${accessKey}`,
      'no-bucket': ({ bucket }) => `mc mb minio/${bucket}`,
      'invalid-name': ({ bucket }) => `rename the bucket, and the variable that says ${bucket}`,
      'wrong-region': () => 'see which region MinIO has: mc admin config get minio region',
      'slow-down': () => 'see whether drives are offline or MinIO is overloaded: mc admin info minio',
      starting: () => 'wait until MinIO has started: mc ready minio',
      full: () => 'free space, or add drives: mc admin info minio',
      quota: ({ bucket }) => `raise the quota: mc quota set minio/${bucket} --size <size>`,
      'too-large': () => 'raise the limit of the proxy in front of MinIO (nginx: client_max_body_size)',
      'server-error': () => 'see MinIO’s log, and that of a proxy in front of it: mc admin logs minio',
      'not-a-store': () =>
        `set OBJECT_STORAGE_MINIO_ENDPOINT, now ${endpoint}, to MinIO’s API (port 9000 unless configured; 9001 is its console)`,
      other: () => 'look the code up in MinIO’s log: mc admin logs minio',
    },
    network: {
      'wants-tls': 'set OBJECT_STORAGE_MINIO_USE_SSL=true',
      'not-tls': 'set OBJECT_STORAGE_MINIO_USE_SSL=false, or turn TLS on at MinIO',
      'not-http': `set OBJECT_STORAGE_MINIO_ENDPOINT, now ${endpoint}, to MinIO’s API (port 9000 unless configured)`,
      ...(!secure && {
        closed:
          'set OBJECT_STORAGE_MINIO_USE_SSL=true if MinIO speaks TLS; else see what listens there: a load balancer without a healthy backend, or another service',
      }),
    },
    versioning: (bucket) => `mc version enable minio/${bucket}`,
    expire: (bucket, days) => `mc ilm rule add --expire-days ${days} minio/${bucket}`,
    keep: (bucket) => `mc ilm rule ls minio/${bucket}, then mc ilm rule rm --id <id> minio/${bucket}`,
    makePrivate: (bucket) => `mc anonymous set none minio/${bucket}`,
    allowOrigin: (_, origin) =>
      `add it to those that "mc admin config get minio api" shows: mc admin config set minio api cors_allow_origin=<origins>,${origin}`,
    overTls: 'set OBJECT_STORAGE_MINIO_USE_SSL=true, and OBJECT_STORAGE_MINIO_ENDPOINT to a name with a certificate',
    remove: (bucket, key) => `mc rm ${key.endsWith('/') ? '--recursive ' : ''}--versions --force ${path(bucket, key)}`,
  };
}
