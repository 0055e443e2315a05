/** The ten buckets on the S3 test server in its AWS flavor, and the check of them. */
import { objectStorage } from '../../../checks/object-storage/index.ts';
import type { PolicyDocument, S3Options, S3User } from '../../services/s3/index.ts';
import { preflight } from '../../support/preflight.ts';
import { NAMES, real, rolePolicy, type Storage, startStorage } from './storage.ts';

export const REGION = 'eu-west-1';
export const ORIGIN = 'https://spacelift.corp.internal';
export const OPERATOR: S3User = {
  accessKeyId: 'AKIAOPERATOROPERATOR',
  secretAccessKey: 'a-long-secret-of-the-operator',
};

const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/0b7d4d1e-5a1c-4c1e-9d57-0f5a7c8e9b21';
export const KMS_KEY = KEY;

const arn = (bucket: string) => `arn:aws:s3:::${real(bucket)}`;

/** As the vendor publishes them, with what `storage.ts` leaves out because only S3 has it. */
export function role(service: 'server' | 'drain', without: { bucket?: string; grant?: string } = {}): PolicyDocument {
  const { Statement } = rolePolicy(service, without);
  const more =
    service === 'server'
      ? [
          { Effect: 'Allow' as const, Action: 's3:ListBucketVersions', Resource: arn('states') },
          {
            Effect: 'Allow' as const,
            Action: ['s3:PutObjectTagging', 's3:GetObjectTagging', 's3:AbortMultipartUpload'],
            Resource: `${arn('states')}/*`,
          },
        ]
      : [{ Effect: 'Allow' as const, Action: 's3:PutObjectTagging', Resource: `${arn('run-logs')}/*` }];
  return { Version: '2012-10-17', Statement: [Statement].flat().concat(more) };
}

export const SERVER: S3User = { ...OPERATOR, accessKeyId: 'AKIASERVERSERVERSERV', policy: role('server') };
export const DRAIN: S3User = { ...OPERATOR, accessKeyId: 'AKIADRAINDRAINDRAIND', policy: role('drain') };

export async function startAws(options: S3Options = {}): Promise<Storage> {
  const { store, variables: shared } = await startStorage({
    flavor: 'aws',
    region: REGION,
    users: [OPERATOR, SERVER, DRAIN],
    ...options,
  });
  store.bucket(real('uploads')).cors = [{ AllowedOrigins: [ORIGIN], AllowedMethods: ['PUT', 'POST'] }];
  const buckets = Object.entries(shared).filter(([name]) => !name.includes('MINIO'));
  const variables = {
    ...Object.fromEntries(buckets),
    OBJECT_STORAGE_TYPE: 'aws',
    AWS_ACCOUNT_ID: '123456789012',
    AWS_REGION: REGION,
    AWS_DEFAULT_REGION: REGION,
    AWS_ACCESS_KEY_ID: OPERATOR.accessKeyId,
    AWS_SECRET_ACCESS_KEY: OPERATOR.secretAccessKey,
    LICENSE_TYPE: 'jwt',
  };
  return {
    store,
    variables,
    check: ({ as, variables: changed = {}, environment, ...rest } = {}) =>
      preflight(
        [objectStorage],
        { ...variables, ...(as !== undefined && { AWS_ACCESS_KEY_ID: as }), ...changed },
        { environment: { AWS_ENDPOINT_URL_S3: store.url, ...environment }, ...rest },
      ),
  };
}

export { NAMES };
