/** Which load balancer is in front of Spacelift: by its responses, otherwise by the cloud of the installation. */
import type { ObjectStorageType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';

export type Balancer = 'aws' | 'google' | 'nginx' | 'unknown';

/** `server` and `via`, as the load balancers set them in the responses that they send themselves. */
const BY_HEADER: readonly [RegExp, Balancer][] = [
  [/^awselb\b/i, 'aws'],
  [/\bgoogle\b|^Google Frontend/i, 'google'],
  [/^(nginx|openresty)\b/i, 'nginx'],
];

/** The load balancers in Spacelift's reference architectures, by the cloud that has the buckets. */
const BY_CLOUD: Readonly<Partial<Record<ObjectStorageType, Balancer>>> = { aws: 'aws', gcp: 'google', azure: 'nginx' };

/** @param headers of a response that did not come from Spacelift */
export function balancerOf(
  run: Run,
  { server, via }: Readonly<Record<string, string | string[] | undefined>> = {},
): Balancer {
  const names = [server, via].flat().filter((name) => name !== undefined);
  const shown = BY_HEADER.find(([pattern]) => names.some((name) => pattern.test(name)))?.[1];
  if (shown !== undefined) return shown;
  const cloud = run.deployment.chosen('OBJECT_STORAGE_TYPE');
  return (cloud && BY_CLOUD[cloud]) ?? 'unknown';
}
