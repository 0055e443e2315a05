/** Sends a message and receives it over MQTT, through a WebSocket with a signed URL. */
import type { IncomingMessage } from 'node:http';
import type { MqttClient } from 'mqtt';
import type { WebSocket } from 'ws';
import { AwsError, refusal } from '../../../src/clouds/aws/call.ts';
import { findCredentials } from '../../../src/clouds/aws/credentials.ts';
import { ownerOfAws } from '../../../src/clouds/aws/owner.ts';
import { withOwnersNetwork } from '../../../src/clouds/credentials.ts';
import type { Run } from '../../../src/engine/check.ts';
import { makeAgents } from '../../../src/net/agents.ts';
import { answerOf } from '../../../src/net/http.ts';
import { boundHints, MOST_BYTES } from '../../../src/net/limits.ts';
import { NetworkError, networkErrorOr } from '../../../src/net/network-error.ts';
import { addressOf } from '../../../src/net/tcp.ts';
import { trace } from '../../../src/util/trace.ts';
import type { DataPlane } from './clients.ts';
import { signedUrl } from './sigv4-url.ts';

const DEADLINE_MS = 10_000;
/** The longest time that a timer can have. */
const NEVER_MS = 2 ** 31 - 1;
/** For a message to come back, once the broker has accepted it. */
const RECEIVE_MS = 5_000;
/** The return code for a refusal in SUBACK (MQTT 3.1.1, section 3.9.3). */
const REFUSED_QOS = 128;

/** A step, named after its action in policies (`iot:Connect`). */
export type Step = 'Connect' | 'Subscribe' | 'Publish' | 'Receive';

/** The broker closed the connection without a reason, refused a step, or did not deliver the message. */
export class SocketStepError extends Error {
  readonly step: Step;
  constructor(step: Step) {
    super(step);
    this.name = 'SocketStepError';
    this.step = step;
  }
}

/**
 * Subscribes to a topic, publishes there, and returns the message that arrives.
 * @throws Stopped once there is a WebSocket; before, CredentialError, AwsError or NetworkError
 */
export async function roundTrip(run: Run, data: DataPlane, topic: string, message: string): Promise<string> {
  const [{ connect }, { WebSocket: Socket }] = await Promise.all([
    import('mqtt'),
    import('ws'),
    findCredentials(run, data.client),
  ]);
  const { url } = data;
  const secure = url.protocol === 'https:';
  const agents = makeAgents(withOwnersNetwork(run, ownerOfAws(run)));
  const agent = agents.agentFor({ secure, ...addressOf(url) });
  const signed = await signedUrl(data);
  let door: Door | undefined;
  // The mqtt library gets the URL without its signature, which is valid for one connection only: it must not reconnect.
  const start = () =>
    connect(`${secure ? 'wss' : 'ws'}://${url.host}/mqtt`, {
      createWebsocket: () => {
        const socket = new Socket(signed, ['mqtt'], {
          agent,
          perMessageDeflate: false,
          maxPayload: MOST_BYTES,
          finishRequest: (request) => {
            boundHints(request);
            request.end();
          },
        });
        door = watch(socket);
        return socket;
      },
      clientId: `spacelift-preflight-${run.id}`,
      protocolVersion: 4,
      clean: true,
      reconnectPeriod: 0,
      resubscribe: false,
      keepalive: 0,
      // Otherwise, the library first makes all 65,536 numbers that a packet can contain: 10 MB, for a connection with five packets.
      writeCache: false,
      // The deadline below counts this process's own waiting, which the library's does not.
      connectTimeout: NEVER_MS,
    });
  const trip = new Trip(start, async () => (door?.opened ? undefined : await door?.refused));
  try {
    return await run.withTimeout(DEADLINE_MS, () => trip.go(run, topic, message));
  } catch (error) {
    const lost = trip.step === 'Receive' && error instanceof NetworkError && error.kind === 'timeout';
    throw lost ? new SocketStepError('Receive') : error;
  } finally {
    trip.end();
  }
}

/** The result of a WebSocket handshake. */
interface Door {
  opened: boolean;
  refused: Promise<unknown> | undefined;
}

function watch(socket: WebSocket): Door {
  const door: Door = { opened: false, refused: undefined };
  socket.on('open', () => {
    door.opened = true;
  });
  socket.on('error', (error) => {
    const problem = networkErrorOr(error);
    // The handshake itself was invalid: neither a network error nor an HTTP response.
    door.refused ??= Promise.resolve(problem instanceof NetworkError ? problem : new AwsError('not-aws'));
  });
  socket.on('unexpected-response', (_, response: IncomingMessage) => {
    door.refused = answerOf(response).then(refusal);
    door.refused.finally(() => socket.terminate()).catch(() => {});
  });
  return door;
}

class Trip {
  step: Step = 'Connect';
  readonly #start: () => MqttClient;
  readonly #refused: () => Promise<unknown>;
  #client: MqttClient | undefined;
  #ended: Promise<never> | undefined;

  /**
   * @param start connects
   * @param refused why the WebSocket did not open; `undefined` if it did
   */
  constructor(start: () => MqttClient, refused: () => Promise<unknown>) {
    this.#start = start;
    this.#refused = refused;
  }

  /** Connects as part of the operation that calls it, whose missed deadline then tells how far the connection got. */
  async go(run: Run, topic: string, message: string): Promise<string> {
    const client = this.#start();
    this.#client = client;
    // Not their contents.
    client.on('packetsend', (packet) => trace('mqtt', `sent ${packet.cmd}${topicOf(packet)}`));
    client.on('packetreceive', (packet) => trace('mqtt', `received ${packet.cmd}${topicOf(packet)}`));
    const ended = new Promise<never>((_, reject) => {
      const end = () => this.#refused().then((why) => reject(why ?? new SocketStepError(this.step)), reject);
      // Both listeners stay: if the library emits an error twice, the run must not crash.
      client.on('close', end).on('error', end);
    });
    ended.catch(() => {});
    this.#ended = ended;
    await this.#orEnd(new Promise((resolve) => client.once('connect', resolve)));
    this.step = 'Subscribe';
    const received = new Promise<string>((resolve) =>
      client.once('message', (_, payload) => resolve(payload.toString())),
    );
    const granted = await this.#orEnd(client.subscribeAsync(topic, { qos: 1 }));
    if (granted.some(({ qos }) => Number(qos) === REFUSED_QOS)) throw new SocketStepError('Subscribe');
    this.step = 'Publish';
    await this.#orEnd(client.publishAsync(topic, message, { qos: 1 }));
    this.step = 'Receive';
    return run.withTimeout(RECEIVE_MS, () => this.#orEnd(received));
  }

  end(): void {
    this.#client?.end(true);
  }

  /** A rejection means that the connection has closed, which carries the reason. */
  #orEnd<T>(promise: Promise<T>): Promise<T> {
    const ended = this.#ended ?? promise;
    return Promise.race([ended, promise.catch(() => ended)]);
  }
}

const topicOf = (packet: object): string => ('topic' in packet ? ` ${packet.topic}` : '');
