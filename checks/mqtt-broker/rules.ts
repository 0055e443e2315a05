/** What is checked of the MQTT broker, whichever kind is in force. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const IOTCORE = `${DOCS.mqtt}#iot-core`;
const BUILTIN = `${DOCS.mqtt}#built-in-broker`;

export const RULES = {
  endpoint: {
    title: 'the broker’s endpoint is well-formed',
    procedure:
      'Reads MQTT_BROKER_ENDPOINT. The built-in broker’s is host:port or tls://host:port, with any port but 1983; an IPv6 address is in brackets. IoT Core’s is a bare host name: <id>-ats.iot.<region>.amazonaws.com, or a custom domain.',
    rationale:
      'It is what every worker connects to. Port 1983 is the HTTP server’s, so the broker could not listen there; it conventionally listens on 1984.',
    fix: 'Set MQTT_BROKER_ENDPOINT to the name and port that workers can reach: mqtt.spacelift.internal:1984; for IoT Core to what aws iot describe-endpoint --endpoint-type iot:Data-ATS prints.',
    example: {
      found: 'MQTT_BROKER_ENDPOINT uses port 1983, which is the HTTP server’s',
      fix: 'set MQTT_BROKER_ENDPOINT=tls://mqtt.corp.io:1984',
    },
    docs: DOCS.mqtt,
  },
  'builtin/reachable': {
    title: 'the built-in broker is reachable',
    procedure:
      'Resolves the host and opens a TCP connection, and for tls:// a TLS session, in 5 s each. The broker starts with Spacelift, so before installation a broker that is not there is a skip, and after it a failure.',
    rationale: 'Workers that cannot reach the broker get no runs: they stay queued.',
    permission: 'TCP from the workers’ network to the broker’s port; the services themselves need not reach it',
    fix: 'Let the load balancer, the firewall and the network policies pass TCP to the broker’s port (1984 by convention) of the server.',
    example: {
      found: 'mqtt.corp.io:1984 refuses the connection',
      fix: 'see that the server runs, and that mqtt.corp.io:1984 leads to its MQTT port; try: nc -vz mqtt.corp.io 1984',
    },
    docs: `${DOCS.networking}#server`,
  },
  'builtin/protocol': {
    title: 'what answers is an MQTT broker',
    procedure:
      'Sends an MQTT CONNECT (3.1.1, then 5) without credentials, and waits 5 s for a CONNACK of any code. With tls:// the certificate is not verified, and a server that asks for a client certificate counts as answering. Nothing is published or subscribed to.',
    rationale:
      'An HTTP ingress or the HTTP server’s own port cannot carry MQTT, and workers that speak TLS do not understand a broker that does not.',
    fix: 'Point MQTT_BROKER_ENDPOINT at the broker’s port through a TCP load balancer, and write tls:// exactly when TLS is spoken there.',
    example: {
      found: 'an HTTP server answers on mqtt.corp.io:443, not an MQTT broker',
      fix: 'point MQTT_BROKER_ENDPOINT at the server’s MQTT port (1984 by convention), through a TCP load balancer',
    },
    docs: BUILTIN,
  },
  'iotcore/publish': {
    title: 'IoT Core takes what Spacelift publishes',
    procedure:
      'Resolves the endpoint, opens TLS, and publishes one signed message over HTTPS on <namespace>/readonly/preflight/<run id>, where nobody listens. Credentials that do not work, a denial, the endpoint of another region, and one whose certificate is no longer trusted are told apart. For a worker only the way is tried; with --read-only nothing is.',
    rationale: 'Spacelift tells its workers of runs this way. Without it they stay queued.',
    permission:
      'iot:Publish on topic/<namespace>/readonly/*, which server and drain have; HTTPS to port 443 of the endpoint',
    fix: 'Allow iot:Publish in the policy of the role, let HTTPS through to the endpoint, or correct MQTT_BROKER_ENDPOINT.',
    example: {
      found: 'iot:Publish is denied on spacelift/readonly/preflight/…',
      fix: 'allow iot:Publish on arn:aws:iot:eu-west-1:123456789012:topic/spacelift/readonly/* in a policy of the role: aws iam put-role-policy',
    },
    docs: IOTCORE,
  },
  'iotcore/round-trip': {
    title: 'what is published comes back by MQTT',
    procedure:
      'Connects by MQTT over a signed WebSocket on port 443, subscribes to <namespace>/readonly/preflight/<run id>/mqtt, publishes there and compares what comes. IoT Core closes the connection without a word where a policy does not allow a step: that is a skip which names the permission. No role of Spacelift may; nothing is tried with --service or --read-only.',
    rationale: 'It shows that the endpoint carries MQTT, as workers use it, and that proxies and firewalls let it.',
    permission: 'iot:Connect, iot:Subscribe, iot:Publish and iot:Receive: an operator’s',
    fix: 'Let WebSockets through to port 443 of the endpoint, past proxies that hold them back.',
    example: {
      found: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com:443 opens no WebSocket (HTTP 403)',
      fix: 'let requests with Upgrade: websocket pass to it',
    },
    docs: IOTCORE,
  },
  'iotcore/endpoint': {
    title: 'the endpoint is the account’s own',
    procedure:
      'Compares the region in the endpoint’s name with AWS_REGION, and the name with what iot:DescribeEndpoint gives. A custom domain is right when publishing through it works.',
    rationale:
      'Every account has an endpoint of its own in every region. With another’s, workers connect to where Spacelift does not publish, and their messages never reach its queue.',
    permission: 'iot:DescribeEndpoint: an operator’s',
    fix: 'Set MQTT_BROKER_ENDPOINT to what aws iot describe-endpoint --endpoint-type iot:Data-ATS prints.',
    example: {
      found: 'MQTT_BROKER_ENDPOINT is of us-east-1, and AWS_REGION is eu-west-1',
      fix: 'aws iot describe-endpoint --endpoint-type iot:Data-ATS --region eu-west-1, and set MQTT_BROKER_ENDPOINT to what it prints',
    },
    docs: `${DOCS.mqtt}#broker-endpoint`,
  },
  'iotcore/topic-rule': {
    title: 'a topic rule sends workers’ messages to the IoT queue',
    procedure:
      'Reads the topic rules. One must be enabled, select *, Timestamp() as timestamp, topic(3) as worker_pool_ulid and topic(4) as worker_ulid from <namespace>/writeonly/#, with SQL version 2016-03-23, and send to MESSAGE_QUEUE_SQS_IOT_URL with use_base64. White space, letter case and the order of what is selected do not matter.',
    rationale: 'What workers say (that they are there, how a run goes) reaches Spacelift through this rule alone.',
    permission: 'iot:ListTopicRules and iot:GetTopicRule: an operator’s',
    fix: 'Make or replace the rule: aws iot create-topic-rule, aws iot replace-topic-rule, aws iot enable-topic-rule.',
    example: {
      found: 'topic rule spacelift is disabled',
      fix: 'aws iot enable-topic-rule --rule-name spacelift --region eu-west-1',
    },
    docs: IOTCORE,
  },
  'iotcore/delivery': {
    title: 'workers’ messages arrive in the IoT queue',
    procedure:
      'Publishes one message on <namespace>/writeonly/preflight/<run id>, waits up to 8 s for it in the IoT queue, looks at what the rule added, and removes it. Only before installation (the database shows no tables of Spacelift), only into an empty queue, and only with credentials that may remove it: on a live installation the drain would get it.',
    rationale:
      'The rule may be right and its role not: IoT Core then drops every message of every worker, and tells nobody.',
    permission:
      'iot:Publish on topic/<namespace>/writeonly/preflight/*, and sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:DeleteMessage and sqs:ChangeMessageVisibility on the queue: an operator’s',
    fix: 'Let iot.amazonaws.com assume the rule’s role, and allow it sqs:SendMessage on the queue, and kms:GenerateDataKey and kms:Decrypt on a key that encrypts it.',
    example: {
      found: 'what is published on spacelift/writeonly/preflight/… does not arrive in spacelift-iot',
      fix: 'let the rule’s role send: sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:spacelift-iot',
    },
    docs: IOTCORE,
  },
} as const satisfies Record<string, Rule>;

export type MqttRule = keyof typeof RULES;

export const mqttFinding = findingIds<MqttRule>('mqtt-broker');
