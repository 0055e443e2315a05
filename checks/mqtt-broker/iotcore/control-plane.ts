/** IoT Core's control plane, which manages the certificates of worker pools. */
import { reach } from '../../../src/clouds/aws/reach.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { advice } from '../../../src/outcome/fix.ts';
import type { Outcome } from '../../../src/outcome/outcome.ts';

export const checkControlPlane = oncePerRun(async (run): Promise<Outcome> => {
  const { outcome, url, proxied } = await reach(run, 'IOT');
  if (outcome.status !== 'fail' || proxied) return outcome;
  const isExempt = Boolean(run.proxies.HTTPS_PROXY || run.proxies.https_proxy);
  const host = url.hostname;
  return {
    ...outcome,
    detail:
      `${outcome.detail ?? ''} AWS has no VPC endpoint for IoT Core’s control plane: without internet access, it needs a proxy.${
        isExempt ? ` HTTPS_PROXY is set, but NO_PROXY exempts ${host}.` : ''
      }`.trim(),
    fix: isExempt
      ? advice`list the VPC endpoints one by one in NO_PROXY, without ${host}`
      : advice`allow TCP 443 from Spacelift’s network to ${host}, or set HTTPS_PROXY to a proxy that allows it`,
  };
});
