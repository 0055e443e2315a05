/** Which release of Self-Hosted a run was for, and what changes with it. */
import { changesOf, isDowngrade } from '../config/assumed-release.ts';
import type { Deployment } from '../config/deployment.ts';
import { compareReleases, parseRelease } from '../config/release.ts';
import type { ReportChange, ReportRelease } from './types.ts';

/** The reason contains the name of a file: it must be cleaned before it is printed. */
export function releaseOf({ release: assumed, lookup }: Pick<Deployment, 'release' | 'lookup'>): ReportRelease {
  const { release, source, reason, from } = assumed;
  const base = { version: release?.text ?? null, source, reason };
  if (from === undefined) return base;
  const older = isDowngrade(assumed);
  const changes = changesOf(assumed, (name) => {
    const found = lookup(name);
    return 'value' in found ? found.value : undefined;
  });
  return {
    ...base,
    from: from.text,
    changes: changes.map(({ since, change, action, docs }) => ({
      since,
      change,
      ...(action !== undefined && !older && { action }),
      docs,
    })),
  };
}

/** "4.3.0 (--release)" */
export function releasePhrase({ version, source, reason, from }: ReportRelease): string {
  if (version === null) return `not known, so the reference documentation applies: ${reason}; set it with --release`;
  const how = source === 'option' && from !== undefined ? `${reason}; the config has ${from}` : reason;
  return `${version} (${how})`;
}

/** The title of the list of changes; `undefined` without another release to compare with. */
export function changesTitle({ version, from, changes }: ReportRelease): string | undefined {
  if (version === null || from === undefined || changes === undefined) return undefined;
  if (changes.length > 0 && isOlder(version, from)) return `compared with ${from}, ${version} lacks`;
  return changes.length === 0 ? `no known changes from ${from} to ${version}` : `changes from ${from} to ${version}`;
}

function isOlder(version: string, than: string): boolean {
  const [one, other] = [parseRelease(version), parseRelease(than)];
  return one !== undefined && other !== undefined && compareReleases(one, other) < 0;
}

/** "4.1.0: PostgreSQL 17 is supported" */
export const changePhrase = ({ since, change }: ReportChange): string => `${since}: ${change}`;
