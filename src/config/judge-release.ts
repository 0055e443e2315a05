/** What a config sets that its release does not have, and whether anything runs the scheduler. */
import { advice, setting } from '../outcome/fix.ts';
import { type Issue, warn } from '../outcome/outcome.ts';
import { type AssumedRelease, isDowngrade } from './assumed-release.ts';
import { CONTRACT, isVariable } from './contract.ts';
import { DOCS } from './docs.ts';
import type { Entry, Source } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { isSince, type Release, type Since } from './release.ts';
import { canScheduleInDrain, drainSchedules, FIRST_RELEASES } from './releases.ts';
import type { Resolved } from './resolve.ts';

const ENABLED = 'DRAIN_SCHEDULER_ENABLED';

export function judgeRelease(
  assumed: AssumedRelease,
  resolved: Resolved,
  sources: readonly Source[],
): ConfigurationFinding[] {
  const { release } = assumed;
  if (release === undefined) return [];
  const scheduler = judgeScheduler(release, resolved, sources);
  return [
    ...(isDowngrade(assumed)
      ? [{ rule: 'release' as const, variable: 'LAUNCHER_IMAGE_TAG', outcome: older(assumed) }]
      : []),
    ...judgeVariables(release, resolved),
    ...(scheduler === undefined ? [] : [{ rule: 'scheduler' as const, outcome: scheduler }]),
  ];
}

function older({ release, from }: AssumedRelease): Issue {
  return warn(`${release?.text} is older than ${from?.text}, the release in the config`, {
    detail: 'A newer release migrates the database, and an older one does not know its tables.',
    expected: `${from?.text} or later`,
    fix: advice`check for a later release with --release`,
    docs: DOCS.changelog,
    evidence: { release: release?.text ?? '', config: from?.text ?? '' },
  });
}

/** One warning for all variables that came with the same release, under the name of the first. */
function judgeVariables(release: Release, { entries }: Resolved): ConfigurationFinding[] {
  const early = [...entries.values()].flatMap((entry) => {
    const since = firstReleaseOf(entry);
    return since === undefined || isSince(release, since) ? [] : [{ name: entry.name, since, entry }];
  });
  return [...Map.groupBy(early, ({ since }) => since)].flatMap(([since, group]): ConfigurationFinding[] => {
    const [first] = group;
    if (first === undefined) return [];
    const { name, entry } = first;
    const names = group.map((one) => one.name);
    const what = names.length === 1 ? name : `${name} and ${names.length - 1} more`;
    const outcome = warn(`${what} came with release ${since}, and this is ${release.text}`, {
      detail: `Release ${release.text} ignores ${names.join(', ')}.`,
      expected: `release ${since} or later`,
      fix: advice`upgrade to ${since} or later, or remove ${names.join(', ')} (${entry.origin})`,
      ...(isVariable(name) && { docs: CONTRACT[name].docs }),
      evidence: { variables: names, since, release: release.text },
    });
    return [{ rule: 'release', variable: name, outcome }];
  });
}

/** `undefined` if all releases have the variable, or its value means what a release without it does. */
function firstReleaseOf({ name, kind, value, location }: Entry): Since | undefined {
  const first = FIRST_RELEASES.get(name);
  if (first === undefined || (kind === 'known' && first.ignores?.(value) === true)) return undefined;
  return location?.kind === undefined ? first.since : (first.onKubernetes ?? first.since);
}

/**
 * Whether the config says that nothing runs the scheduler. Only task definitions say so: on Kubernetes, the scheduler has
 * the shared Secret alone.
 */
function judgeScheduler(release: Release, resolved: Resolved, sources: readonly Source[]): Issue | undefined {
  const containers = new Set(
    sources
      .flatMap(({ entries }) => entries)
      .map(({ location, service }) => (location?.container === undefined ? 'other' : service)),
  );
  const isWhole =
    containers.has('server') && containers.has('drain') && !containers.has('other') && !containers.has('all');
  if (!isWhole || containers.has('scheduler') || resolved.byService.size < 2) return undefined;
  const enabled = resolved.byService.get('drain')?.get(ENABLED);
  if (enabled !== undefined && enabled.kind !== 'known') return undefined;
  if (drainSchedules(release, enabled?.value)) return undefined;
  const inDrain = canScheduleInDrain(release);
  return warn('nothing runs the scheduler', {
    detail: `The config has the server and the drain but no scheduler, and the drain of release ${release.text} ${inDrain ? `runs it only with ${ENABLED}=true` : 'can’t run it'}.`,
    expected: inDrain ? `a scheduler service, or ${ENABLED}=true` : 'a scheduler service',
    fix: inDrain ? setting(ENABLED, 'true') : advice`deploy the scheduler, and pass its task definition too, with -f`,
    docs: DOCS.changelog,
    evidence: { release: release.text },
  });
}
