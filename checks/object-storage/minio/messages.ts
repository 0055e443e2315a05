/** Fixes for MinIO: `mc` commands with the alias `minio`, and Spacelift's variables. */
import { cause } from '../../../src/outcome/cause.ts';
import { advice, command, type Fix, setting, sh } from '../../../src/outcome/fix.ts';
import type { Issue } from '../../../src/outcome/outcome.ts';
import { earlier, passOn, removal, rename } from '../fixes.ts';
import { S3_PERMISSIONS } from '../s3/protocol.ts';
import type { StoreError, StoreMessages } from '../store.ts';

interface Names {
  readonly accessKey: string;
  readonly endpoint: string;
  /** Whether Spacelift is configured to use TLS. */
  readonly secure: boolean;
  /** By bucket, if its policy was read: the prefixes that `mc` has opened to everyone; `undefined` if another client opened it. */
  readonly open?: ReadonlyMap<string, readonly string[] | undefined>;
}

export function minioMessages({ accessKey, endpoint, secure, open }: Names): StoreMessages {
  const permission: StoreMessages['permission'] = { ...S3_PERMISSIONS, 'read policy': 's3:GetBucketPolicy' };
  const resource = (action: string, bucket: string) =>
    ['put', 'get', 'delete'].includes(action) ? `arn:aws:s3:::${bucket}/*` : `arn:aws:s3:::${bucket}`;
  return {
    permission,
    fixes: {
      credentials: () =>
        advice`correct OBJECT_STORAGE_MINIO_ACCESS_KEY_ID, or create the user: ${sh`mc admin user add minio ${accessKey} SECRET`}`,
      signature: () =>
        advice`set OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY to the secret key that belongs to the access key; if it is correct, configure the proxy in front of MinIO to pass the Host header on (nginx: proxy_set_header Host $http_host)`,
      expired: () => advice`configure a key that does not expire: mc admin user add minio ACCESS_KEY SECRET`,
      'clock-skew': () => advice`correct the clock that is wrong, here or on MinIO’s machine: timedatectl set-ntp true`,
      denied: ({ action, bucket }) =>
        advice`allow ${permission[action]} on ${resource(action, bucket)} in a policy attached to ${accessKey}, where no other statement denies it: ${sh`mc admin policy attach minio POLICY --user ${accessKey}`}`,
      'no-bucket': ({ bucket }) => command(sh`mc mb minio/${bucket}`),
      'invalid-name': ({ bucket }) => rename('bucket', bucket),
      'wrong-region': () => advice`set AWS_REGION to MinIO’s region: ${sh`mc admin config get minio region`}`,
      'slow-down': () => advice`check whether drives are offline or MinIO is overloaded: ${sh`mc admin info minio`}`,
      starting: () => advice`wait until MinIO has started: ${sh`mc ready minio`}`,
      full: () => advice`free space, or add drives: mc admin info minio`,
      quota: ({ bucket }) =>
        advice`look at the quota: ${sh`mc quota info minio/${bucket}`}, and raise it: ${sh`mc quota set minio/${bucket} --size SIZE`}; or remove it: ${sh`mc quota clear minio/${bucket}`}`,
      'too-large': () => advice`raise the limit of the proxy in front of MinIO (nginx: client_max_body_size)`,
      'server-error': () => advice`check the logs of MinIO and of any proxy in front of it: mc admin logs minio`,
      'not-a-store': () => toMinio(endpoint),
      redirected: ({ location }) => (location === undefined ? toMinio(endpoint) : redirected(location)),
      unsupported: () =>
        advice`use a store with the S3 operations that Spacelift needs, such as a current release of MinIO`,
      other: () => advice`look up the code in MinIO’s log: ${sh`mc admin logs minio`}`,
    },
    network: {
      'wants-tls': /:80$/.test(endpoint)
        ? advice`set OBJECT_STORAGE_MINIO_USE_SSL=true, and OBJECT_STORAGE_MINIO_ENDPOINT=${endpoint.replace(/:80$/, ':443')}`
        : setting('OBJECT_STORAGE_MINIO_USE_SSL', 'true'),
      'not-tls': advice`set OBJECT_STORAGE_MINIO_USE_SSL=false, or enable TLS on MinIO`,
      'not-http': advice`set OBJECT_STORAGE_MINIO_ENDPOINT (now ${endpoint}) to the MinIO API (port 9000 by default)`,
      ...(!secure && {
        closed: advice`set OBJECT_STORAGE_MINIO_USE_SSL=true if MinIO uses TLS; otherwise find out what listens there: a load balancer without a healthy backend, or another service`,
      }),
    },
    versioning: (bucket) => command(sh`mc version enable minio/${bucket}`),
    expire: (bucket, days) => command(sh`mc ilm rule add --expire-days ${days} minio/${bucket}`),
    keep: (bucket) => advice`${sh`mc ilm rule ls minio/${bucket}`}, then ${sh`mc ilm rule rm --id ID minio/${bucket}`}`,
    makePrivate: (bucket) => {
      const prefixes = open?.has(bucket) ? open.get(bucket) : [''];
      if (prefixes === undefined)
        return advice`save its policy with ${sh`mc anonymous get-json minio/${bucket}`}, remove what it allows everyone, and set it again: ${sh`mc anonymous set-json FILE minio/${bucket}`}`;
      return command(
        prefixes.map((prefix) => sh`mc anonymous set none minio/${prefix === '' ? bucket : `${bucket}/${prefix}`}`),
      );
    },
    allowOrigin: (_, origin) =>
      advice`add it to the origins that "mc admin config get minio api" shows: ${sh`mc admin config set minio api cors_allow_origin=ORIGINS,${origin}`}`,
    overTls: advice`set OBJECT_STORAGE_MINIO_USE_SSL=true, and OBJECT_STORAGE_MINIO_ENDPOINT to a name with a certificate`,
    remove: (bucket, key, retention) => {
      const target = `minio/${bucket}/${key}`;
      if (retention?.mode === 'governance') {
        const bypassing = key.endsWith('/')
          ? sh`mc rm --recursive --versions --force --bypass ${target}`
          : sh`mc rm --versions --force --bypass ${target}`;
        return command(bypassing, { note: earlier(retention, 's3:BypassGovernanceRetention'), destructive: true });
      }
      const removing = key.endsWith('/')
        ? sh`mc rm --recursive --versions --force ${target}`
        : sh`mc rm --versions --force ${target}`;
      return command(removing, removal(retention));
    },
  };
}

const toMinio = (endpoint: string): Fix =>
  advice`set OBJECT_STORAGE_MINIO_ENDPOINT (now ${endpoint}) to the MinIO API (port 9000 by default; 9001 is the console)`;

/** MinIO never redirects requests to its API: a proxy does, which may at least tell MinIO's real address. */
function redirected({ protocol, hostname, port }: URL): Fix {
  const secure = protocol === 'https:';
  const at = `${hostname}:${port || (secure ? 443 : 80)}`;
  return passOn(advice`set OBJECT_STORAGE_MINIO_ENDPOINT=${at} and OBJECT_STORAGE_MINIO_USE_SSL=${String(secure)}`);
}

/** The key that encrypts the objects of a bucket: MinIO answers in the name of its KMS ("kms:…", or a KMS that is missing). */
export function keySays({ bucket, code = '' }: StoreError, message: string): Partial<Issue> | undefined {
  const noKms = /KMS is not configured/i.test(message);
  if (!noKms && !/^kms[:.]/i.test(code)) return undefined;
  const why = noKms ? 'MinIO has no KMS' : code;
  const isGone = /NotFound/i.test(code);
  const show = sh`mc encrypt info minio/${bucket}`;
  return {
    title: `the key that encrypts ${bucket} can’t be used: ${why}`,
    detail: isGone
      ? 'The bucket’s encryption names a key that MinIO’s KMS does not have. Objects that were encrypted with it can’t be read either.'
      : 'The bucket is encrypted with a key of MinIO’s KMS, which does not serve it.',
    expected: 'a key in MinIO’s KMS that MinIO is allowed to use',
    fix: isGone
      ? advice`see which key the bucket names: ${show}; restore or create it: mc admin kms key create minio KEY; or encrypt with another one: ${sh`mc encrypt set sse-kms KEY minio/${bucket}`}`
      : advice`see which key the bucket names: ${show}, and check the KMS: ${sh`mc admin kms key status minio`}`,
    cause: cause.store('kms', code || 'none').titled(`the key that encrypts the buckets can’t be used: ${why}`),
  };
}
