/** What came of the tasks, as runs of a matrix, with what can explain that one service fails where others pass. */
import { type EcsWorkload, secretsNamedIn } from '../../cluster/ecs/workloads.ts';
import type { Redact } from '../../config/redact.ts';
import type { Fact, ServiceRun } from '../../report/matrix/types.ts';
import { firstOf } from '../../util/format.ts';
import { mapIn, textIn, textsIn } from '../../util/json.ts';
import { serviceRun } from '../service-run.ts';
import type { EcsDriven } from './drive.ts';

/** The number of secrets or subnets that a fact names. */
const MOST = 8;

/** @param redact for the words of ECS */
export function serviceRuns(runs: readonly EcsDriven[], redact: Redact): ServiceRun[] {
  return runs.map(({ workload, outcome, zone }) =>
    serviceRun(workload.service, factsOf(workload, zone), outcome, redact),
  );
}

function factsOf({ definition, container, placement }: EcsWorkload, zone: string | undefined): Fact[] {
  const network = mapIn(mapIn(placement, 'networkConfiguration'), 'awsvpcConfiguration');
  const values: readonly (readonly [name: string, value: string])[] = [
    ['task role', roleIn(textIn(definition, 'taskRoleArn'))],
    ['execution role', roleIn(textIn(definition, 'executionRoleArn'))],
    ['secrets', listed(secretsNamedIn(container))],
    ['subnets', listed(textsIn(network, 'subnets'))],
    ['security groups', listed(textsIn(network, 'securityGroups'))],
    ['availability zone', zone ?? ''],
  ];
  return values.filter(([, value]) => value !== '').map(([name, value]) => ({ name, value }));
}

const roleIn = (arn: string | undefined): string => arn?.replace(/^arn:[^/]*:role\//, '') ?? 'none';
const listed = (values: readonly string[]): string => firstOf(values.toSorted(), MOST);
