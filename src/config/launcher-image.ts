/** LAUNCHER_IMAGE and LAUNCHER_IMAGE_TAG: together, they name one image with one tag. */
import { advice, setting } from '../outcome/fix.ts';
import { fail, type Issue, warn } from '../outcome/outcome.ts';

/** Where a tag or a digest starts; -1 without one. A colon before the last slash belongs to the port of the registry. */
function tagOrDigest(image: string): number {
  const name = image.lastIndexOf('/') + 1;
  const at = image.slice(name).search(/[:@]/);
  return at === -1 ? -1 : name + at;
}

/** The problem with the two, as far as their values are known; `undefined` if there is none. */
export function judgeLauncherImage(image: string, tag: string | undefined, isTagSet: boolean): Issue | undefined {
  const bare = image.replace(/^[a-z]+:\/\/|[:@]$/gi, '');
  if (bare !== image) {
    const what = image.includes('://') ? 'is a URL' : 'ends with a colon or an at sign, but has no tag or digest';
    return fail(`LAUNCHER_IMAGE ${what}`, {
      expected: 'the name of an image: registry.corp.io/spacelift/launcher',
      fix: setting('LAUNCHER_IMAGE', bare),
      evidence: { image },
    });
  }
  const own = tagOrDigest(image);
  const hasOwn = own !== -1;
  if (hasOwn && tag !== undefined) {
    const [carries, adds] = image.includes('@') ? ['a digest', 'a tag'] : ['a tag', 'another'];
    return fail(`LAUNCHER_IMAGE already has ${carries}, and LAUNCHER_IMAGE_TAG adds ${adds}`, {
      expected: 'only the image in LAUNCHER_IMAGE: Spacelift appends the tag',
      fix: setting('LAUNCHER_IMAGE', image.slice(0, own)),
      evidence: { image, tag },
    });
  }
  if (hasOwn || isTagSet) return undefined;
  return warn('LAUNCHER_IMAGE has no tag, and LAUNCHER_IMAGE_TAG is not set', {
    detail: 'Without a tag, workers pull the tag latest, which does not exist or belongs to another release.',
    expected: 'the tag of the launcher image that belongs to this release',
    fix: advice`set LAUNCHER_IMAGE_TAG to the tag that was pushed: the release, such as v4.3.0`,
    evidence: { image },
  });
}
