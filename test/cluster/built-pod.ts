/** The Pod that is made of that of a service. */
import { mapIn } from '../../src/cluster/objects.ts';
import { type PodSettings, podOf } from '../../src/cluster/pod.ts';
import { resourcesIn } from '../../src/cluster/resources.ts';
import { workloadsIn } from '../../src/cluster/workloads.ts';
import type { Service } from '../../src/config/options.ts';
import type { JsonMap } from '../../src/util/json.ts';
import { type Changes, deployment } from '../support/deployments.ts';

export const SETTINGS: PodSettings = {
  run: 'ab12cd34',
  image: 'registry.internal/spacelift-preflight@sha256:0',
  imagePullSecrets: [],
  resources: resourcesIn(undefined),
  args: ['--service', 'drain'],
  authorities: undefined,
  activeDeadline: 300,
  claims: [],
};

export function built(changes: Changes = {}, settings: Partial<PodSettings> = {}, service: Service = 'drain') {
  const [workload] = workloadsIn([deployment(service, changes)], 'x');
  if (workload === undefined) throw new Error('no workload');
  const { pod, ...more } = podOf(workload, { ...SETTINGS, ...settings });
  const spec = mapIn(pod, 'spec');
  const [own] = (spec.containers as readonly JsonMap[]) ?? [];
  if (own === undefined) throw new Error('no container');
  return { pod, spec, own, metadata: mapIn(pod, 'metadata'), workload, ...more };
}
