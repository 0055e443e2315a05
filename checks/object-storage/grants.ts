/** The permissions that the probe needs from a store: limited to its own keys, where the store supports that. */
import type { Grant, Run } from '../../src/engine/check.ts';
import type { BucketAction, RequiredActions } from './requirements.ts';
import type { StoreAction } from './store.ts';

/** Every key that the probe touches. */
const KEYS = 'spacelift-preflight/*';

export interface Grants {
  objects(bucket: string, required: RequiredActions | readonly BucketAction[]): Grant[];
  /** Removing the objects written, with their versions, where no service's own permissions cover it. */
  removal(bucket: string, run: Run, required: RequiredActions): Grant[];
  signing(): Grant[];
  settings(bucket: string, actions: readonly StoreAction[]): Grant[];
}

/** The grants of a store with the S3 protocol, in IAM's terms. */
export function s3Grants(
  system: 'aws' | 'minio',
  partition: string,
  permission: Readonly<Record<StoreAction, string | readonly string[]>>,
): Grants {
  const grant = (actions: string | readonly string[], resource: string, more: Pick<Grant, 'further'> = {}): Grant[] =>
    [actions].flat().map((action) => ({ system, action, resource: `arn:${partition}:s3:::${resource}`, ...more }));
  return {
    objects: (bucket, required) =>
      (Array.isArray(required)
        ? (required as readonly BucketAction[])
        : (Object.keys(required) as BucketAction[])
      ).flatMap((action) => grant(permission[action], action === 'list' ? bucket : `${bucket}/${KEYS}`)),
    // None of Spacelift's published roles allows this, so it is not tried with --service.
    removal: (bucket, { deployment }, required) => {
      const further = { further: true } as const;
      if (deployment.service !== undefined) return [];
      return [
        ...grant('s3:ListBucketVersions', bucket, further),
        ...grant('s3:DeleteObjectVersion', `${bucket}/${KEYS}`, further),
        ...grant(permission['read retention'], bucket, further),
        ...(required.delete === undefined ? grant(permission.delete, `${bucket}/${KEYS}`, further) : []),
      ];
    },
    signing: () => [],
    settings: (bucket, actions) => actions.flatMap((action) => grant(permission[action], bucket, { further: true })),
  };
}
