/** What the check of the network would do. */
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import type { NetworkRule } from './rules.ts';

const AFTER = 'after installation alone: ';

/** By rule, in the order of the check. */
const PLANS: Readonly<Record<NetworkRule, (run: Run) => Pick<PlannedOperation, 'does' | 'at'>>> = {
  'server-domain': ({ require }) => ({ does: 'resolves the name', at: [require('SERVER_DOMAIN')] }),
  certificate: (run) => ({
    does: `${unlessWorker(run)}opens TLS, and reads the certificate`,
    at: [`${run.require('SERVER_DOMAIN')}:443`],
  }),
  server: ({ require }) => ({ does: 'sends a GET', at: [`https://${require('SERVER_DOMAIN')}/`] }),
  webhooks: ({ require, get }) => ({
    does: `${AFTER}sends a GET`,
    at: [get('WEBHOOKS_ENDPOINT') ?? `https://${require('SERVER_DOMAIN')}/webhooks`],
  }),
  'vcs-gateway': ({ require }) => ({ does: 'opens TLS, and offers HTTP/2', at: [require('VCS_GATEWAY_ENDPOINT')] }),
  'public-api': ({ require }) => ({ does: 'sends a GET', at: [new URL(require('SPACELIFT_PUBLIC_API')).origin] }),
};

const unlessWorker = ({ deployment, options }: Run): string =>
  options.phase === 'post-install' || deployment.service === 'worker' ? '' : AFTER;

export const plan = (run: Run, expected: readonly NetworkRule[]): PlannedOperation[] =>
  expected
    .filter((rule) => run.options.phase !== 'pre-install' || !['certificate', 'server', 'webhooks'].includes(rule))
    .map((rule) => ({ rules: [rule], ...PLANS[rule](run) }));
