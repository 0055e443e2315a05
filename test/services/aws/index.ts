/** AWS for tests and the demo, in memory, on loopback: KMS with real cryptography, SQS, STS, IoT Core with its rules and its
 * MQTT WebSocket, Secrets Manager and Parameter Store, ECS with CloudWatch Logs, behind one address for `AWS_ENDPOINT_URL`. Signatures, policies,
 * regions and accounts are real; a region is where a request's signature says it is. */
import { listen } from '../listener.ts';
import { EcsStore } from './ecs/store.ts';
import { type Hub, startHub } from './iot/hub.ts';
import { endpointId } from './iot/operations.ts';
import { RuleStore } from './iot/rules.ts';
import { upgrade } from './iot/websocket.ts';
import { KeyStore } from './kms/keys.ts';
import { NamedStore, parameterResource, secretResource } from './named.ts';
import { handle } from './server.ts';
import { snapshot } from './snapshot.ts';
import { dnsSuffix } from './sqs/queue.ts';
import { QueueStore } from './sqs/queues.ts';
import type { AwsFaults, AwsOptions, AwsUser, RequestRecord } from './types.ts';
import type { World } from './world.ts';

export type { PolicyDocument, Statement } from '../policy.ts';
export type { EcsFaults, EcsStore, Execution, Start } from './ecs/store.ts';
export type { RuleEvent, RuleOptions, SqsAction, TopicRule } from './iot/rules.ts';
export type { KeyOptions, KeyState, KmsKey } from './kms/keys.ts';
export type { KeySpec, KeyUsage } from './kms/specs.ts';
export type { NamedOptions, NamedValue } from './named.ts';
export type { Message, Queue } from './sqs/queue.ts';
export type { QueueOptions } from './sqs/queues.ts';
export type * from './types.ts';

export interface AwsServer {
  /** host:port */
  readonly endpoint: string;
  /** scheme://host:port, for `AWS_ENDPOINT_URL`. */
  readonly url: string;
  /** ws(s)://host:port/mqtt */
  readonly mqttUrl: string;
  readonly account: string;
  readonly region: string;
  /** What `DescribeEndpoint` answers for `iot:Data-ATS` in the default region. */
  readonly iotEndpoint: string;
  /** May be changed while the server runs. */
  users: AwsUser[];
  /** May be changed while the server runs. */
  faults: AwsFaults;
  /** What was asked, oldest first, without secrets. */
  readonly requests: RequestRecord[];
  readonly keys: KeyStore;
  readonly queues: QueueStore;
  readonly rules: RuleStore;
  readonly secrets: NamedStore;
  readonly parameters: NamedStore;
  readonly ecs: EcsStore;
  /** Every MQTT message that was accepted, by HTTPS or WebSocket. */
  readonly published: Hub['published'];
  /** How many MQTT clients are connected. */
  mqttClients(): number;
  /** Keys, queues with their messages, rules and names as plain JSON: equal before and after when nothing was touched. */
  snapshot(): Record<string, unknown>;
  /** Ends every connection. */
  close(): Promise<void>;
}

/** The only user when none are given: an administrator. */
export const administrator: AwsUser = {
  accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
  secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  arn: 'arn:aws:iam::123456789012:user/operator',
};

/** Starts a server on a free port.
 * @throws {Error} when `host` is not a loopback address. */
export async function startAws(options: AwsOptions = {}): Promise<AwsServer> {
  const { host = '127.0.0.1', region = 'eu-central-1', account = '123456789012', partition = 'aws', tls } = options;
  if (!/^(127\.[\d.]+|::1|localhost)$/.test(host)) throw new Error(`Not a loopback address: ${host}`);
  const place = { partition, region, account };
  const closing = new AbortController();
  const now = () => Date.now() + (world.faults.clockOffsetMs ?? 0);
  const hub = await startHub({
    partition,
    account,
    onPublish: (message, where) => world.rules.run({ ...message, at: now() }, where, world.queues, world.roles),
  });
  const world: World = {
    ...place,
    regions: [region, ...(options.otherRegions ?? [])],
    users: options.users ?? [administrator],
    roles: options.roles,
    faults: options.faults ?? {},
    requests: [],
    keys: new KeyStore(place, Date.now),
    queues: new QueueStore(place, Date.now),
    rules: new RuleStore(place, Date.now),
    secrets: new NamedStore(place, Date.now, secretResource),
    parameters: new NamedStore(place, Date.now, parameterResource),
    hub,
    ecs: new EcsStore(place),
    now,
    closed: closing.signal,
  };
  const listener = await listen(
    (message, response) => {
      // What fails here lost its connection: there is nobody to tell.
      handle(world, message, response).catch(() => response.destroy());
    },
    host,
    tls,
    (message, socket, head) => {
      upgrade(world, message, socket, head).catch(() => socket.destroy());
    },
  );
  const endpoint = `${host.includes(':') ? `[${host}]` : host}:${listener.port}`;
  const secure = tls === undefined ? '' : 's';
  return {
    endpoint,
    url: `http${secure}://${endpoint}`,
    mqttUrl: `ws${secure}://${endpoint}/mqtt`,
    account,
    region,
    iotEndpoint: `${endpointId}-ats.iot.${region}.${dnsSuffix(partition)}`,
    requests: world.requests,
    keys: world.keys,
    queues: world.queues,
    rules: world.rules,
    secrets: world.secrets,
    parameters: world.parameters,
    ecs: world.ecs,
    published: hub.published,
    mqttClients: () => hub.clients(),
    get users() {
      return world.users;
    },
    set users(users) {
      world.users = users;
    },
    get faults() {
      return world.faults;
    },
    set faults(faults) {
      world.faults = faults;
    },
    snapshot: () => snapshot(world),
    async close() {
      closing.abort();
      world.ecs.close();
      await Promise.all([listener.close(), hub.close()]);
    },
  };
}
