/** `/mqtt`: MQTT over a WebSocket whose URL is signed for `iotdevicegateway` (IoT developer guide, "MQTT over
 * WebSocket"). */
import type { IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { authenticate } from '../authenticate.ts';
import { failure } from '../protocol.ts';
import { AwsRequest } from '../request.ts';
import { type Attempt, begin, faultReply } from '../server.ts';
import type { Reply } from '../types.ts';
import type { World } from '../world.ts';

const server = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => (offered.has('mqtt') ? 'mqtt' : false),
});

/** Answers an upgrade: 101 and the broker, or an HTTP error. */
export async function upgrade(world: World, message: IncomingMessage, socket: Duplex, head: Buffer): Promise<void> {
  socket.on('error', () => {});
  const request = new AwsRequest(message, Buffer.alloc(0));
  const service = 'iotdevicegateway';
  const attempt: Attempt = await begin(world, request, service, 'Connect');
  if (attempt.fate === 'hang') return;
  if (attempt.fate === 'reset') {
    socket.destroy();
    return;
  }
  const { record } = attempt;
  try {
    if (attempt.fault !== undefined) {
      record.code = attempt.fault.code;
      record.status = attempt.fault.status;
      return refuse(socket, faultReply(service, attempt.fault));
    }
    const user = authenticate(request, service, world);
    record.user = user.accessKeyId;
    const upstream = await world.hub.open({ user, region: request.region });
    server.handleUpgrade(message, socket, head, (webSocket) => bridge(webSocket, upstream));
    record.status = 101;
  } catch (error) {
    const { reply, code } = failure(service, error);
    record.code = code;
    record.status = reply.status;
    refuse(socket, reply);
  }
}

function refuse(socket: Duplex, { status, headers, body }: Reply): void {
  const lines = Object.entries({ ...headers, 'content-length': Buffer.byteLength(body), connection: 'close' });
  const head = [`HTTP/1.1 ${status} ${status === 403 ? 'Forbidden' : 'Error'}`, ...lines.map(([n, v]) => `${n}: ${v}`)];
  socket.end(`${head.join('\r\n')}\r\n\r\n${body}`);
}

function bridge(webSocket: WebSocket, upstream: Socket): void {
  webSocket.on('message', (data: RawData) => upstream.write(data as Buffer));
  webSocket.on('close', () => upstream.destroy());
  webSocket.on('error', () => upstream.destroy());
  upstream.on('data', (chunk: Buffer) => webSocket.send(chunk));
  upstream.on('close', () => webSocket.terminate());
}
