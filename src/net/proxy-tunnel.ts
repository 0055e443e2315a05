/** Connections through the proxy in the environment, in the same cases as Go's clients. */

import http from 'node:http';
import https from 'node:https';
import type { LookupFunction, Socket } from 'node:net';
import type { Run } from '../engine/check.ts';
import { cause } from '../outcome/cause.ts';
import { advice } from '../outcome/fix.ts';
import { CheckStopped, skip } from '../outcome/outcome.ts';
import { span } from '../util/format.ts';
import { percentDecoded } from '../util/percent.ts';
import { secureContextFor } from './ca-store.ts';
import { timelyLookup } from './dns.ts';
import { boundHints } from './limits.ts';
import { networkMessages, type Target, WAIT_LONGER } from './messages.ts';
import { NetworkError, type NetworkKind, networkErrorOr } from './network-error.ts';
import { proxyFor } from './proxy.ts';
import { reportRequest } from './stages.ts';
import { type Address, addressOf, openTcp, unbracketed } from './tcp.ts';

/** An error at a proxy, before the target was reached. */
export class ProxyError extends NetworkError {
  readonly proxy: Address;
  /** The proxy's response to CONNECT, if any. */
  readonly status: number | undefined;
  /** The variable that names the proxy. */
  readonly setting: 'HTTP_PROXY' | 'HTTPS_PROXY';
  /** @param plain whether requests are sent to the proxy itself, without a tunnel */
  constructor(
    proxy: Address,
    kind: NetworkKind,
    {
      status,
      plain = false,
      ...more
    }: ConstructorParameters<typeof NetworkError>[1] & { status?: number; plain?: boolean } = {},
  ) {
    super(kind, more);
    this.proxy = proxy;
    this.status = status;
    this.setting = plain ? 'HTTP_PROXY' : 'HTTPS_PROXY';
  }
}

/**
 * Opens a connection, which the caller destroys; through HTTPS_PROXY unless NO_PROXY exempts the target.
 * @throws NetworkError like `openTcp`; ProxyError if the proxy fails
 */
export async function connectVia(
  run: Pick<Run, 'withTimeout' | 'proxies' | 'authorities'>,
  address: Address,
  ms: number,
): Promise<Socket> {
  const proxy = proxyFor(run.proxies, { ...address, secure: true });
  return proxy === undefined ? openTcp(run, address, ms) : openTunnel(run, proxy, address, ms);
}

/**
 * Checks the proxy in front of a URL, if there is one, before an HTTP client uses it: such a client does not distinguish a
 * failure of the proxy from a failure of the target.
 * @throws ProxyError
 */
export async function checkProxy(
  run: Pick<Run, 'withTimeout' | 'proxies' | 'authorities'>,
  url: URL,
  ms: number,
): Promise<void> {
  const secure = url.protocol === 'https:';
  const target = addressOf(url);
  const proxy = proxyFor(run.proxies, { ...target, secure });
  if (proxy === undefined) return;
  if (secure) {
    (await openTunnel(run, proxy, target, ms)).destroy();
    return;
  }
  const at = addressOf(proxy);
  try {
    (await openTcp(run, at, ms)).destroy();
  } catch (error) {
    throw error instanceof NetworkError ? atProxy(at, error, true) : error;
  }
}

/**
 * RFC 9110, section 9.3.6.
 * @param lookup resolves the name of the proxy
 * @throws ProxyError; CheckStopped for another kind of proxy
 */
export async function openTunnel(
  run: Pick<Run, 'withTimeout' | 'authorities'>,
  proxy: URL,
  { host, port }: Address,
  ms: number,
  lookup: LookupFunction = timelyLookup,
): Promise<Socket> {
  const secure = proxy.protocol === 'https:';
  if (!secure && proxy.protocol !== 'http:') {
    throw new CheckStopped(
      skip(`${host}:${port} was not tested: it is behind a ${proxy.protocol.replace(':', '')} proxy`),
    );
  }
  const at = addressOf(proxy);
  const name = unbracketed(host);
  const target = `${name.includes(':') ? `[${name}]` : name}:${port}`;
  const { request: open } = secure ? https : http;
  const connecting = run.withTimeout(ms, (signal) => {
    const request = open({
      ...at,
      method: 'CONNECT',
      path: target,
      headers: { host: target, ...authorization(proxy) },
      agent: false,
      lookup,
      signal,
      ...(secure && { secureContext: secureContextFor(run.authorities()) }),
    });
    boundHints(request);
    reportRequest(request, at.host);
    request.end();
    return new Promise<Socket>((resolve, reject) => {
      request.once('error', (error) => reject(networkErrorOr(error)));
      request.once('connect', ({ statusCode = 0 }, socket, head) => {
        if (statusCode >= 200 && statusCode < 300) {
          // Data that the target sent first, such as HTTP/2 settings.
          if (head.length > 0) socket.unshift(head);
          resolve(socket as Socket);
          return;
        }
        socket.destroy();
        reject(new ProxyError(at, 'closed', { status: statusCode }));
      });
    });
  });
  return connecting.catch((error: unknown) => {
    throw error instanceof NetworkError && !(error instanceof ProxyError) ? atProxy(at, error) : error;
  });
}

/** The same error, of the proxy. */
const atProxy = (proxy: Address, { kind, ...more }: NetworkError, plain = false): ProxyError =>
  new ProxyError(proxy, kind, { ...present(more), plain });

/** Absent instead of `undefined`. */
const present = ({ tls, code, chain, dnsServers, silentMs }: Partial<NetworkError>) => ({
  ...(tls !== undefined && { tls }),
  ...(chain !== undefined && { chain }),
  ...(code !== undefined && { code }),
  ...(dnsServers !== undefined && { dnsServers }),
  ...(silentMs !== undefined && { silentMs }),
});

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {};
  const pair = `${percentDecoded(username)}:${percentDecoded(password)}`;
  return { 'proxy-authorization': `Basic ${Buffer.from(pair).toString('base64')}` };
}

/** Like `networkMessages`, but describes the proxy if the proxy failed. */
export function routeMessages(problem: NetworkError, target: Target): ReturnType<typeof networkMessages> {
  if (!(problem instanceof ProxyError)) return networkMessages(problem, target);
  const { proxy, status, setting, silentMs } = problem;
  const at = `${proxy.host}:${proxy.port}`;
  const to = `${target.host}:${target.port}`;
  if (status === undefined && silentMs !== undefined) {
    return {
      title: `the proxy ${at} did not connect to ${to} within ${span(silentMs)}`,
      detail: `The proxy accepted the connection, but did not respond: it hangs, or its packets to ${target.host} are dropped.`,
      expected: `a tunnel to ${to}, as set in ${setting}`,
      fix: advice`find out whether the proxy can connect to ${to}: see its log; or add ${target.host} to NO_PROXY if it can be reached directly; ${WAIT_LONGER}`,
      evidence: { proxy: at, host: target.host, port: target.port, observed: problem.kind, connected: true },
      cause: cause.network(at, problem.kind),
    };
  }
  if (status === undefined) return networkMessages(problem, { what: 'the proxy', ...proxy, setting });
  return {
    title: `the proxy ${at} refused to connect to ${to} (HTTP ${status})`,
    expected: `a tunnel to ${to}, as set in HTTPS_PROXY`,
    fix:
      status === 407
        ? advice`add the proxy’s user name and password to HTTPS_PROXY`
        : advice`allow ${to} in the proxy, or add ${target.host} to NO_PROXY if it can be reached directly`,
    evidence: { proxy: at, host: target.host, port: target.port, status },
    cause: cause.proxy(at, to, status),
  };
}
