/** What came of the Pods, as runs of a matrix, with what can explain that one service fails where others pass. */
import { mapIn, textIn } from '../../cluster/objects.ts';
import { authorityOf, type Workload } from '../../cluster/workloads.ts';
import type { Redact } from '../../config/redact.ts';
import type { Fact, ServiceRun } from '../../report/matrix/types.ts';
import { firstOf } from '../../util/format.ts';
import { serviceRun } from '../service-run.ts';
import type { Driven } from './drive.ts';

/** The number of Secrets or labels that a fact names. */
const MOST = 8;

/** @param redact for the words of the cluster */
export function serviceRuns(runs: readonly Driven[], redact: Redact): ServiceRun[] {
  return runs.map(({ workload, outcome, node }) =>
    serviceRun(workload.service, factsOf(workload, node), outcome, redact),
  );
}

/** Labels that say who manages the Pod, by which no policy selects. */
const MANAGEMENT = ['helm.sh/chart', 'app.kubernetes.io/managed-by', 'app.kubernetes.io/version', 'pod-template-hash'];

function factsOf(workload: Workload, node: string | undefined): Fact[] {
  const { account, secrets } = authorityOf(workload);
  const labels = mapIn(workload.metadata, 'labels');
  const pairs = Object.keys(labels)
    .filter((name) => !MANAGEMENT.includes(name))
    .map((name) => `${name}=${textIn(labels, name) ?? ''}`);
  return [
    { name: 'service account', value: account },
    ...(secrets.size === 0 ? [] : [{ name: 'Secrets', value: firstOf([...secrets].toSorted(), MOST) }]),
    ...(pairs.length === 0 ? [] : [{ name: 'Pod labels', value: firstOf(pairs.toSorted(), MOST) }]),
    ...(node === undefined ? [] : [{ name: 'node', value: node }]),
  ];
}
