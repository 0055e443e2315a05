/** Says as whom the cloud services are tested. */
import type { Context, Run } from '../../src/engine/check.ts';
import { changesNetworkContext } from '../../src/net/ca-store.ts';
import { type Outcome, pass } from '../../src/outcome/outcome.ts';
import { asksAws, standsIn } from './who.ts';

export async function run(context: Context<'credentials' | 'account' | 'tested-as'>): Promise<void> {
  const asAws = async () => {
    const { account, credentials } = await import('./aws.ts');
    await context.gate('credentials', () => credentials(context));
    await context.check('account', () => account(context));
  };
  const results = await Promise.allSettled([
    asksAws(context) ? asAws() : undefined,
    standsIn(context).length > 0 ? context.check('tested-as', () => testedAs(context)) : undefined,
  ]);
  for (const result of results) if (result.status === 'rejected') throw result.reason;
}

async function testedAs(run: Run): Promise<Outcome> {
  const clouds = standsIn(run);
  const caller = clouds.includes('AWS') ? await (await import('./aws.ts')).signer(run) : undefined;
  const who =
    caller === undefined ? `this process on ${clouds.join(' and ')}` : `${caller.name} in account ${caller.account}`;
  return pass(
    caller?.isDeployments === true
      ? `tested as ${who}, the deployment’s role`
      : `tested as ${who}, not as the deployment`,
    {
      detail: `The config has no credentials that can be used here, so this process’s credentials are used (its environment, profile or role, or --credentials-file).${
        changesNetworkContext(run.deployment)
          ? ' Requests with them use this process’s proxy and certificate authorities (CAs), not those in the config; add CAs with --ca-file.'
          : ''
      }`,
      evidence: { clouds },
    },
  );
}
