/** AWS endpoints in a private VPC, which requests must reach without the proxy (vendor's docs, "Installing into a private VPC"). */
import { dnsSuffix } from '../../src/clouds/aws/endpoints.ts';
import { USES_AWS } from '../../src/config/contract.ts';
import type { Deployment } from '../../src/config/deployment.ts';
import type { Run } from '../../src/engine/check.ts';
import { resolve } from '../../src/net/dns.ts';
import { isPrivateAddress } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { proxyFor } from '../../src/net/proxy.ts';
import { setting } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';

const HTTPS = 443;

/** The services that Spacelift itself, or the platform that it runs on, uses in a private VPC; IoT's data plane is in the config. */
const SERVICES: readonly { readonly host: string; readonly isUsed: (deployment: Deployment) => boolean }[] = [
  { host: 's3', isUsed: ({ chosen }) => chosen('OBJECT_STORAGE_TYPE') === 'aws' },
  { host: 'kms', isUsed: ({ chosen }) => chosen('ENCRYPTION_TYPE') === 'kms' },
  { host: 'sqs', isUsed: ({ chosen }) => chosen('MESSAGE_QUEUE_TYPE') === 'sqs' },
  { host: 'license-manager', isUsed: ({ chosen }) => chosen('LICENSE_TYPE') === 'aws' },
  { host: 'xray', isUsed: ({ chosen }) => chosen('OBSERVABILITY_VENDOR') === 'AWS' },
  { host: 'api.ecr', isUsed: () => true },
  { host: 'logs', isUsed: () => true },
  { host: 'monitoring', isUsed: () => true },
  { host: 'secretsmanager', isUsed: () => true },
];

/** The value that the config sets: the caller's proxies are not the deployment's. */
function valueIn({ entry }: Deployment, name: string): { name: string; value: string | undefined } | undefined {
  for (const one of [name, name.toLowerCase()]) {
    const found = entry(one);
    if (found !== undefined) return { name: one, value: found.kind === 'known' ? found.value : undefined };
  }
  return undefined;
}

/** Whether requests of the deployment to AWS could go through a proxy. */
export const usesProxyForAws = (deployment: Deployment): boolean =>
  deployment.service !== 'worker' &&
  valueIn(deployment, 'HTTPS_PROXY') !== undefined &&
  USES_AWS.some(({ variable, is }) => is.includes(deployment.chosen(variable) ?? ''));

/** The names to resolve. @throws CheckStopped if the region is not known */
export function endpointsOf({ deployment, require, get }: Run): string[] {
  const region = require('AWS_REGION');
  const suffix = dnsSuffix(require('AWS_PARTITION'));
  const used = SERVICES.filter(({ isUsed }) => isUsed(deployment)).map(({ host }) => `${host}.${region}.${suffix}`);
  const broker = deployment.chosen('MQTT_BROKER_TYPE') === 'iotcore' ? get('MQTT_BROKER_ENDPOINT') : undefined;
  return broker === undefined || !/^[\w.-]+$/.test(broker) ? used : [...used, broker.toLowerCase()];
}

export async function checkVpcEndpoints(run: Run): Promise<Outcome> {
  const { deployment } = run;
  const [proxy, exempt] = [valueIn(deployment, 'HTTPS_PROXY'), valueIn(deployment, 'NO_PROXY')];
  const unknown = proxy !== undefined && proxy.value === undefined ? proxy : exempt;
  if (unknown !== undefined && unknown.value === undefined)
    return skip(`${unknown.name} is set, but its value is not known here`);
  const environment = { HTTPS_PROXY: proxy?.value, NO_PROXY: exempt?.value };
  const hosts = endpointsOf(run);
  const proxied = hosts.filter((host) => isProxied(environment, host));
  const hidden = await Promise.all(proxied.map((host) => isPrivate(run, host)));
  const bypassed = proxied.filter((_, index) => hidden[index]);
  const [first] = bypassed;
  if (first === undefined) {
    return pass('no private AWS endpoint is behind the proxy', {
      evidence: { proxied, exempt: hosts.length - proxied.length },
    });
  }
  const title =
    bypassed.length === 1
      ? `${first} is private, but requests to it go through the proxy`
      : `${bypassed.length} AWS endpoints are private, but requests to them go through the proxy`;
  return warn(title, {
    detail: `To private addresses resolve: ${bypassed.join(', ')}. NO_PROXY must list these names: a range such as 10.0.0.0/8 does not exempt the names in it.`,
    expected: 'all VPC endpoints in NO_PROXY',
    fix: setting(exempt?.name ?? 'NO_PROXY', [...(exempt?.value?.split(',') ?? []), ...bypassed].join(',')),
    evidence: { endpoints: bypassed },
  });
}

/** A proxy that can't be used is reported under `configuration`. */
function isProxied(environment: Readonly<Record<string, string | undefined>>, host: string): boolean {
  try {
    return proxyFor(environment, { host, port: HTTPS, secure: true }) !== undefined;
  } catch (error) {
    if (error instanceof CheckStopped) return false;
    throw error;
  }
}

/** A name that does not resolve here may be one that only the proxy can resolve. */
async function isPrivate(run: Run, host: string): Promise<boolean> {
  try {
    return (await resolve(run, host)).every(isPrivateAddress);
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}
