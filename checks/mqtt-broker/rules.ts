/** What is checked of the MQTT broker, whichever kind is in force. */
import type { Rule } from '../../src/check.ts';
import { DOCS } from '../../src/config/contract.ts';

const BUILTIN = `${DOCS.mqtt}#built-in-broker`;

export const RULES = {
  endpoint: {
    title: 'the broker’s endpoint is well-formed',
    checks:
      'Reads MQTT_BROKER_ENDPOINT. The built-in broker’s is host:port or tls://host:port, with any port but 1983; an IPv6 address is in brackets.',
    matters:
      'It is what every worker connects to. Port 1983 is the HTTP server’s, so the broker could not listen there; it conventionally listens on 1984.',
    mend: 'Set MQTT_BROKER_ENDPOINT to the name and port that workers can reach: mqtt.spacelift.internal:1984.',
    docs: BUILTIN,
  },
  'builtin/reachable': {
    title: 'the built-in broker is reachable',
    checks:
      'Resolves the host and opens a TCP connection, and for tls:// a TLS session, in 5 s each. The broker starts with Spacelift, so before installation a broker that is not there is a skip, and after it a failure.',
    matters: 'Workers that cannot reach the broker get no runs: they stay queued.',
    permission: 'TCP from the workers’ network to the broker’s port; the services themselves need not reach it',
    mend: 'Let the load balancer, the firewall and the network policies pass TCP to the broker’s port (1984 by convention) of the server.',
    docs: `${DOCS.networking}#server`,
  },
  'builtin/protocol': {
    title: 'what answers is an MQTT broker',
    checks:
      'Sends an MQTT CONNECT (3.1.1, then 5) without credentials, and waits 5 s for a CONNACK of any code. With tls:// the certificate is not verified, and a server that asks for a client certificate counts as answering. Nothing is published or subscribed to.',
    matters:
      'An HTTP ingress or the HTTP server’s own port cannot carry MQTT, and workers that speak TLS do not understand a broker that does not.',
    mend: 'Point MQTT_BROKER_ENDPOINT at the broker’s port through a TCP load balancer, and write tls:// exactly when TLS is spoken there.',
    docs: BUILTIN,
  },
} as const satisfies Record<string, Rule>;

export type MqttRule = keyof typeof RULES;
