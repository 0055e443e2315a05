/**
 * Leads the names of AWS to a test server: version 1 of the CLI sends what concerns queues to their old address, whatever
 * endpoint its environment names (`overridesslcommonname.py`).
 */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { startConnectProxy } from '../services/connect-proxy.ts';
import { makeCa } from '../services/tls.ts';
import { startTlsFront } from '../services/tls-front.ts';

export interface AwsFront {
  /** What the CLI must find in its environment. */
  readonly env: Readonly<Record<string, string>>;
  close(): Promise<unknown>;
}

/**
 * @param url of the test server, without TLS
 * @param region of its queues
 * @param directory where the certificate of the authority is written
 */
export async function startAwsFront(url: string, region: string, directory: string): Promise<AwsFront> {
  const { hostname: host, port } = new URL(url);
  const ca = await makeCa();
  const { keyPem, chainPem } = await ca.issue({ names: [`${region}.queue.amazonaws.com`] });
  const front = await startTlsFront({ host, port: Number(port) }, { key: keyPem, cert: chainPem });
  const proxy = await startConnectProxy((name) => (name.endsWith('.amazonaws.com') ? front.port : undefined));
  const authority = join(directory, `${front.port}.pem`);
  await writeFile(authority, ca.certPem);
  return {
    env: { HTTPS_PROXY: proxy.url, AWS_CA_BUNDLE: authority },
    close: () => Promise.all([proxy.close(), front.close()]),
  };
}
