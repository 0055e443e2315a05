/** A cluster of ECS on the AWS test server, whose services all pass. */
import { onTestFinished } from 'vitest';
import type { Service } from '../../src/config/options.ts';
import { frameOf } from '../../src/report/frame.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { sampleReport } from '../report/sample.ts';
import { type AwsServer, type Execution, startAws } from '../services/aws/index.ts';
import { LOG_GROUP, NETWORK } from './task-definitions.ts';

export const CLUSTER = 'spacelift';

const REPORT = await sampleReport();
const CHECKS = REPORT.checks.filter(({ status }) => status === 'pass');

export const passing = (service: string): Execution => ({
  exitCode: 0,
  output: frameOf({ ...REPORT, checks: CHECKS, service: service as Service }),
});

/** Ends with the test. */
export async function startEcs(definitions: readonly JsonMap[]): Promise<AwsServer> {
  const aws = await startAws();
  onTestFinished(() => aws.close());
  aws.ecs.createCluster(CLUSTER);
  aws.ecs.createGroup(LOG_GROUP);
  for (const definition of definitions) aws.ecs.createService(CLUSTER, `${definition.family}`, definition, NETWORK);
  aws.ecs.execute = async ({ service }) => passing(service);
  return aws;
}
