/** A real RabbitMQ with its plugin for MQTT, plain and over TLS, and the port mapper that Erlang needs. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { CertificateAuthority } from '../services/tls.ts';
import { HOST, start } from './process.ts';

export interface RabbitMq {
  /** `host:port` of each listener. */
  readonly mqtt: string;
  readonly mqttOverTls: string;
  readonly amqp: string;
  log(): string;
  stop(): Promise<unknown>;
}

/** On one processor, without waiting busily. */
const LIGHT = ['+S', '1:1', '+A', '1', '+sbwt', 'none', '+sbwtdcpu', 'none', '+sbwtdio', 'none'];

/** @param settings lines of its configuration, beside where it listens and its certificate */
export async function startRabbitMq(
  authority: CertificateAuthority,
  settings: readonly string[] = [],
): Promise<RabbitMq> {
  const mapper = await start('rabbitmq', {
    args: ({ ports: [port] }) => ['epmd', '-address', HOST, '-port', `${port}`],
  });
  try {
    const server = await start('rabbitmq', {
      ports: 4,
      env: {
        ERL_EPMD_ADDRESS: HOST,
        ERL_EPMD_PORT: String(mapper.ports[0]),
        ...Object.fromEntries(Object.entries(PLACES).map(([name, path]) => [`RABBITMQ_${name}`, path])),
      },
      args: async ({ ports: [mqtt, mqttOverTls, amqp, nodes], directory }) => {
        const { chainPem, keyPem } = await authority.issue({ names: [HOST] });
        const lines = [
          ...[`listeners.tcp.1 = ${HOST}:${amqp}`, `mqtt.listeners.tcp.1 = ${HOST}:${mqtt}`],
          `mqtt.listeners.ssl.1 = ${HOST}:${mqttOverTls}`,
          ...['cacertfile = ca.pem', 'certfile = cert.pem', 'keyfile = key.pem', 'verify = verify_none'].map(
            (line) => `ssl_options.${line.replace(/= (.*pem)$/, `= ${join(directory, '$1')}`)}`,
          ),
          ...['log.console = true', 'log.file = false'],
          ...settings,
        ];
        const files = {
          'ca.pem': authority.certPem,
          'cert.pem': chainPem,
          'key.pem': keyPem,
          'rabbitmq.conf': `${lines.join('\n')}\n`,
          plugins: '[rabbitmq_mqtt].\n',
        };
        for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
        return [
          ...['erlexec', '-noinput', '-boot', 'start_sasl', '-s', 'rabbit', 'boot', '+W', 'w', ...LIGHT],
          ...[
            '-kernel',
            'inet_dist_use_interface',
            '{127,0,0,1}',
            '-kernel',
            'prevent_overlapping_partitions',
            'false',
          ],
          ...['-syslog', 'logger', '[]', '-syslog', 'syslog_error_logger', 'false'],
          ...['-env', 'RABBITMQ_DIST_PORT', String(nodes)],
        ];
      },
    });
    const [mqtt, mqttOverTls, amqp] = server.ports.map((port) => `${HOST}:${port}`);
    return {
      mqtt: mqtt ?? '',
      mqttOverTls: mqttOverTls ?? '',
      amqp: amqp ?? '',
      log: server.log,
      stop: () => Promise.all([server.stop(), mapper.stop()]),
    };
  } catch (error) {
    await mapper.stop();
    throw error;
  }
}

/** In its own directory, in which it is started. */
const PLACES = {
  NODENAME: 'rabbit@localhost',
  CONFIG_FILE: 'rabbitmq.conf',
  ENABLED_PLUGINS_FILE: 'plugins',
  MNESIA_BASE: 'data',
  LOG_BASE: 'log',
};
