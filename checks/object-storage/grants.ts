/** The permissions that the probe needs from each kind of store: limited to its own keys, where the store supports that. */
import type { Grant, Run } from '../../src/engine/check.ts';
import { awsMessages } from './aws/messages.ts';
import { minioMessages } from './minio/messages.ts';
import type { BucketAction as Duty, RequiredActions } from './requirements.ts';
import type { StoreAction } from './store.ts';

/** Every key that the probe touches. */
const KEYS = 'spacelift-preflight/*';

export interface Granting {
  objects(bucket: string, required: RequiredActions | readonly Duty[]): Grant[];
  /** Removing the objects written, with their versions, where no service's own permissions cover it. */
  removal(bucket: string, run: Run, required: RequiredActions): Grant[];
  signing(): Grant[];
  settings(bucket: string, actions: readonly StoreAction[]): Grant[];
}

/** Keyed by OBJECT_STORAGE_TYPE. */
const GRANTING: Readonly<Record<string, (run: Run) => Granting>> = {
  aws: (run) => {
    const partition = run.require('AWS_PARTITION');
    const { permission } = awsMessages({
      region: run.require('AWS_REGION'),
      partition,
      account: undefined,
      endpointFrom: undefined,
    });
    return s3('aws', partition, {
      ...permission,
      'read policy': ['s3:GetBucketPolicyStatus', 's3:GetBucketPublicAccessBlock'],
    });
  },
  minio: (run) => {
    const { permission } = minioMessages({
      accessKey: '',
      endpoint: run.require('OBJECT_STORAGE_MINIO_ENDPOINT'),
      secure: false,
    });
    return s3('minio', 'aws', permission);
  },
  gcp: () => ({
    objects: (bucket) => [{ system: 'gcp', action: 'roles/storage.objectAdmin', resource: `gs://${bucket}` }],
    removal: () => [],
    signing: () => [
      {
        system: 'gcp',
        action: 'roles/iam.serviceAccountTokenCreator (to sign as itself, without a key file)',
        resource: 'the service account itself',
      },
    ],
    settings: (bucket) => [
      {
        system: 'gcp',
        action: 'a custom role with storage.buckets.get and storage.buckets.getIamPolicy',
        resource: `gs://${bucket}`,
        further: true,
      },
    ],
  }),
  azure: (run) => {
    const resource = `the storage account of ${run.require('OBJECT_STORAGE_AZURE_ACCOUNT_URL')}`;
    return {
      objects: () => [{ system: 'azure', action: 'Storage Blob Data Contributor', resource }],
      removal: (_, { deployment }) =>
        deployment.service === undefined
          ? [{ system: 'azure', action: 'Storage Blob Data Owner', resource, further: true }]
          : [],
      signing: () => [],
      settings: () => [{ system: 'azure', action: 'Reader', resource, further: true }],
    };
  },
};

/** @throws CheckStopped when a variable that it needs is not known */
export function grantingOf(run: Run): Granting {
  const make = GRANTING[run.require('OBJECT_STORAGE_TYPE')];
  if (make === undefined) return { objects: () => [], removal: () => [], signing: () => [], settings: () => [] };
  return make(run);
}

function s3(
  system: 'aws' | 'minio',
  partition: string,
  permission: Readonly<Record<StoreAction, string | readonly string[]>>,
): Granting {
  const grant = (actions: string | readonly string[], resource: string, more: Pick<Grant, 'further'> = {}): Grant[] =>
    [actions].flat().map((action) => ({ system, action, resource: `arn:${partition}:s3:::${resource}`, ...more }));
  return {
    objects: (bucket, required) =>
      (Array.isArray(required) ? (required as readonly Duty[]) : (Object.keys(required) as Duty[])).flatMap((duty) =>
        grant(permission[duty], duty === 'list' ? bucket : `${bucket}/${KEYS}`),
      ),
    // None of Spacelift's published roles allows this, so it is not tried with --service.
    removal: (bucket, { deployment }, required) => {
      const further = { further: true } as const;
      if (deployment.service !== undefined) return [];
      return [
        ...grant('s3:ListBucketVersions', bucket, further),
        ...grant('s3:DeleteObjectVersion', `${bucket}/${KEYS}`, further),
        ...(required.delete === undefined ? grant(permission.delete, `${bucket}/${KEYS}`, further) : []),
      ];
    },
    signing: () => [],
    settings: (bucket, actions) => actions.flatMap((action) => grant(permission[action], bucket, { further: true })),
  };
}
