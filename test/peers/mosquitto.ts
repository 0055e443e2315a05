/** A real mosquitto, plain, over TLS, or for clients with a certificate. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateAuthority } from '../services/tls.ts';
import { HOST, start } from './process.ts';

export interface Broker {
  /** `host:port`. */
  readonly endpoint: string;
  /** `host:port` of MQTT over WebSocket. */
  readonly webSocket: string;
  log(): string;
  stop(): Promise<void>;
}

export interface BrokerSettings {
  /** Turns TLS on. */
  readonly authority?: CertificateAuthority;
  /** Lines of its configuration, beside where it listens and its certificate. */
  readonly settings?: readonly string[];
}

export async function startMosquitto({ authority, settings = [] }: BrokerSettings = {}): Promise<Broker> {
  const server = await start('mosquitto', {
    ports: 2,
    args: async ({ ports: [port, webSocket], directory }) => {
      const lines = ['user root', 'log_dest stderr', 'log_type all'];
      // libwebsockets takes its addresses by family.
      lines.push(`listener ${webSocket} ${HOST}`, 'protocol websockets', 'socket_domain ipv4');
      lines.push(`listener ${port} ${HOST}`);
      if (authority !== undefined) {
        const { chainPem, keyPem } = await authority.issue({ names: [HOST] });
        const files = { cafile: authority.certPem, certfile: chainPem, keyfile: keyPem };
        for (const [name, text] of Object.entries(files)) {
          await writeFile(join(directory, name), text);
          lines.push(`${name} ${join(directory, name)}`);
        }
      }
      await writeFile(join(directory, 'conf'), `${[...lines, ...settings].join('\n')}\n`);
      return ['-c', join(directory, 'conf')];
    },
  });
  const [port, webSocket] = server.ports;
  return { endpoint: `${HOST}:${port}`, webSocket: `${HOST}:${webSocket}`, log: server.log, stop: server.stop };
}
