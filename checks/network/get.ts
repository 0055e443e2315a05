/** GET requests of the network check, through the proxy if one applies. */
import type { Run } from '../../src/engine/check.ts';
import { type HttpAnswer, makeHttpClient } from '../../src/net/http.ts';
import { checkProxy } from '../../src/net/proxy-tunnel.ts';

const DEADLINE_MS = 10_000;

/** @throws NetworkError; ProxyError if the proxy fails */
export async function getOf(run: Run, url: URL): Promise<HttpAnswer> {
  await checkProxy(run, url, DEADLINE_MS);
  return makeHttpClient(run).send({ method: 'GET', url, deadlineMs: DEADLINE_MS });
}
