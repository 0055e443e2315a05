/** Runs of tasks on a cluster of ECS: what came of each service. */
import { callerOf } from '../../../src/app/ecs/caller.ts';
import type { EcsObserver } from '../../../src/app/ecs/drive.ts';
import { planEcs } from '../../../src/app/ecs/plan.ts';
import { runEcs } from '../../../src/app/ecs/run.ts';
import { readServices } from '../../../src/app/ecs/source.ts';
import { ecsOf } from '../../../src/cluster/ecs/client.ts';
import type { JsonMap } from '../../../src/util/json.ts';
import type { AwsServer, EcsFaults } from '../../services/aws/index.ts';
import { CLUSTER, startEcs } from '../../support/ecs-cluster.ts';
import { taskDefinition } from '../../support/task-definitions.ts';

const IMAGE = 'registry.internal/preflight:1';

export const started = (definitions: readonly JsonMap[] = [taskDefinition('server'), taskDefinition('drain')]) =>
  startEcs(definitions);

interface Changes {
  readonly keep?: boolean;
  readonly startTimeoutMs?: number;
  readonly runTimeoutMs?: number;
  readonly silenceMs?: number;
  readonly signal?: AbortSignal;
}

export async function connected(aws: AwsServer) {
  const environment = {
    AWS_ENDPOINT_URL: aws.url,
    AWS_ACCESS_KEY_ID: aws.users[0]?.accessKeyId,
    AWS_SECRET_ACCESS_KEY: aws.users[0]?.secretAccessKey,
  };
  const { region } = aws;
  const caller = callerOf({ cluster: CLUSTER, region, profile: undefined, environment, authorities: undefined });
  return { caller, ecs: await ecsOf(caller.run, CLUSTER) };
}

/** Runs all services, and says what came of each, what was said, and what is left. */
export async function ran(aws: AwsServer, { signal = new AbortController().signal, ...changes }: Changes = {}) {
  const said: string[] = [];
  const { caller, ecs } = await connected(aws);
  try {
    const stdin = (async function* () {})();
    const source = { files: [], stdin, timeoutMs: 1_000, services: undefined, network: undefined, cluster: CLUSTER };
    const plan = planEcs(await readServices(ecs, source), CLUSTER, {
      image: IMAGE,
      args: [],
      authorities: undefined,
      logGroup: undefined,
      region: aws.region,
      startTimeoutMs: 5_000,
      timeoutMs: 5_000,
      keep: false,
    });
    const observer: EcsObserver = { started: () => {}, finished: () => {}, said: (text) => said.push(text) };
    const where = { cluster: CLUSTER, region: aws.region };
    const { runs, left } = await runEcs({ ...plan, pollMs: 5, ...changes }, ecs, where, observer, signal);
    const outcomes = runs.map(({ workload, outcome }) => [
      workload.service,
      'lost' in outcome ? outcome.lost.title : 'report',
    ]);
    const lost = runs.flatMap(({ outcome }) => ('lost' in outcome ? [outcome.lost] : []));
    return { outcomes: Object.fromEntries(outcomes), lost, said, left };
  } finally {
    await caller.end();
  }
}

export const ofDrain =
  <T>(value: T) =>
  (service: string): T | undefined =>
    service === 'drain' ? value : undefined;

export const stopped = (stopCode: string, stoppedReason: string): EcsFaults => ({
  stopped: ofDrain({ stopCode, stoppedReason }),
});
