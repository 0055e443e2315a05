/** Spacelift's own endpoints, and the endpoints that it connects to in addition to its dependencies. */
import type { ValueName } from '../../src/config/contract.ts';
import { type Check, defineCheck, type Run } from '../../src/engine/check.ts';
import { resolve } from '../../src/net/dns.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { networkMessages } from '../../src/net/messages.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { unbracketed } from '../../src/net/tcp.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip } from '../../src/outcome/outcome.ts';
import { phaseOf, untilPhaseIsKnown } from '../phase.ts';
import { type NetworkRule, RULES } from './rules.ts';
import { checkVpcEndpoints, usesProxyForAws } from './vpc-endpoints.ts';

const HTTPS = 443;

export const network: Check = defineCheck({
  id: 'network',
  title: 'Network',
  rules: RULES,
  variable: 'SERVER_DOMAIN',

  expects: ({ deployment }): NetworkRule[] => {
    const { service } = deployment;
    const isSet = (name: ValueName) => deployment.lookup(name).state !== 'unset';
    const isFederated = isSet('FEDERATION_CUSTOM_ISSUER') || isSet('FEDERATION_CUSTOM_JWKS_URI');
    const rules: NetworkRule[] = ['server-domain', 'certificate'];
    if (service === undefined || service === 'server' || service === 'worker') rules.push('server');
    if (service === undefined || service === 'server') rules.push('webhooks');
    if ((service === undefined || service === 'server' || service === 'drain') && isFederated) rules.push('oidc');
    if (isSet('VCS_GATEWAY_ENDPOINT')) rules.push('vcs-gateway');
    if ((service === undefined || service === 'drain') && isSet('SPACELIFT_PUBLIC_API')) rules.push('public-api');
    if (usesProxyForAws(deployment)) rules.push('vpc-endpoints');
    return rules;
  },

  plan: async (run) => (await import('./plan.ts')).plan(run, network.expects(run) as NetworkRule[]),

  async run(context) {
    const expected = network.expects(context);
    await untilPhaseIsKnown(context);
    const ifExpected = async (rule: NetworkRule, how: () => Promise<Outcome>) => {
      if (expected.includes(rule)) await context.check(rule, how);
    };
    await Promise.all([
      ifExpected('server-domain', () => serverDomain(context)),
      ifExpected('certificate', () =>
        installed(context, async () => {
          const { checkCertificate } = await import('./certificate.ts');
          return checkCertificate(context, { host: context.require('SERVER_DOMAIN'), port: HTTPS });
        }),
      ),
      ifExpected('server', () =>
        installed(context, async () => {
          const { checkServer } = await import('./endpoints.ts');
          return checkServer(context, new URL(`https://${context.require('SERVER_DOMAIN')}`), 'SERVER_DOMAIN');
        }),
      ),
      ifExpected('webhooks', () =>
        installed(context, async () => {
          const { checkWebhooks } = await import('./endpoints.ts');
          const own = context.get('WEBHOOKS_ENDPOINT');
          const url = own ?? `https://${context.require('SERVER_DOMAIN')}/webhooks`;
          return checkWebhooks(context, new URL(url), own === undefined ? 'SERVER_DOMAIN' : 'WEBHOOKS_ENDPOINT');
        }),
      ),
      ifExpected('oidc', () => installed(context, async () => (await import('./oidc.ts')).checkOidc(context))),
      ifExpected('vcs-gateway', async () => {
        const [, host = '', port] = /^(.*):(\d+)$/.exec(context.require('VCS_GATEWAY_ENDPOINT')) ?? [];
        const { checkVcsGateway } = await import('./vcs-gateway.ts');
        return checkVcsGateway(context, { host, port: Number(port) });
      }),
      ifExpected('vpc-endpoints', () => checkVpcEndpoints(context)),
      ifExpected('public-api', async () => {
        const { checkPublicApi } = await import('./endpoints.ts');
        return checkPublicApi(context, new URL(context.require('SPACELIFT_PUBLIC_API')));
      }),
    ]);
  },
});

async function serverDomain(run: Run): Promise<Outcome> {
  const host = run.require('SERVER_DOMAIN');
  try {
    const addresses = await resolve(run, unbracketed(host));
    return pass(`${host} resolves`, { evidence: { host, addresses } });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = networkMessages(error, { what: 'Spacelift’s server', host, port: HTTPS, setting: 'SERVER_DOMAIN' });
    const place = await skipIfOutside(run, host, error);
    if (place !== undefined) return place;
    if ((await phaseOf(run)) === 'post-install') return fail(words.title, words);
    return skip(`${host} does not resolve yet`, {
      fix: advice`create its DNS record, and run this tool again after installation`,
      evidence: { host, observed: error.kind },
    });
  }
}

/** Rules that need an installation. A worker has no database that shows whether there is one, so it tries. */
async function installed(run: Run, how: () => Promise<Outcome>): Promise<Outcome> {
  if ((await phaseOf(run)) === 'post-install') return how();
  if (run.deployment.service === 'worker' && run.options.phase === 'auto') return asFarAsThere(await how());
  return skip('Spacelift is not installed yet', { fix: advice`run this tool again after installation` });
}

function asFarAsThere(outcome: Outcome): Outcome {
  if (outcome.status !== 'fail') return outcome;
  return skip('Spacelift’s server is not installed yet, or can’t be reached from here', {
    detail: `Observed: ${outcome.title}.`,
    fix: advice`after installation, run this tool with --phase post-install: this finding then becomes a failure with a fix`,
    ...(outcome.evidence !== undefined && { evidence: outcome.evidence }),
  });
}
