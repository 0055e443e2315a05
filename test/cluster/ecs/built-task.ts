/** The copy of a task definition, with parts of it. */
import { taskOf } from '../../../src/cluster/ecs/task.ts';
import { type EcsWorkload, serviceIn } from '../../../src/cluster/ecs/workloads.ts';
import type { Service } from '../../../src/config/options.ts';
import { type JsonMap, listIn } from '../../../src/util/json.ts';
import { type Changes, taskDefinition } from '../../support/task-definitions.ts';

export const SETTINGS = {
  run: '0a1b2c3d',
  cluster: 'spacelift',
  endsBy: new Date(0),
  image: 'registry.internal/preflight:1',
  args: ['--service', 'drain'],
  authorities: undefined,
  logGroup: undefined,
  region: 'eu-central-1',
};

export function workload(service: Service, changes: Changes = {}, tags: readonly JsonMap[] = []): EcsWorkload {
  const definition = taskDefinition(service, changes);
  const container = listIn(definition, 'containerDefinitions').find((one) => serviceIn(one) === service) ?? {};
  return { service, definition, container, tags, label: `service spacelift-${service}`, placement: {} };
}

export const built = (changes: Changes = {}, settings: Partial<typeof SETTINGS> | JsonMap = {}) =>
  taskOf(workload('drain', changes), { ...SETTINGS, ...settings });

export const containersOf = (changes: Changes = {}, settings: Partial<typeof SETTINGS> | JsonMap = {}) =>
  listIn(built(changes, settings).definition, 'containerDefinitions');
