/** The container images that the installation needs: the launcher, and those given with `--pull`. */
import { fullName, type ImageReference, parseImage } from '../../src/config/image-reference.ts';
import type { RunOptions } from '../../src/config/options.ts';
import { type Check, defineCheck, type Run } from '../../src/engine/check.ts';
import { type ImageRule, RULES } from './rules.ts';

export const images: Check = defineCheck({
  id: 'images',
  title: 'Container images',
  rules: RULES,
  variable: 'LAUNCHER_IMAGE',

  expects: (run): ImageRule[] => [
    ...(usesLauncher(run) ? (['launcher'] as const) : []),
    ...(run.options.pull.length > 0 ? (['pull'] as const) : []),
  ],

  plan: (run) => {
    const does = 'asks the registry for the manifest, and logs in if it requires that';
    const [name, tag] = usesLauncher(run) ? [run.get('LAUNCHER_IMAGE'), run.get('LAUNCHER_IMAGE_TAG')] : [];
    const given = imagesIn(run.options).map(({ image }) => fullName(image));
    return [
      ...(name === undefined ? [] : [{ rules: ['launcher'], does, at: [tag === undefined ? name : `${name}:${tag}`] }]),
      ...(given.length === 0 ? [] : [{ rules: ['pull'], does, at: given }]),
    ];
  },

  async run(context) {
    const { checkLauncher, checkPull } = await import('./pull.ts');
    await Promise.all([
      ...(usesLauncher(context) ? [context.check('launcher', () => checkLauncher(context))] : []),
      ...imagesIn(context.options).map(({ name, image }) =>
        context.check('pull', () => checkPull(context, image, '--pull'), name),
      ),
    ]);
  },
});

/** The drain passes the image on, and workers start from it. */
const usesLauncher = ({ deployment }: Run): boolean =>
  [undefined, 'drain', 'worker'].includes(deployment.service) && deployment.lookup('LAUNCHER_IMAGE').state !== 'unset';

/** Names that are not valid were refused before the run. */
const imagesIn = ({ pull }: RunOptions): { readonly name: string; readonly image: ImageReference }[] =>
  pull.flatMap((name) => {
    const image = parseImage(name);
    return 'problem' in image ? [] : [{ name, image }];
  });
