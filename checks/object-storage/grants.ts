/** What a store must permit for the probe: on its own keys alone, where the store can tell them apart. */
import type { Grant, Run } from '../../src/engine/check.ts';
import type { BucketAction as Duty, RequiredActions } from './requirements.ts';
import type { StoreAction } from './store.ts';

/** All that the probe ever touches. */
const KEYS = 'spacelift-preflight/*';

export interface Grants {
  objects(bucket: string, required: RequiredActions | readonly Duty[]): Grant[];
  /** What was written, with its versions, where no duty covers it. */
  removal(bucket: string, run: Run, required: RequiredActions): Grant[];
  signing(): Grant[];
  settings(bucket: string, actions: readonly StoreAction[]): Grant[];
}

/** Of a store that speaks S3's protocol, in IAM's words. */
export function s3Grants(
  system: 'aws' | 'minio',
  partition: string,
  permission: Readonly<Record<StoreAction, string | readonly string[]>>,
): Grants {
  const grant = (actions: string | readonly string[], resource: string, more: Pick<Grant, 'further'> = {}): Grant[] =>
    [actions].flat().map((action) => ({ system, action, resource: `arn:${partition}:s3:::${resource}`, ...more }));
  return {
    objects: (bucket, required) =>
      (Array.isArray(required) ? (required as readonly Duty[]) : (Object.keys(required) as Duty[])).flatMap((duty) =>
        grant(permission[duty], duty === 'list' ? bucket : `${bucket}/${KEYS}`),
      ),
    // No role of the vendor's may, so under --service it is not tried.
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
