/** Connections kept for reuse, to servers that the run trusts, through the proxies that Go's clients would use. */
import http from 'node:http';
import https from 'node:https';
import type { Run } from '../engine/check.ts';
import { secureContextFor } from './ca-store.ts';
import { sharedLookup } from './dns.ts';
import { proxyFor } from './proxy.ts';
import { type Address, unbracketed } from './tcp.ts';

export interface HttpServer extends Address {
  readonly secure: boolean;
}

/** The connections of one client, or of several that share them: opening one needs a round trip or two. */
export interface Agents {
  agentFor(server: HttpServer): http.Agent;
}

/**
 * Their connections are closed with the run.
 * @param rejectUnauthorized `false` accepts any certificate
 */
export function makeAgents(
  run: Pick<Run, 'authorities' | 'proxies' | 'onEnd'>,
  { rejectUnauthorized = true }: { rejectUnauthorized?: boolean } = {},
): Agents {
  const agents = new Map<string, http.Agent>();
  const makeAgent = (server: HttpServer): http.Agent => {
    // The targets are decided as in Go: Node reads NO_PROXY more narrowly.
    const proxy = proxyFor(run.proxies, server)?.href;
    const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
    const common = { keepAlive: true, lookup: sharedLookup(), ...proxyEnv };
    if (!server.secure) return new http.Agent(common);
    return new https.Agent({ ...common, secureContext: secureContextFor(run.authorities()), rejectUnauthorized });
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
