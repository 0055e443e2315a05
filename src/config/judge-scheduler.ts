/** Whether anything runs the scheduler. */
import { advice, setting } from '../outcome/fix.ts';
import { type Issue, type Skip, skip, warn } from '../outcome/outcome.ts';
import { DOCS } from './docs.ts';
import type { Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { CORE_SERVICES, type Perspective } from './options.ts';
import type { Release } from './release.ts';
import { canScheduleInDrain, drainSchedules } from './releases.ts';
import type { Resolved } from './resolve.ts';

const ENABLED = 'DRAIN_SCHEDULER_ENABLED';

/** Whether a check of this service is about an installation: a worker and the VCS gateway have no scheduler. */
export const hasScheduler = (service: Perspective | undefined): boolean =>
  service === undefined || (CORE_SERVICES as readonly Perspective[]).includes(service);

export function judgeScheduler(
  release: Release | undefined,
  resolved: Resolved,
  sources: readonly Source[],
): ConfigurationFinding[] {
  const outcome = hasScheduler(resolved.service) ? judge(release, resolved, sources) : undefined;
  return outcome === undefined ? [] : [{ rule: 'scheduler', outcome }];
}

/** @returns `undefined` if the config shows that the scheduler or the drain runs it */
function judge(
  release: Release | undefined,
  { service, byService, incomplete }: Resolved,
  sources: readonly Source[],
): Issue | Skip | undefined {
  const deployed = deployedIn(sources);
  if (service === 'scheduler' || deployed.has('scheduler')) return undefined;
  const enabled = byService.get('drain')?.get(ENABLED);
  if (release === undefined || canScheduleInDrain(release)) {
    const isOpen = enabled === undefined ? incomplete : enabled.kind !== 'known';
    if (isOpen) return skip(`whether the drain runs the scheduler is not known here: ${ENABLED} may be set elsewhere`);
  }
  if (byService.has('drain') && drainSchedules(release, enabled?.value)) return undefined;
  if (service !== undefined) return skip('only one service is checked, so another may run the scheduler');
  if (!isWhole(deployed)) return skip('the config does not show which services are deployed');
  if (release === undefined)
    return skip('the release is not known, so neither is whether the drain runs the scheduler');
  const inDrain = canScheduleInDrain(release);
  const kind = sources.some((source) => source.workloads !== undefined) ? 'workload' : 'task definition';
  return warn('nothing runs the scheduler', {
    detail: `The config has the server and the drain but no scheduler, and the drain of release ${release.text} ${inDrain ? `runs it only with ${ENABLED}=true` : 'can’t run it'}.`,
    expected: inDrain ? `a scheduler service, or ${ENABLED}=true` : 'a scheduler service',
    fix: inDrain ? setting(ENABLED, 'true') : advice`deploy the scheduler, and pass its ${kind} too, with -f`,
    docs: DOCS.changelog,
    evidence: { release: release.text },
  });
}

/** The services whose containers are in the config; `other` for values that may be those of any. */
export const deployedIn = (sources: readonly Source[]): ReadonlySet<string> =>
  new Set(
    sources.flatMap(
      ({ workloads, entries }): readonly string[] =>
        workloads ?? entries.map(({ location, service }) => (location?.container === undefined ? 'other' : service)),
    ),
  );

const isWhole = (deployed: ReadonlySet<string>): boolean =>
  deployed.has('server') && deployed.has('drain') && !deployed.has('other') && !deployed.has('all');
