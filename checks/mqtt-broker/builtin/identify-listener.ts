/** Identifies the server at the built-in broker's endpoint. */
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { Run } from '../../../src/engine/check.ts';
import { connectPacket, DISCONNECT, type Level, readConnack } from '../../../src/net/mqtt.ts';
import { isConnected, NetworkError } from '../../../src/net/network-error.ts';
import { type Protocol, protocolOf, QUESTIONS, type Question } from '../../../src/net/protocols.ts';
import { exchange, openTcp, type Reply } from '../../../src/net/tcp.ts';
import { openTls } from '../../../src/net/tls.ts';
import { traceStart } from '../../../src/util/trace.ts';
import type { Endpoint } from '../endpoint.ts';

/** The deadline for each of the TCP connection, the TLS handshake, and the response to CONNECT; ms. */
const DEADLINE_MS = 5000;
/** For a second attempt, if the server does not respond as expected; ms. */
const SECOND_MS = 2000;
/** Ample time for one round trip; ms. */
const WELCOME_MS = 250;

export type Other = Protocol | 'unknown';

/** The server found. If the connection fails, a `NetworkError` is thrown instead. */
export type Listener =
  | { readonly speaks: 'mqtt'; readonly code: number; readonly version: string }
  /** TLS that requires a client certificate: workers have one, this tool does not. */
  | { readonly speaks: 'client-certificate' }
  /** Accepts the connection, then closes it without sending a byte or stays silent. */
  | { readonly speaks: 'nothing'; readonly problem: NetworkError }
  | { readonly speaks: 'other'; readonly other: Other }
  /** TLS, which the endpoint does not specify; behind it a broker, as far as can be seen. */
  | { readonly speaks: 'wants-tls' }
  /** MQTT, but without the TLS that the endpoint specifies. */
  | { readonly speaks: 'plain-mqtt' }
  /** TLS, but the handshake fails. */
  | { readonly speaks: 'broken-tls'; readonly problem: NetworkError };

/** @throws NetworkError when the TCP connection fails */
export async function identifyListener(run: Run, endpoint: Endpoint): Promise<Listener> {
  const found = await (endpoint.tls ? visitTls(run, endpoint) : visitPlain(run, endpoint));
  if (found.speaks !== 'nothing') return found;
  const other = await askWhoListens(run, endpoint);
  return other === undefined ? found : { speaks: 'other', other };
}

/** Many servers ignore a CONNECT, or close the connection; this asks in their own protocols. */
async function askWhoListens(run: Run, endpoint: Endpoint): Promise<Other | undefined> {
  const plain = () => openTcp(run, endpoint, SECOND_MS);
  const overTls = async () => (await openTls(run, endpoint, { verify: false }, SECOND_MS)).socket;
  for (const open of endpoint.tls ? [overTls, plain] : [plain]) {
    const answers = await Promise.all(QUESTIONS.map((question) => answerTo(run, question, open)));
    // An alert is no more than was known: the TLS handshake has been tried.
    const other = answers.find((answer) => answer !== undefined && answer !== 'TLS');
    if (other !== undefined) return other;
  }
  return undefined;
}

async function answerTo(run: Run, { say, read }: Question, open: () => Promise<Socket>): Promise<Other | undefined> {
  let socket: Socket | undefined;
  try {
    socket = await open();
    const { bytes } = await exchange(run, socket, say, (some) => read(some) !== 'incomplete', SECOND_MS);
    if (bytes.length === 0) return undefined;
    const other = read(bytes);
    return other === 'incomplete' ? 'unknown' : other;
  } catch (error) {
    if (error instanceof NetworkError) return undefined;
    throw error;
  } finally {
    socket?.destroy();
  }
}

async function visitPlain(run: Run, endpoint: Endpoint): Promise<Listener> {
  const found = await greet(run, () => openTcp(run, endpoint, DEADLINE_MS));
  const alerted = found.speaks === 'other' && found.other === 'TLS';
  // Some TLS servers send an alert to a plain-text client; others just close the connection.
  if (!alerted && !hungUp(found)) return found;
  try {
    const behind = await greetTls(run, endpoint);
    return behind.speaks === 'other' ? behind : { speaks: 'wants-tls' };
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return alerted || error.kind === 'tls' ? { speaks: 'wants-tls' } : found;
  }
}

async function visitTls(run: Run, endpoint: Endpoint): Promise<Listener> {
  try {
    return await greetTls(run, endpoint);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.kind === 'tls') return ofTls(error);
    if (!isConnected(error)) throw error;
    const plain = await greet(run, () => openTcp(run, endpoint, SECOND_MS), SECOND_MS);
    if (plain.speaks === 'mqtt') return { speaks: 'plain-mqtt' };
    if (plain.speaks === 'other') return plain;
    return error.kind === 'not-tls' ? { speaks: 'other', other: 'unknown' } : { speaks: 'nothing', problem: error };
  }
}

/** @throws NetworkError when the TLS handshake fails */
async function greetTls(run: Run, endpoint: Endpoint): Promise<Listener> {
  return greet(run, async () => {
    const { socket } = await openTls(run, endpoint, { verify: false }, DEADLINE_MS);
    await welcome(socket);
    return socket;
  });
}

/**
 * With TLS 1.3, a server reports a missing client certificate only after the handshake. Data written before then can reset
 * the connection before the alert is read, so this waits for the session ticket that other servers send, or a moment.
 */
function welcome(socket: TLSSocket): Promise<void> {
  return new Promise((resolve) => {
    for (const event of ['session', 'close', 'end']) socket.once(event, resolve);
    setTimeout(resolve, WELCOME_MS).unref();
  });
}

const ofTls = (problem: NetworkError): Listener =>
  problem.tls === 'client-certificate' ? { speaks: 'client-certificate' } : { speaks: 'broken-tls', problem };

/** Sends a CONNECT; if the server closes the connection on MQTT 3.1.1, tries again with MQTT 5. */
async function greet(run: Run, open: () => Promise<Socket>, ms = DEADLINE_MS): Promise<Listener> {
  const first = await ask(run, await open(), 4, ms);
  return hungUp(first) ? ask(run, await open(), 5, ms) : first;
}

const hungUp = (found: Listener): boolean => found.speaks === 'nothing' && found.problem.kind === 'closed';

async function ask(run: Run, socket: Socket, level: Level, ms: number): Promise<Listener> {
  try {
    const hello = connectPacket(`spacelift-preflight-${run.id}`, level);
    const ended = traceStart('mqtt', `CONNECT, protocol level ${level}`);
    const found = judge(await exchange(run, socket, hello, (bytes) => whoIs(bytes) !== 'incomplete', ms));
    ended(found.speaks === 'mqtt' ? `CONNACK ${found.code}` : found.speaks);
    if (found.speaks === 'mqtt') socket.write(DISCONNECT);
    return found;
  } finally {
    socket.destroySoon();
  }
}

function judge({ bytes, problem }: Reply): Listener {
  const who = whoIs(bytes);
  if (typeof who === 'object') return { speaks: 'mqtt', ...who };
  if (who !== 'incomplete') return { speaks: 'other', other: who };
  if (bytes.length > 0) return { speaks: 'other', other: 'unknown' };
  if (problem?.kind === 'tls') return ofTls(problem);
  return { speaks: 'nothing', problem: problem ?? new NetworkError('closed') };
}

function whoIs(bytes: Buffer): Other | Exclude<ReturnType<typeof readConnack>, 'other'> {
  const connack = readConnack(bytes);
  if (connack !== 'other') return connack;
  return protocolOf(bytes);
}
