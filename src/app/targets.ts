/** Version control systems and images that an option names, because no variable does. */
import { EXAMPLE_IMAGE, parseImage } from '../config/image-reference.ts';
import { InputError } from '../config/input-error.ts';
import type { RunOptions } from '../config/options.ts';
import { versionControlUrl } from '../config/version-control-url.ts';

/**
 * Each of them once. The messages do not repeat what was given: it could be a secret.
 * @param dash precedes the name of the option in the message
 * @throws InputError
 */
export function targetsIn(
  {
    vcs = [],
    pull = [],
  }: { readonly vcs?: readonly string[] | undefined; readonly pull?: readonly string[] | undefined },
  dash: '--' | '',
): Pick<RunOptions, 'vcs' | 'pull'> {
  /** "--pull (2 of 3)": which of several is meant. */
  const one = (name: string, index: number, all: readonly string[]) =>
    `${dash}${name}${all.length > 1 ? ` (${index + 1} of ${all.length})` : ''}`;
  const addresses = vcs.map((text, index) => {
    const url = versionControlUrl(text);
    if (url !== undefined) return url;
    throw new InputError(
      `${one('vcs', index, vcs)}: expected a URL such as https://github.com, without a user name and password`,
    );
  });
  for (const [index, name] of pull.entries()) {
    const image = parseImage(name);
    if ('problem' in image)
      throw new InputError(`${one('pull', index, pull)}: expected an image such as ${EXAMPLE_IMAGE}; ${image.problem}`);
  }
  return { vcs: [...new Set(addresses)], pull: [...new Set(pull)] };
}
