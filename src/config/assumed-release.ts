/** The release that a run is for, how it is known, and what changes with it. */
import type { Entry, Source } from './entry.ts';
import { compareReleases, isSince, type Release, type ReleaseSource, releaseOfTag } from './release.ts';
import { CHANGES, type Change, type Values } from './releases.ts';

/** The variable with the tag of the launcher, which is the release of Self-Hosted. */
const TAG = 'LAUNCHER_IMAGE_TAG';

export interface AssumedRelease {
  /** `undefined` if it is not known: the reference documentation holds. */
  readonly release: Release | undefined;
  readonly source: ReleaseSource;
  /** "LAUNCHER_IMAGE_TAG in drain.yaml", or why it is not known. */
  readonly reason: string;
  /** The release in the config, if the option names another one. */
  readonly from?: Release;
}

/** @param option the release that the caller named */
export function assumeRelease(tag: Entry | undefined, option: Release | undefined): AssumedRelease {
  const inConfig = tag?.kind === 'known' ? releaseOfTag(tag.value) : undefined;
  if (option !== undefined) {
    const differs = inConfig !== undefined && inConfig.text !== option.text;
    return { release: option, source: 'option', reason: '--release', ...(differs && { from: inConfig }) };
  }
  if (inConfig !== undefined) {
    return { release: inConfig, source: 'config', reason: `${TAG} in ${tag?.origin ?? 'the config'}` };
  }
  return { release: undefined, source: 'none', reason: whyNot(tag) };
}

function whyNot(tag: Entry | undefined): string {
  if (tag === undefined || (tag.kind === 'known' && tag.value === '')) return `${TAG} is not set`;
  return tag.kind === 'secret' ? `the value of ${TAG} is unknown` : `${TAG} is not a version such as v4.3.0`;
}

/** The tag in effect; only the drain has it, but it is the release of all services. */
export function tagIn(entries: ReadonlyMap<string, Entry>, sources: readonly Source[]): Entry | undefined {
  const all = sources.flatMap((source) => source.entries).filter(({ name, value }) => name === TAG && value !== '');
  return entries.get(TAG) ?? all.findLast(({ kind }) => kind === 'known') ?? all.at(-1);
}

/** Whether the option names an older release than the config. */
export const isDowngrade = ({ release, from }: AssumedRelease): boolean =>
  release !== undefined && from !== undefined && compareReleases(release, from) < 0;

/** What an upgrade from the config's release changes, or what an older release lacks, for a deployment with these values. */
export function changesOf(assumed: AssumedRelease, value: Values): readonly Change[] {
  const { release, from } = assumed;
  if (release === undefined || from === undefined) return [];
  const [older, newer] = isDowngrade(assumed) ? [release, from] : [from, release];
  return CHANGES.filter(
    ({ since, until, concerns }) =>
      isSince(newer, since) &&
      !isSince(older, since) &&
      (isDowngrade(assumed) || ((until === undefined || !isSince(newer, until)) && (concerns?.(value) ?? true))),
  );
}
