/** What an error of an HTTP client is about: the proxy on the way, or the server with the certificate that it shows. */
import type { Run } from '../engine/check.ts';
import { type NetworkKind, Problem, problemOf } from './network-error.ts';
import type { HttpServer } from './agents.ts';
import { proxyFor } from './proxy.ts';
import { addressOf, unbracketed } from './tcp.ts';
import { openTls } from './tls.ts';
import { openWay, ProxyProblem } from './proxy-tunnel.ts';

/** To look a second time at a certificate: HTTP clients do not tell which one they have refused. */
const LOOK_MS = 3000;

/** A Problem, or the error itself when it is none of the way. */
export type Meaning = (error: unknown, server: HttpServer) => Promise<unknown>;

/** For one client: it looks at each server's certificate once. */
export function makeMeaning(run: Pick<Run, 'within' | 'proxies' | 'authorities'>): Meaning {
  const seen = new Map<string, Promise<Problem | undefined>>();
  const look = async (server: HttpServer): Promise<Problem | undefined> => {
    try {
      const through = await openWay(run, server, LOOK_MS);
      const { socket, distrust } = await openTls(run, server, { verify: true, through }, LOOK_MS);
      socket.destroy();
      return distrust;
    } catch {
      // The error that led here says enough.
      return undefined;
    }
  };
  return async (error, server) => {
    const problem = atProxy(error, proxyFor(run.proxies, server), server) ?? problemOf(error);
    const unseen = problem instanceof Problem && problem.kind === 'tls' && problem.chain.length === 0;
    if (!unseen || problem instanceof ProxyProblem) return problem;
    const at = `${unbracketed(server.host)} ${server.port}`;
    const looked = seen.get(at) ?? look(server);
    seen.set(at, looked);
    return (await looked) ?? problem;
  };
}

/** With a proxy in between, these are about the proxy: it is all that this machine looks up and connects to. */
const AT_PROXY: readonly NetworkKind[] = ['dns', 'refused', 'unreachable'];

function atProxy(error: unknown, proxy: URL | undefined, { secure }: HttpServer): ProxyProblem | undefined {
  const problem = problemOf(error);
  if (proxy === undefined || !(problem instanceof Problem)) return undefined;
  const at = addressOf(proxy);
  const { code, statusCode: status } = error as { code?: unknown; statusCode?: unknown };
  if (code === 'ERR_PROXY_TUNNEL') {
    return new ProxyProblem(at, 'closed', typeof status === 'number' ? { status } : {});
  }
  if (!AT_PROXY.includes(problem.kind)) return undefined;
  return new ProxyProblem(at, problem.kind, {
    ...(problem.code !== undefined && { code: problem.code }),
    plain: !secure,
  });
}
