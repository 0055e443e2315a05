/** The signed URL of IoT Core's WebSocket (IoT developer guide, "MQTT over WebSocket"). */
import { SignatureV4 } from '@smithy/signature-v4';
import type { DataPlane } from './clients.ts';

const SERVICE = 'iotdevicegateway';
const PATH = '/mqtt';
/** In seconds. The URL is used once, immediately. */
const EXPIRES_S = 60;

/** `wss://…/mqtt?X-Amz-…`: valid for one connection, and a secret. */
export async function signedUrl({ client, url }: Pick<DataPlane, 'client' | 'url'>): Promise<URL> {
  const { sessionToken, ...credentials } = await client.config.credentials();
  const signer = new SignatureV4({
    service: SERVICE,
    region: await client.config.region(),
    credentials,
    sha256: client.config.sha256,
  });
  const { query = {} } = await signer.presign(
    {
      method: 'GET',
      protocol: url.protocol,
      hostname: url.hostname,
      path: PATH,
      headers: { host: url.host },
    },
    { expiresIn: EXPIRES_S },
  );
  const signed = new URL(PATH, url);
  signed.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  for (const [name, value] of Object.entries(query)) signed.searchParams.set(name, String(value));
  // Unlike in other services, the signature does not cover the token.
  if (sessionToken !== undefined) signed.searchParams.set('X-Amz-Security-Token', sessionToken);
  return signed;
}
