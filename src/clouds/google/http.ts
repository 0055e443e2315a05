/** HTTP for Google's APIs: their JSON, and the fixes for errors on the connection to their hosts. */
import { inspected } from '../../net/messages.ts';
import type { NetworkKind } from '../../net/network-error.ts';
import { advice, type Fix, sh } from '../../outcome/fix.ts';

export function parseObject(body: Buffer): Readonly<Record<string, unknown>> | undefined {
  try {
    const value: unknown = JSON.parse(body.toString());
    return typeof value === 'object' && value !== null ? { ...value } : undefined;
  } catch {
    return undefined;
  }
}

/** The fixes for errors on the connection to Google's own hosts, which no Spacelift variable names. */
export function wayTo(host: string): Partial<Readonly<Record<NetworkKind, Fix>>> {
  const reach = advice`give Spacelift’s network access to ${host} on TCP 443: Cloud NAT, or Private Google Access (gcloud compute networks subnets update SUBNET --enable-private-ip-google-access)`;
  const between = advice`find out what responds in place of ${host}: DNS for Private Google Access, a proxy, or a firewall; try: ${sh`curl -v https://${host}`}`;
  return {
    dns: advice`make sure that Spacelift’s network resolves ${host}; try: ${sh`getent hosts ${host}`}`,
    timeout: reach,
    unreachable: reach,
    refused: between,
    closed: between,
    tls: inspected(host),
    'not-tls': between,
    'not-http': between,
  };
}
