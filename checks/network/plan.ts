/** What the check of the network would do. */
import type { Operation, Run } from '../../src/engine/check.ts';
import type { NetworkRule } from './rules.ts';

const AFTER = 'after installation alone: ';

/** By rule, in the order of the check. */
const PLANS: Readonly<Record<NetworkRule, (run: Run) => Pick<Operation, 'does' | 'at'>>> = {
  'server-domain': ({ need }) => ({ does: 'resolves the name', at: [need('SERVER_DOMAIN')] }),
  certificate: (run) => ({
    does: `${unlessWorker(run)}opens TLS, and reads the certificate`,
    at: [`${run.need('SERVER_DOMAIN')}:443`],
  }),
  server: ({ need }) => ({ does: 'sends a GET', at: [`https://${need('SERVER_DOMAIN')}/`] }),
  webhooks: ({ need, want }) => ({
    does: `${AFTER}sends a GET`,
    at: [want('WEBHOOKS_ENDPOINT') ?? `https://${need('SERVER_DOMAIN')}/webhooks`],
  }),
  'vcs-gateway': ({ need }) => ({ does: 'opens TLS, and offers HTTP/2', at: [need('VCS_GATEWAY_ENDPOINT')] }),
  'public-api': ({ need }) => ({ does: 'sends a GET', at: [new URL(need('SPACELIFT_PUBLIC_API')).origin] }),
};

const unlessWorker = ({ deployment, options }: Run): string =>
  options.phase === 'post-install' || deployment.service === 'worker' ? '' : AFTER;

export const plan = (run: Run, expected: readonly NetworkRule[]): Operation[] =>
  expected
    .filter((rule) => run.options.phase !== 'pre-install' || !['certificate', 'server', 'webhooks'].includes(rule))
    .map((rule) => ({ rules: [rule], ...PLANS[rule](run) }));
