/** Attributes an error of an HTTP client to the proxy in between, or to the server and its certificate. */
import type { Run } from '../engine/check.ts';
import type { HttpServer } from './agents.ts';
import { NetworkError, type NetworkKind, networkErrorOr } from './network-error.ts';
import { proxyFor } from './proxy.ts';
import { connectVia, ProxyError } from './proxy-tunnel.ts';
import { addressOf, unbracketed } from './tcp.ts';
import { openTls } from './tls.ts';

/** For reading the certificate again: HTTP clients do not report which certificate they rejected. */
const LOOK_MS = 3000;

/** A NetworkError, or the error itself if it is not a network error. */
export type ExplainError = (error: unknown, server: HttpServer) => Promise<unknown>;

/** For one client: reads each server's certificate once. */
export function makeExplainError(run: Pick<Run, 'withTimeout' | 'proxies' | 'authorities'>): ExplainError {
  const seen = new Map<string, Promise<NetworkError | undefined>>();
  const look = async (server: HttpServer): Promise<NetworkError | undefined> => {
    try {
      const through = await connectVia(run, server, LOOK_MS);
      const { socket, distrust } = await openTls(run, server, { verify: true, through }, LOOK_MS);
      socket.destroy();
      return distrust;
    } catch {
      // The original error is sufficient.
      return undefined;
    }
  };
  return async (error, server) => {
    const problem = atProxy(error, proxyFor(run.proxies, server), server) ?? networkErrorOr(error);
    const unseen = problem instanceof NetworkError && problem.kind === 'tls' && problem.chain.length === 0;
    if (!unseen || problem instanceof ProxyError) return problem;
    const at = `${unbracketed(server.host)} ${server.port}`;
    const looked = seen.get(at) ?? look(server);
    seen.set(at, looked);
    return (await looked) ?? problem;
  };
}

/** Without TLS, requests are sent to the proxy itself: it is the only host that this machine looks up and connects to. */
const AT_PROXY: readonly NetworkKind[] = ['dns', 'refused', 'unreachable'];

function atProxy(error: unknown, proxy: URL | undefined, { secure }: HttpServer): ProxyError | undefined {
  const problem = networkErrorOr(error);
  if (proxy === undefined || secure || !(problem instanceof NetworkError)) return undefined;
  if (!AT_PROXY.includes(problem.kind)) return undefined;
  return new ProxyError(addressOf(proxy), problem.kind, {
    ...(problem.code !== undefined && { code: problem.code }),
    ...(problem.dnsServers !== undefined && { dnsServers: problem.dnsServers }),
    plain: true,
  });
}
