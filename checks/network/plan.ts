/** The operations of the network check. */
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import type { NetworkRule } from './rules.ts';

const AFTER = 'only after installation: ';

/** By rule, in check order. */
const PLANS: Readonly<Record<NetworkRule, (run: Run) => Pick<PlannedOperation, 'does' | 'at'>>> = {
  'server-domain': ({ require }) => ({ does: 'resolves the name', at: [require('SERVER_DOMAIN')] }),
  certificate: (run) => ({
    does: `${unlessWorker(run)}opens a TLS connection and reads the certificate`,
    at: [`${run.require('SERVER_DOMAIN')}:443`],
  }),
  server: (run) => ({
    does: `${unlessWorker(run)}sends a GET request`,
    at: [`https://${run.require('SERVER_DOMAIN')}/health`],
  }),
  webhooks: ({ require, get }) => ({
    does: `${AFTER}sends a GET request, and one to /health on the same host`,
    at: [get('WEBHOOKS_ENDPOINT') ?? `https://${require('SERVER_DOMAIN')}/webhooks`],
  }),
  'vcs-gateway': ({ require }) => ({
    does: 'sends a gRPC request to the health service (grpc.health.v1.Health/Check) over TLS',
    at: [require('VCS_GATEWAY_ENDPOINT')],
  }),
  'public-api': ({ require }) => ({
    does: 'sends a GET request',
    at: [new URL(require('SPACELIFT_PUBLIC_API')).origin],
  }),
};

const unlessWorker = ({ deployment, options }: Run): string =>
  options.phase === 'post-install' || deployment.service === 'worker' ? '' : AFTER;

export const plan = (run: Run, expected: readonly NetworkRule[]): PlannedOperation[] =>
  expected
    .filter((rule) => run.options.phase !== 'pre-install' || !['certificate', 'server', 'webhooks'].includes(rule))
    .map((rule) => ({ rules: [rule], ...PLANS[rule](run) }));
