/** Connections kept for reuse, to servers that the run trusts, through the proxies that Go's clients would use. */
import http, { type ClientRequestArgs } from 'node:http';
import https, { type RequestOptions } from 'node:https';
import { getDefaultAutoSelectFamilyAttemptTimeout, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { Run } from '../engine/check.ts';
import { patience } from '../util/starvation.ts';
import { traceTls } from '../util/trace.ts';
import { secureContextFor } from './ca-store.ts';
import { sharedLookup } from './dns.ts';
import { proxyFor } from './proxy.ts';
import { openTunnel } from './proxy-tunnel.ts';
import { reportStages } from './stages.ts';
import { type Address, unbracketed } from './tcp.ts';

export interface HttpServer extends Address {
  readonly secure: boolean;
}

/** The connections of one client, or of several that share them: opening one needs a round trip or two. */
export interface Agents {
  agentFor(server: HttpServer): http.Agent;
}

/** In ms; below any operation's deadline, so that a proxy that hangs is reported as such. */
const TUNNEL_MS = 8_000;

type Connected = Parameters<https.Agent['createConnection']>[1];

/** Reports how far each connection got, for clients that do not do so themselves: SDKs, WebSockets. */
class TlsAgent extends https.Agent {
  readonly #tunnel: (() => Promise<Socket>) | undefined;

  /** @param tunnel opens a connection through the proxy; Node's own tunnels do not report their progress */
  constructor(options: https.AgentOptions, tunnel: (() => Promise<Socket>) | undefined) {
    super(options);
    this.#tunnel = tunnel;
  }

  override createConnection(options: RequestOptions, connected?: Connected): Duplex | null | undefined {
    if (this.#tunnel === undefined) return reported(super.createConnection(options), options);
    this.#tunnel().then(
      (socket) => {
        const secured = reported(super.createConnection({ ...options, socket } as RequestOptions), options);
        if (secured) connected?.(null, secured);
      },
      // Without a socket, whatever the type says.
      (error: Error) => connected?.(error, undefined as unknown as Duplex),
    );
    return undefined;
  }
}

class PlainAgent extends http.Agent {
  override createConnection(options: ClientRequestArgs): Duplex | null | undefined {
    return reported(super.createConnection(options), options);
  }
}

function reported<T extends Duplex | null | undefined>(socket: T, { host }: { host?: string | null | undefined }): T {
  if (socket) reportStages(socket as Duplex as Socket, unbracketed(host ?? ''));
  if (socket instanceof TLSSocket) traceTls(socket);
  return socket;
}

/**
 * Their connections are closed with the run.
 * @param rejectUnauthorized `false` accepts any certificate
 */
export function makeAgents(
  run: Pick<Run, 'authorities' | 'proxies' | 'onEnd' | 'withTimeoutUntilClosed'>,
  { rejectUnauthorized = true }: { rejectUnauthorized?: boolean } = {},
): Agents {
  const agents = new Map<string, http.Agent>();
  // What was written is removed after the run was ended, over a new connection if need be.
  const open = { authorities: run.authorities, withTimeout: run.withTimeoutUntilClosed };
  const makeAgent = (server: HttpServer): http.Agent => {
    // The targets are decided as in Go: Node reads NO_PROXY more narrowly.
    const proxy = proxyFor(run.proxies, server);
    const common = {
      keepAlive: true,
      lookup: sharedLookup(),
      autoSelectFamilyAttemptTimeout: getDefaultAutoSelectFamilyAttemptTimeout() * patience(),
    };
    if (!server.secure) return new PlainAgent({ ...common, ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.href } }) });
    const tunnel = proxy && (() => openTunnel(open, proxy, server, TUNNEL_MS, common.lookup));
    return new TlsAgent({ ...common, secureContext: secureContextFor(run.authorities()), rejectUnauthorized }, tunnel);
  };
  run.onEnd(() => {
    for (const agent of agents.values()) agent.destroy();
  });
  return {
    agentFor: (server) => {
      const key = `${server.secure} ${unbracketed(server.host)} ${server.port}`;
      const agent = agents.get(key) ?? makeAgent(server);
      agents.set(key, agent);
      return agent;
    },
  };
}
