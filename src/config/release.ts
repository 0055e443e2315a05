/** Versions of Self-Hosted, as its images are tagged: `v4.3.0`. */

export interface Release {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  /** `rc.1` in `4.3.0-rc.1`. */
  readonly candidate?: string;
  /** Without the `v`: `4.3.0-rc.1`. */
  readonly text: string;
}

/** How a release is known: from the option, from the config, or not at all. */
export type ReleaseSource = 'option' | 'config' | 'none';

/** A version in the table of changes. */
export type Since = `${number}.${number}.${number}`;

const VERSION =
  /^v?((?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4})\.(?:0|[1-9]\d{0,4}))(?:-([0-9A-Za-z]+(?:[.-][0-9A-Za-z]+){0,9}))?$/;
/** An image can be pinned beside its tag: `v4.3.0@sha256:…`. */
const DIGEST = /@sha256:[0-9a-f]{64}$/;
/** Longer texts are no versions. */
const LONGEST = 100;

/** `undefined` for anything else than a version: `latest`, the hash of a commit, `4.3`. */
export function parseRelease(text: string): Release | undefined {
  if (text.length > LONGEST) return undefined;
  const [, version, candidate] = VERSION.exec(text) ?? [];
  if (version === undefined) return undefined;
  const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
  return {
    numbers: [major, minor, patch],
    ...(candidate !== undefined && { candidate }),
    text: candidate === undefined ? version : `${version}-${candidate}`,
  };
}

/** The release in the tag of an image, with or without a digest. */
export const releaseOfTag = (tag: string): Release | undefined => parseRelease(tag.replace(DIGEST, ''));

/** Whether a release has what came with a version. A candidate has what its release brings. */
export const isSince = ({ numbers }: Release, since: Since): boolean =>
  compareNumbers(numbers, since.split('.').map(Number)) >= 0;

/** Negative if the first is older. A candidate is older than its release; candidates of one release count as equal. */
export const compareReleases = (a: Release, b: Release): number =>
  compareNumbers(a.numbers, b.numbers) || Number(a.candidate === undefined) - Number(b.candidate === undefined);

function compareNumbers(a: readonly number[], b: readonly number[]): number {
  for (const [index, number] of a.entries()) {
    const other = b[index] ?? 0;
    if (number !== other) return number - other;
  }
  return 0;
}
