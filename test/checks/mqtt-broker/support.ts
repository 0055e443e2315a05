/** The MQTT check on one endpoint, and servers for it that end with the test. */
import { once } from 'node:events';
import type { AddressInfo, Server, Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { mqttBroker } from '../../../checks/mqtt-broker/index.ts';
import { type BrokerOptions, startMqttBroker } from '../../services/mqtt.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { type Options, preflight, type Result, type Variables } from '../../support/preflight.ts';

export const ENDPOINT = 'mqtt-broker/endpoint';
export const REACHABLE = 'mqtt-broker/builtin/reachable';
export const PROTOCOL = 'mqtt-broker/builtin/protocol';
export const RULES = [ENDPOINT, REACHABLE, PROTOCOL];
export const PHASES = ['pre-install', 'post-install'] as const;
export const BUILTIN = { MQTT_BROKER_TYPE: 'builtin', MESSAGE_QUEUE_TYPE: 'postgres' };

export const run = (endpoint: string, options: Options = {}, variables: Variables = BUILTIN): Promise<Result> =>
  preflight([mqttBroker], { ...variables, MQTT_BROKER_ENDPOINT: endpoint }, { phase: 'pre-install', ...options });

interface Service {
  host: string;
  port: number;
  close(): Promise<void>;
}

export async function started<T extends Service>(starting: Promise<T>): Promise<T & { at: string }> {
  const server = await starting;
  onTestFinished(() => server.close());
  return { ...server, at: `${server.host}:${server.port}` };
}

export const broker = (options: BrokerOptions = {}) => started(startMqttBroker(options));

let authority: Promise<CertificateAuthority> | undefined;
export function authorityOfTests(): Promise<CertificateAuthority> {
  authority ??= makeCa();
  return authority;
}

export async function certificate(): Promise<{ cert: string; key: string }> {
  const { chainPem, keyPem } = await (await authorityOfTests()).issue({ names: ['localhost'] });
  return { cert: chainPem, key: keyPem };
}

/** Any server, on 127.0.0.1: its `host:port`. */
export async function listening(server: Server): Promise<string> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => {})));
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}
