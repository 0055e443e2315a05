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
  const addresses = vcs.map((text) => {
    const url = versionControlUrl(text);
    if (url !== undefined) return url;
    throw new InputError(`${dash}vcs: expected a URL such as https://github.com, without a user name and password`);
  });
  for (const name of pull) {
    const image = parseImage(name);
    if ('problem' in image)
      throw new InputError(`${dash}pull: expected an image such as ${EXAMPLE_IMAGE}; ${image.problem}`);
  }
  return { vcs: [...new Set(addresses)], pull: [...new Set(pull)] };
}
