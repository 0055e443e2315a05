/** Whether workers can follow the broker to the secondary region (vendor's docs, "Disaster recovery"). */
import type { Run } from '../../../src/engine/check.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import { iotEndpoint } from './endpoint.ts';

export async function checkDomain(run: Run): Promise<Outcome> {
  const secondary = run.require('AWS_SECONDARY_REGION');
  const { host, region } = iotEndpoint(run);
  const isAws = region !== undefined || /\.amazonaws\.com(\.cn)?$/.test(host);
  if (!isAws) return pass(`${host} can point to ${secondary} after a failover`, { evidence: { host } });
  return warn(`${ENDPOINT} belongs to ${region ?? 'one region'}, but AWS_SECONDARY_REGION is ${secondary}`, {
    detail: 'Workers keep this endpoint: after a failover, all of them must be registered again.',
    expected: 'a custom domain, whose DNS record can point to the other region',
    fix: advice`create a custom domain for IoT Core in both regions (https://docs.aws.amazon.com/iot/latest/developerguide/iot-custom-endpoints-configurable-custom.html), and set ${ENDPOINT} to it`,
    evidence: { endpoint: host, AWS_SECONDARY_REGION: secondary },
  });
}
