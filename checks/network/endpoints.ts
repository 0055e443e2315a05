/** HTTP and gRPC endpoints: the webhooks endpoint, the VCS gateway, and Spacelift's public API. */
import type { Run } from '../../src/engine/check.ts';
import { type HttpAnswer, makeHttpClient } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { checkProxy, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';

const DEADLINE_MS = 10_000;

/** Any status below 500 passes: the webhooks endpoint may reject a plain GET, and a page may require a login. */
export async function checkResponse(run: Run, url: URL, setting: string): Promise<Outcome> {
  const target = { what: 'Spacelift’s server', ...addressOf(url), setting };
  try {
    const { status } = await get(run, url);
    const evidence = { url: url.href, status };
    if (status < 500) return pass(`${url.href} responds`, { evidence });
    return fail(`${url.href} returned HTTP ${status}`, {
      ...(status <= 504 &&
        status >= 502 && {
          detail: 'The response is from a load balancer or proxy without a healthy server behind it.',
        }),
      expected: 'a status below 500',
      fix: advice`see the server log, and the health checks of the load balancer in front of it`,
      evidence,
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = routeMessages(error, target);
    return (await skipIfOutside(run, target.host, error)) ?? fail(words.title, words);
  }
}

/** Used only for usage reports: Spacelift runs without it. */
export async function checkPublicApi(run: Run, url: URL): Promise<Outcome> {
  const target = { what: 'Spacelift’s public API', ...addressOf(url), setting: 'SPACELIFT_PUBLIC_API' };
  try {
    const { status } = await get(run, url);
    return pass(`${url.host} responds`, { evidence: { host: url.host, status } });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = routeMessages(error, target);
    return (
      (await skipIfOutside(run, target.host, error)) ??
      warn(words.title, {
        ...words,
        detail: `${words.detail ?? ''} While the API is unreachable, usage is not reported automatically.`.trim(),
      })
    );
  }
}

async function get(run: Run, url: URL): Promise<HttpAnswer> {
  await checkProxy(run, url, DEADLINE_MS);
  return makeHttpClient(run).send({ method: 'GET', url, deadlineMs: DEADLINE_MS });
}
