/** The JSON API's operations on buckets. */
import { invalid } from './errors.ts';
import { json, type Reply } from './types.ts';
import type { Context } from './world.ts';

/** `storage.buckets.get` */
export function getBucket(context: Context): Reply {
  const { bucket } = context;
  context.require('storage.buckets.get');
  const projection = context.request.param('projection') === 'full';
  if (projection) context.require('storage.buckets.getIamPolicy');
  const { name, created, location, versioning, lifecycle, cors, iamConfiguration, defaultObjectAcl, uniform } = bucket;
  return json({
    kind: 'storage#bucket',
    id: name,
    name,
    selfLink: `https://www.googleapis.com/storage/v1/b/${name}`,
    projectNumber: '123456789012',
    metageneration: '1',
    location,
    locationType: 'region',
    storageClass: 'STANDARD',
    etag: 'CAE=',
    timeCreated: created.toISOString(),
    updated: created.toISOString(),
    versioning,
    lifecycle,
    cors,
    retentionPolicy: bucket.retentionPolicy,
    defaultEventBasedHold: bucket.defaultEventBasedHold,
    softDeletePolicy: bucket.softDeletePolicy,
    iamConfiguration: {
      bucketPolicyOnly: { enabled: uniform },
      uniformBucketLevelAccess: { enabled: uniform },
      publicAccessPrevention: 'inherited',
      ...iamConfiguration,
    },
    ...(projection && !uniform && { defaultObjectAcl }),
  });
}

/** `storage.buckets.testIamPermissions`: which of the permissions asked for the caller has; needs none itself. */
export function testIamPermissions(context: Context): Reply {
  context.bucket;
  const permissions = context.request.query.getAll('permissions');
  const unknown = permissions.find((permission) => !/^storage\.(buckets|objects)\.\w+$/.test(permission));
  if (unknown !== undefined) throw invalid(`The permission "${unknown}" is not valid for this resource.`);
  const held = permissions.filter((permission) => context.may(permission));
  return json({ kind: 'storage#testIamPermissionsResponse', ...(held.length > 0 && { permissions: held }) });
}

/** `storage.buckets.getIamPolicy` */
export function getIamPolicy(context: Context): Reply {
  const { bucket } = context;
  context.require('storage.buckets.getIamPolicy');
  return json({
    kind: 'storage#policy',
    resourceId: `projects/_/buckets/${bucket.name}`,
    version: 1,
    etag: 'CAE=',
    bindings: bucket.bindings,
  });
}
