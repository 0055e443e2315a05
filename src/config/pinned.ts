/** What can't be changed after installation: what the config says of it, and when two values are the same. */
import { BUCKETS, type Bucket, type VariableName } from './contract.ts';
import type { Deployment } from './deployment.ts';
import type { Pinned } from './schema.ts';

/** What the config alone says. */
export function pinnedInConfig(deployment: Pick<Deployment, 'lookup' | 'chosen'>): Omit<Pinned, 'encryption'> {
  const known = (name: VariableName) => {
    const found = deployment.lookup(name);
    return found.state === 'set' || found.state === 'default' ? found.value : undefined;
  };
  const [storage, broker] = [deployment.chosen('OBJECT_STORAGE_TYPE'), deployment.chosen('MQTT_BROKER_TYPE')];
  const endpoint = known('MQTT_BROKER_ENDPOINT');
  const uploadsUrl = known('OBJECT_STORAGE_BUCKET_UPLOADS_URL');
  const buckets = (Object.keys(BUCKETS) as Bucket[]).flatMap((bucket) => {
    const name = known(BUCKETS[bucket]);
    return name === undefined ? [] : [[bucket, name]];
  });
  return {
    ...(storage !== undefined && {
      objectStorage: {
        type: storage,
        buckets: Object.fromEntries(buckets),
        ...(uploadsUrl !== undefined && { uploadsUrl }),
      },
    }),
    ...(broker !== undefined && endpoint !== undefined && { mqttBroker: { type: broker, endpoint } }),
  };
}

/** Whether two values name the same: a multi-Region key has the same ID in each region, and the same key material. */
export const isSamePinned = (one: string, other: string): boolean => withoutRegion(one) === withoutRegion(other);

const MULTI_REGION = /^(arn:[\w-]+:kms:)[\w-]*(:\d+:key\/mrk-)/;
const withoutRegion = (value: string): string => value.replace(MULTI_REGION, '$1*$2');
