/** What a config sets that its release does not have. */
import { advice } from '../outcome/fix.ts';
import { type Issue, warn } from '../outcome/outcome.ts';
import { type AssumedRelease, isDowngrade } from './assumed-release.ts';
import { CONTRACT, isVariable } from './contract.ts';
import { DOCS } from './docs.ts';
import type { Entry } from './entry.ts';
import type { ConfigurationFinding } from './finding.ts';
import { isSince, type Release, type Since } from './release.ts';
import { FIRST_RELEASES } from './releases.ts';
import type { Resolved } from './resolve.ts';

export function judgeRelease(assumed: AssumedRelease, resolved: Resolved): ConfigurationFinding[] {
  const { release } = assumed;
  if (release === undefined) return [];
  return [
    ...(isDowngrade(assumed)
      ? [{ rule: 'release' as const, variable: 'LAUNCHER_IMAGE_TAG', outcome: older(assumed) }]
      : []),
    ...judgeVariables(release, resolved),
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
