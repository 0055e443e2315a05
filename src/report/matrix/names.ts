/** What runs are called. */
import type { Perspective } from '../../config/options.ts';
import type { MatrixRun, ServiceRun } from './types.ts';

const SERVICES: Readonly<Record<Perspective, string>> = {
  server: 'the server',
  drain: 'the drain',
  scheduler: 'the scheduler',
  'vcs-gateway': 'the VCS gateway',
  worker: 'the worker',
};

/** "the server" */
export const serviceName = (service: Perspective): string => SERVICES[service];

/** "the server", "the server on pod-1" */
const phraseOf = ({ name, service }: Pick<MatrixRun, 'name' | 'service'>): string =>
  name === service ? SERVICES[service] : `${SERVICES[service]} on ${name.slice(service.length + 1)}`;

/** The number of runs that a phrase names. */
const MOST_NAMED = 4;

/** "the server and the drain" */
export function namesOf(runs: readonly Pick<MatrixRun, 'name' | 'service'>[]): string {
  const named = runs.slice(0, MOST_NAMED).map(phraseOf);
  const rest = runs.length - named.length;
  const all = rest === 0 ? named : [...named.slice(0, -1), `${rest + 1} others`];
  return all.length < 2 ? all.join('') : `${all.slice(0, -1).join(', ')} and ${all.at(-1)}`;
}

/** The host of a run: the same service on two hosts is two runs. */
export const hostOf = (run: ServiceRun): string | undefined => ('report' in run ? run.report.host : undefined);

/** Unique names, in order. */
export function namesFor(runs: readonly ServiceRun[]): string[] {
  const times = new Map<string, number>();
  for (const { service } of runs) times.set(service, (times.get(service) ?? 0) + 1);
  const used = new Map<string, number>();
  return runs.map((run) => {
    const host = hostOf(run);
    const isAlone = times.get(run.service) === 1;
    const name = isAlone ? run.service : `${run.service}@${host ?? 'unknown'}`;
    const before = used.get(name) ?? 0;
    used.set(name, before + 1);
    return before === 0 ? name : `${name}#${before + 1}`;
  });
}
