/** Logs in with the client `pg` on an existing connection, as pgx would. */
import type { EventEmitter } from 'node:events';
import { unlessAborted } from '../../src/engine/timeouts.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { reportStages } from '../../src/net/stages.ts';
import { tracePromise } from '../../src/util/trace.ts';
import { type AuthMethod, type AuthPolicy, violated } from './auth-policy.ts';
import { certificateHash } from './channel-binding.ts';
import { guard } from './guard.ts';
import { ScramLogin } from './scram.ts';
import { ServerError, sqlState } from './server-error.ts';
import { refusalOf } from './server-refusal.ts';
import { codeIn, Session } from './session.ts';
import { type Connected, type Endpoint, placeOf } from './socket.ts';
import type { DatabaseUrl } from './url.ts';

const NAME = 'spacelift-preflight';

/** What a server asks for, by the number in its message (PostgreSQL manual, 55.7). */
const REQUESTS: Readonly<Record<number, AuthMethod>> = {
  0: 'none',
  3: 'password',
  5: 'md5',
  7: 'gss',
  9: 'sspi',
  10: 'scram-sha-256',
};

/** PostgreSQL 18 introduced version 3.2 of the protocol. */
const SINCE_PROTOCOL_3_2 = 18;

/** @throws ServerError, NetworkError, or the reason of `signal` */
export async function logIn(
  endpoint: Endpoint,
  url: DatabaseUrl,
  connected: Connected,
  signal: AbortSignal,
): Promise<Session> {
  const { default: pg } = await import('pg');
  const { socket } = connected;
  reportStages(socket);
  const { seen, refuse } = watch(connected, url);
  // The socket is already connected, so the event that `pg` waits for after `connect` is emitted at once.
  socket.connect = () => {
    queueMicrotask(() => socket.emit('connect'));
    return socket;
  };
  const client = new pg.Client({
    // Everything that `pg` would otherwise read from this process's PG… variables.
    host: endpoint.host,
    port: endpoint.port,
    user: url.user,
    database: url.database,
    ssl: false,
    sslnegotiation: 'postgres',
    client_encoding: 'utf8',
    // pgx sends an empty one, too; the server's answer decides whether it tries another host.
    password: () => url.password ?? '',
    stream: () => socket,
    pipeline: true,
  });
  const startup = { user: url.user, database: url.database, application_name: NAME, ...url.settings };
  const { connection } = client as unknown as Sender & { connection: EventEmitter };
  Object.assign(client, { getStartupConf: () => startup, ...scramOf(url, connected, { connection }, refuse) });
  let version = '';
  connection.on('parameterStatus', ({ parameterName, parameterValue }) => {
    if (parameterName === 'server_version') version = String(parameterValue);
  });
  // If the server ends the session later, the next query reports it.
  client.on('error', () => {});
  try {
    const started = tracePromise(
      'sql',
      `${placeOf(endpoint)} login as ${url.user}`,
      client.connect(),
      () => 'done',
      codeIn,
    );
    await unlessAborted(signal, started);
    if (url.auth.protocol32 && !(Number.parseInt(version, 10) >= SINCE_PROTOCOL_3_2))
      throw new ServerError({ kind: 'policy', parameter: 'min_protocol_version', method: 'none' });
    return new Session(endpoint, url, { connected, client, passwordSent: seen.passwordSent });
  } catch (error) {
    socket.destroy();
    signal.throwIfAborted();
    const asked = { settings: url.settings, asked: seen.asked };
    const refused = seen.refused ?? refusalOf(error, url, asked) ?? new NetworkError('closed');
    const code = sqlState(refused);
    if (url.password === undefined && seen.asked && code !== undefined && isAboutPassword(refused))
      throw new ServerError({ kind: 'no-password', code });
    throw refused;
  }
}

/** Whether the server, or a pooler, rejected the password. */
function isAboutPassword(error: ServerError | NetworkError): boolean {
  if (!(error instanceof ServerError)) return false;
  const { refusal } = error;
  if (refusal.kind === 'pooler') return refusal.reason === 'password';
  return refusal.kind === 'sql' && ['28P01', '28000'].includes(refusal.code);
}

/** Refuses what the URL does not allow, before `pg` responds to it. */
function watch(connected: Connected, { auth, tls }: DatabaseUrl) {
  const seen: { refused?: ServerError | NetworkError; passwordSent: boolean; asked: boolean } = {
    passwordSent: false,
    asked: false,
  };
  const refuse = (found: ServerError | NetworkError) => {
    seen.refused ??= found;
    connected.socket.destroy(found);
  };
  guard(connected.socket, {
    refuse,
    authentication: (request) => {
      const method = REQUESTS[request];
      if (method === undefined) return undefined;
      const step = {
        method,
        asked: seen.asked,
        tls: connected.tls !== undefined,
        certificate: tls.certificate !== undefined,
      };
      const parameter = violated(auth, step);
      seen.asked ||= method !== 'none';
      if (parameter !== undefined) return new ServerError({ kind: 'policy', parameter, method });
      seen.passwordSent ||= method === 'password';
      return undefined;
    },
  });
  return { seen, refuse };
}

/** The methods of `pg`'s client that handle SCRAM, and those of its connection that they need. */
interface Scram {
  _handleAuthSASL(message: { mechanisms: readonly string[] }): void;
  _handleAuthSASLContinue(message: { data: string }): void;
  _handleAuthSASLFinal(message: { data: string }): void;
}
interface Sender {
  readonly connection: {
    sendSASLInitialResponseMessage(mechanism: string, message: string): void;
    sendSCRAMClientFinalMessage(message: string): void;
  };
}

/** Logs in with the password that pgx would use; bound to the TLS connection only if the URL requires it. */
function scramOf(
  { auth, scramPassword }: DatabaseUrl,
  { socket }: Connected,
  { connection }: Sender,
  refuse: (error: ServerError) => void,
): Scram {
  let login: ScramLogin | undefined;
  const step = async (how: () => void | Promise<void>) => {
    try {
      await how();
    } catch (error) {
      refuse(error instanceof ServerError ? error : new ServerError({ kind: 'method', method: 'SASL' }));
    }
  };
  return {
    _handleAuthSASL: ({ mechanisms }) =>
      void step(() => {
        login = loginFor(
          auth,
          scramPassword ?? '',
          auth.channelBinding ? certificateHash(socket) : undefined,
          mechanisms,
        );
        connection.sendSASLInitialResponseMessage(login.mechanism, login.first);
      }),
    _handleAuthSASLContinue: ({ data }) =>
      void step(async () => connection.sendSCRAMClientFinalMessage((await login?.last(data)) ?? '')),
    _handleAuthSASLFinal: ({ data }) => void step(() => login?.verify(data)),
  };
}

/** @throws ServerError when the server does not offer what is needed */
function loginFor(
  { channelBinding }: AuthPolicy,
  password: string,
  hash: Buffer | undefined,
  mechanisms: readonly string[],
): ScramLogin {
  const login = new ScramLogin(password, hash);
  const isOffered = mechanisms.includes(login.mechanism);
  if (channelBinding && (hash === undefined || !isOffered))
    throw new ServerError({ kind: 'policy', parameter: 'channel_binding', method: 'scram-sha-256' });
  if (!isOffered) throw new ServerError({ kind: 'method', method: 'SASL' });
  return login;
}
