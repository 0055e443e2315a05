/** The values in pods that must not be shown when a server quotes them. */
import type { Entry, Source } from '../config/entry.ts';
import { secretsOf } from '../config/secrets.ts';
import type { JsonMap } from '../util/json.ts';
import { listIn, textIn } from './objects.ts';
import type { Workload } from './workloads.ts';

/** Secret values that Deployments contain themselves; those in Secrets are not known here. */
export function secretsIn(workloads: readonly Workload[]): string[] {
  const containers = workloads.flatMap(({ spec }) => [
    ...listIn(spec, 'initContainers'),
    ...listIn(spec, 'containers'),
  ]);
  const source: Source = { entries: containers.flatMap(entriesIn), incomplete: true, process: false };
  return secretsOf([source]);
}

const entriesIn = (container: JsonMap): Entry[] =>
  listIn(container, 'env').flatMap((pair) => {
    const [name, value] = [textIn(pair, 'name'), textIn(pair, 'value')];
    return name === undefined || value === undefined
      ? []
      : [{ name, kind: 'known' as const, value, service: 'all' as const, origin: 'a Deployment' }];
  });
