/** HTTP as Google's APIs speak it: their JSON, and what opens the way to their hosts. */
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

/** What opens the way to one of Google's own hosts: no variable of Spacelift's names them. */
export function wayTo(host: string): Partial<Readonly<Record<NetworkKind, Fix>>> {
  const reach = advice`let Spacelift’s network reach ${host} on TCP 443: Cloud NAT, or Private Google Access (gcloud compute networks subnets update SUBNET --enable-private-ip-google-access)`;
  const between = advice`find out what answers in place of ${host}: DNS for private Google access, a proxy, or a firewall; try: ${sh`curl -v https://${host}`}`;
  return {
    dns: advice`give Spacelift’s network DNS for ${host}; try: ${sh`getent hosts ${host}`}`,
    timeout: reach,
    unreachable: reach,
    refused: between,
    closed: between,
    tls: inspected(host),
    'not-tls': between,
    'not-http': between,
  };
}
