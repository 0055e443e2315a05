/** Whether an image can be pulled: its name, and what its registry says. */
import {
  fullName,
  type ImageReference,
  type InvalidImage,
  isDigest,
  isTag,
  parseImage,
} from '../../src/config/image-reference.ts';
import { loginsFor, type RegistryLogin } from '../../src/config/registry-logins.ts';
import type { Run } from '../../src/engine/check.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, setting as set } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Outcome, pass, skip } from '../../src/outcome/outcome.ts';
import { type Attempt, outcomeOf, unreachable } from './messages.ts';
import { findManifest } from './registry.ts';
import { RegistryError, UnreachableRegistryError } from './registry-error.ts';

/** Of the logins for one image: Kubernetes tries them in turn, until one of them works. */
const MOST_LOGINS = 4;
/** In characters. */
const MOST_SHOWN = 300;

/** What reaches a registry that this run can't reach, whatever its address. */
const NODES = 'Nodes pull the image, and this run is outside of their network.';

/** The finding about the two variables together. */
const NAMED = 'configuration/launcher-image';

/** The image in LAUNCHER_IMAGE, with the tag in LAUNCHER_IMAGE_TAG if there is one. */
export function checkLauncher(run: Run): Promise<Outcome> | Outcome {
  const [name, tag] = [run.require('LAUNCHER_IMAGE'), run.get('LAUNCHER_IMAGE_TAG')];
  const told = run.deployment.configuration.find(({ rule }) => rule === 'launcher-image')?.outcome;
  if (told?.status === 'fail') {
    throw new CheckStopped({ ...told, status: 'fail', cause: told.cause ?? cause.finding(NAMED) });
  }
  if (told?.status === 'warn') return skip('the tag of the launcher image is not known', { detail: `See ${NAMED}.` });
  const image = parseImage(name);
  if ('problem' in image) return invalidName(image, name);
  if (tag === undefined) return checkPull(run, image, 'LAUNCHER_IMAGE');
  if (isTag(tag)) return checkPull(run, { ...image, tag }, 'LAUNCHER_IMAGE and LAUNCHER_IMAGE_TAG', 'LAUNCHER_IMAGE');
  if (isDigest(tag)) return digestAsTag(image);
  return fail('LAUNCHER_IMAGE_TAG is not a valid tag', {
    expected: 'up to 128 letters, digits, underscores, periods and hyphens, such as v4.3.0',
    fix: advice`correct LAUNCHER_IMAGE_TAG`,
    evidence: { tag: tag.slice(0, MOST_SHOWN) },
  });
}

/** A digest is joined with an at sign, and Spacelift joins the tag with a colon. */
function digestAsTag({ registry, repository }: ImageReference): Outcome {
  return fail('LAUNCHER_IMAGE_TAG is a digest, not a tag', {
    detail: 'Spacelift appends it to LAUNCHER_IMAGE with a colon, and a name such as image:sha256:… is not valid.',
    expected: 'a tag, such as v4.3.0',
    fix: advice`set LAUNCHER_IMAGE_TAG to the tag; to use the digest, append it to LAUNCHER_IMAGE (${registry}/${repository}@sha256:…), and remove LAUNCHER_IMAGE_TAG`,
    evidence: { variable: 'LAUNCHER_IMAGE_TAG' },
  });
}

/**
 * @param setting the variables or the option that name the image
 * @param place the one of them that names the registry
 */
export async function checkPull(
  run: Run,
  image: ImageReference,
  setting: string,
  place: string = setting,
): Promise<Outcome> {
  const logins = loginsFor(image, run.deployment.registryLogins);
  const incomplete = logins.find(({ credentials }) => credentials === undefined);
  const complete = logins.filter(({ credentials }) => credentials !== undefined).slice(0, MOST_LOGINS);
  const tried: (RegistryLogin | undefined)[] = complete.length > 0 ? complete : [undefined];
  const outcomes: Outcome[] = [];
  for (const login of tried) {
    const outcome = await attempt(run, { image, setting, place, login, incomplete });
    if (outcome.status === 'pass') return outcome;
    outcomes.push(outcome);
  }
  return outcomes[0] as Outcome;
}

async function attempt(run: Run, at: Attempt): Promise<Outcome> {
  const { image } = at;
  try {
    const { digest, login } = await findManifest(run, image, at.login);
    return pass(`${fullName(image)} can be pulled`, {
      ...(login !== undefined && { detail: `With the login in ${login.origin}.` }),
      evidence: {
        image: fullName(image),
        login: login?.origin ?? 'none',
        ...(digest !== undefined && { digest: digest.slice(0, MOST_SHOWN) }),
      },
    });
  } catch (error) {
    if (error instanceof RegistryError) return outcomeOf(error, at);
    if (!(error instanceof UnreachableRegistryError)) throw error;
    return (await skipIfOutside(run, error.url.hostname, error.error, NODES)) ?? unreachable(error, at);
  }
}

function invalidName({ problem, corrected }: InvalidImage, name: string): Outcome {
  return fail(`LAUNCHER_IMAGE is not a valid image name: ${problem}`, {
    expected: 'a name such as registry.corp.io/spacelift/launcher',
    fix: corrected === undefined ? advice`correct LAUNCHER_IMAGE` : set('LAUNCHER_IMAGE', corrected),
    evidence: { image: name.slice(0, MOST_SHOWN) },
  });
}
