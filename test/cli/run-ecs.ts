/** `run ecs` as a user types it, on a cluster of the AWS test server. */
import type { JsonMap } from '../../src/util/json.ts';
import { type AwsServer, administrator } from '../services/aws/index.ts';
import { CLUSTER, startEcs } from '../support/ecs-cluster.ts';
import { taskDefinition } from '../support/task-definitions.ts';

export const SERVICES = ['server', 'drain', 'scheduler'] as const;

export const IMAGE = 'registry.internal/preflight@sha256:0';

export const START = ['run', 'ecs', '--cluster', CLUSTER, '--image', IMAGE];

export const started = (definitions: readonly JsonMap[] = SERVICES.map((service) => taskDefinition(service))) =>
  startEcs(definitions);

export const environment = ({ url, region }: AwsServer, user = administrator): Record<string, string> => ({
  AWS_REGION: region,
  AWS_ENDPOINT_URL: url,
  AWS_ACCESS_KEY_ID: user.accessKeyId,
  AWS_SECRET_ACCESS_KEY: user.secretAccessKey,
});
