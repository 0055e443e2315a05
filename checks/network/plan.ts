/** The operations of the network check. */
import type { PlannedOperation, Run } from '../../src/engine/check.ts';
import { discoveryUrl } from './oidc.ts';
import type { NetworkRule } from './rules.ts';
import { endpointsOf } from './vpc-endpoints.ts';

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
  oidc: ({ get }) => {
    const [issuer, keys] = [get('FEDERATION_CUSTOM_ISSUER'), get('FEDERATION_CUSTOM_JWKS_URI')];
    return {
      does: `${AFTER}reads the discovery document and the keys, without credentials`,
      at: [...(issuer === undefined ? [] : [discoveryUrl(issuer).href]), ...(keys === undefined ? [] : [keys])],
    };
  },
  'vcs-gateway': ({ require }) => ({
    does: 'sends a gRPC request to the health service (grpc.health.v1.Health/Check) over TLS',
    at: [require('VCS_GATEWAY_ENDPOINT')],
  }),
  'vpc-endpoints': (run) => ({ does: 'resolves the names of AWS endpoints', at: endpointsOf(run) }),
  'public-api': ({ require }) => ({
    does: 'sends a GET request',
    at: [new URL(require('SPACELIFT_PUBLIC_API')).origin],
  }),
};

const unlessWorker = ({ deployment, options }: Run): string =>
  options.phase === 'post-install' || deployment.service === 'worker' ? '' : AFTER;

export const plan = (run: Run, expected: readonly NetworkRule[]): PlannedOperation[] =>
  expected
    .filter(
      (rule) => run.options.phase !== 'pre-install' || !['certificate', 'server', 'webhooks', 'oidc'].includes(rule),
    )
    .map((rule) => ({ rules: [rule], ...PLANS[rule](run) }));
