/** The rules of the MQTT broker, for both types. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';
import { findingIds } from '../../src/engine/finding-id.ts';

const IOTCORE = `${DOCS.mqtt}#iot-core`;
const BUILTIN = `${DOCS.mqtt}#built-in-broker`;

export const RULES = {
  endpoint: {
    title: 'the broker’s endpoint is well-formed',
    procedure:
      'Reads MQTT_BROKER_ENDPOINT. For the built-in broker, it must be host:port or tls://host:port, with any port except 1983, and IPv6 addresses in brackets. For IoT Core, it must be a bare host name: <id>-ats.iot.<region>.amazonaws.com, or a custom domain.',
    rationale:
      'Every worker connects to this endpoint. Port 1983 belongs to the HTTP server, so the broker can’t listen there; by convention it listens on 1984.',
    fix: 'Set MQTT_BROKER_ENDPOINT to a name and port that workers can reach, such as mqtt.spacelift.internal:1984; for IoT Core, set it to the output of aws iot describe-endpoint --endpoint-type iot:Data-ATS.',
    example: {
      found: 'MQTT_BROKER_ENDPOINT uses port 1983, which belongs to the HTTP server',
      fix: 'set MQTT_BROKER_ENDPOINT=tls://mqtt.corp.io:1984',
    },
    docs: DOCS.mqtt,
  },
  pinned: {
    title: 'the broker is that of the baseline',
    procedure: 'With --baseline, compares MQTT_BROKER_TYPE and MQTT_BROKER_ENDPOINT with those of the earlier run.',
    rationale: 'Workers connect to the endpoint in the credentials that they were set up with.',
    fix: 'Restore the earlier value, or give each worker pool new credentials.',
    example: {
      found: 'the endpoint of the broker was mqtt.corp.io:1984, and is broker.corp.io:1984 now',
      fix: 'if this is intended, give each worker pool new credentials afterward; otherwise, restore the earlier value',
    },
    docs: DOCS.mqtt,
  },
  'builtin/reachable': {
    title: 'the built-in broker is reachable',
    procedure:
      'Resolves the host and opens a TCP connection and, for tls://, a TLS session, within 5 s each. The broker starts with Spacelift, so a missing broker is a skip before installation and a failure afterward; a server that accepts the connection and stays silent is a failure in any case.',
    rationale: 'Workers that can’t reach the broker get no runs: the runs stay queued.',
    permission: 'TCP from the workers’ network to the broker’s port; the services themselves do not need it',
    fix: 'Configure the load balancer, firewall, and network policies to pass TCP to the broker’s port on the server (1984 by convention).',
    example: {
      found: 'mqtt.corp.io:1984 refused the connection',
      fix: 'make sure that the server is running and that mqtt.corp.io:1984 points to its MQTT port; try: nc -vz mqtt.corp.io 1984',
    },
    docs: `${DOCS.networking}#server`,
  },
  'builtin/protocol': {
    title: 'the endpoint is an MQTT broker',
    procedure:
      'Sends an MQTT CONNECT (3.1.1, then 5) without credentials, and waits 5 s for a CONNACK with any return code. If there is no response, sends an HTTP request and PostgreSQL’s SSLRequest to find out what listens there. With tls://, does not verify the certificate, and accepts a server that requires a client certificate. Publishes and subscribes to nothing.',
    rationale:
      'An HTTP ingress or the HTTP server’s port can’t carry MQTT, and workers that use TLS can’t connect to a broker without it.',
    fix: 'Point MQTT_BROKER_ENDPOINT at the broker’s port through a TCP load balancer, and use tls:// if and only if that port uses TLS.',
    example: {
      found: 'mqtt.corp.io:443 is an HTTP server, not an MQTT broker',
      fix: 'point MQTT_BROKER_ENDPOINT at the server’s MQTT port (1984 by convention), through a TCP load balancer',
    },
    docs: BUILTIN,
  },
  'iotcore/publish': {
    title: 'IoT Core accepts Spacelift’s messages',
    procedure:
      'Resolves the endpoint, opens a TLS connection, and publishes one signed message over HTTPS on <namespace>/readonly/preflight/<run id>, which nobody reads. Reports separately invalid credentials, a denial, an endpoint in another region, and a certificate that is no longer trusted. For a worker, tests only the connection; with --read-only, tests nothing.',
    rationale: 'Spacelift notifies its workers of runs this way. Without it, runs stay queued.',
    permission:
      'iot:Publish on topic/<namespace>/readonly/*, which the server and the drain have; HTTPS to port 443 of the endpoint',
    fix: 'Allow iot:Publish in the role’s policy, allow HTTPS to the endpoint, or correct MQTT_BROKER_ENDPOINT.',
    example: {
      found: 'the credentials lack iot:Publish on spacelift/readonly/preflight/…',
      fix: 'allow iot:Publish on arn:aws:iot:eu-west-1:123456789012:topic/spacelift/readonly/* in a policy attached to the role: aws iam put-role-policy',
    },
    docs: IOTCORE,
  },
  'iotcore/round-trip': {
    title: 'published messages come back over MQTT',
    procedure:
      'Connects with MQTT over a signed WebSocket on port 443, subscribes to <namespace>/readonly/preflight/<run id>/mqtt, publishes there, and compares the message that arrives. If a policy does not allow a step, IoT Core closes the connection without a reason: the rule is then skipped, and the skip names the permission. No Spacelift role has these permissions, so the rule is skipped with --service. It is also skipped with --read-only.',
    rationale: 'Workers connect over MQTT: if the endpoint, a proxy, or a firewall blocks it, they get no runs.',
    permission:
      'iot:Connect, iot:Subscribe, iot:Publish, and iot:Receive: an operator’s credentials, because no Spacelift service has them all',
    fix: 'Allow WebSocket connections to port 443 of the endpoint, including in proxies that block them.',
    example: {
      found: 'a1b2c3-ats.iot.eu-west-1.amazonaws.com:443 did not open a WebSocket connection (HTTP 403)',
      fix: 'allow requests with Upgrade: websocket to a1b2c3-ats.iot.eu-west-1.amazonaws.com:443',
    },
    docs: IOTCORE,
  },
  'iotcore/endpoint': {
    title: 'the endpoint belongs to the account',
    procedure:
      'Compares the region in the endpoint’s name with AWS_REGION, and the name with the result of iot:DescribeEndpoint. A custom domain passes if publishing through it works.',
    rationale:
      'Every account has its own endpoint in every region. With the endpoint of another account or region, workers connect where Spacelift does not publish, and their messages never reach its queue.',
    permission: 'iot:DescribeEndpoint: an operator’s credentials, because no Spacelift service has it',
    fix: 'Set MQTT_BROKER_ENDPOINT to the output of aws iot describe-endpoint --endpoint-type iot:Data-ATS.',
    example: {
      found: 'MQTT_BROKER_ENDPOINT is in us-east-1, but AWS_REGION is eu-west-1',
      fix: 'aws iot describe-endpoint --endpoint-type iot:Data-ATS --region eu-west-1, and set MQTT_BROKER_ENDPOINT to the output',
    },
    docs: `${DOCS.mqtt}#broker-endpoint`,
  },
  'iotcore/topic-rule': {
    title: 'a topic rule sends workers’ messages to the IoT queue',
    procedure:
      'Reads the topic rules. One must be enabled, select *, Timestamp() as timestamp, topic(3) as worker_pool_ulid, and topic(4) as worker_ulid from <namespace>/writeonly/#, with SQL version 2016-03-23, and send to MESSAGE_QUEUE_SQS_IOT_URL with use_base64. Whitespace, letter case, and the order of the selected members do not matter.',
    rationale:
      'Workers’ messages (that they are available, how a run is progressing) reach Spacelift only through this rule.',
    permission:
      'iot:ListTopicRules and iot:GetTopicRule: an operator’s credentials, because no Spacelift service has them',
    fix: 'Create or replace the rule: aws iot create-topic-rule, aws iot replace-topic-rule, aws iot enable-topic-rule.',
    example: {
      found: 'topic rule spacelift is disabled',
      fix: 'aws iot enable-topic-rule --rule-name spacelift --region eu-west-1',
    },
    docs: IOTCORE,
  },
  'iotcore/control-plane': {
    title: 'IoT Core’s control plane is reachable',
    procedure:
      'Sends one unsigned request to iot.REGION.amazonaws.com, through HTTPS_PROXY if it applies. Any response from AWS passes, and AWS refuses the request.',
    rationale:
      'The server requests the certificates of worker pools from the control plane, and the drain removes them there. AWS has no VPC endpoint for it, so in a VPC without internet access, it needs a proxy.',
    permission: 'HTTPS to iot.REGION.amazonaws.com',
    fix: 'Allow HTTPS to the control plane, or set HTTPS_PROXY, and do not list the control plane in NO_PROXY.',
    example: {
      found: 'iot.eu-west-1.amazonaws.com:443 timed out',
      fix: 'set HTTPS_PROXY: AWS has no VPC endpoint for iot.eu-west-1.amazonaws.com',
    },
    docs: DOCS.privateVpc,
  },
  'iotcore/delivery': {
    title: 'workers’ messages arrive in the IoT queue',
    procedure:
      'Publishes one message on <namespace>/writeonly/preflight/<run id>, waits up to 8 s for it in the IoT queue, checks the members that the rule added, and removes it. Runs only before installation (the database contains no Spacelift tables), only with an empty queue, and only with credentials that are allowed to remove the message: on a live installation, the drain would receive it.',
    rationale:
      'The rule may be correct, but its role may lack permissions: IoT Core then drops every worker’s messages without reporting it.',
    permission:
      'iot:Publish on topic/<namespace>/writeonly/preflight/*, and sqs:GetQueueAttributes, sqs:ReceiveMessage, sqs:DeleteMessage, and sqs:ChangeMessageVisibility on the queue: an operator’s credentials, because no Spacelift service has them all',
    fix: 'Allow iot.amazonaws.com to assume the rule’s role, and grant the role sqs:SendMessage on the queue, and kms:GenerateDataKey and kms:Decrypt on a key that encrypts it.',
    example: {
      found: 'messages published on spacelift/writeonly/preflight/… do not arrive in spacelift-iot',
      fix: 'grant the rule’s role sqs:SendMessage on arn:aws:sqs:eu-west-1:123456789012:spacelift-iot',
    },
    docs: IOTCORE,
  },
  'iotcore/custom-domain': {
    title: 'workers can follow the broker to the secondary region',
    procedure:
      'If AWS_SECONDARY_REGION is set, warns if MQTT_BROKER_ENDPOINT is an endpoint that AWS assigned to the account in one region.',
    rationale:
      'Workers keep the endpoint that they were registered with. After a failover to another region, a custom domain can point there; with any other endpoint, all workers must be registered again.',
    fix: 'Create a custom domain in IoT Core in both regions, and set MQTT_BROKER_ENDPOINT to it before worker pools are created.',
    example: {
      found: 'MQTT_BROKER_ENDPOINT belongs to eu-west-1, but AWS_SECONDARY_REGION is us-east-1',
      fix: 'create a custom domain for IoT Core in both regions, and set MQTT_BROKER_ENDPOINT to it',
    },
    docs: DOCS.disasterRecovery,
  },
} as const satisfies Record<string, Rule>;

export type MqttRule = keyof typeof RULES;

export const mqttFinding = findingIds<MqttRule>('mqtt-broker');
