/** Version control systems, which are connected in Spacelift and not in its config: those given with `--vcs`. */
import { type Check, defineCheck, type Run } from '../../src/engine/check.ts';
import { skip } from '../../src/outcome/outcome.ts';
import { RULES } from './rules.ts';

export const versionControl: Check = defineCheck({
  id: 'version-control',
  title: 'Version control',
  rules: RULES,

  expects: ({ options }) => (options.vcs.length > 0 ? ['api'] : []),

  plan: async (run) => {
    if (run.options.vcs.length === 0 || !usesVersionControl(run)) return [];
    const { probesFor } = await import('./products.ts');
    const at = run.options.vcs.flatMap((address) =>
      probesFor(new URL(address))
        .flat()
        .map(({ url }) => url.href),
    );
    return [{ rules: ['api'], does: 'sends GET requests without a login', at: [...run.options.vcs, ...at] }];
  },

  async run(context) {
    const { checkVersionControl } = await import('./probe.ts');
    const { service } = context.deployment;
    await Promise.all(
      context.options.vcs.map((address) =>
        context.check(
          'api',
          () =>
            usesVersionControl(context)
              ? checkVersionControl(context, new URL(address))
              : skip(`the ${service} does not connect to version control`),
          address.replace('https://', ''),
        ),
      ),
    );
  },
});

const usesVersionControl = ({ deployment: { service } }: Run): boolean =>
  service === undefined || service === 'server' || service === 'drain';
