/** HTTP endpoints: the server, the webhooks endpoint, and Spacelift's public API. */
import type { Run } from '../../src/engine/check.ts';
import type { HttpAnswer } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { routeMessages } from '../../src/net/proxy-tunnel.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { getOf } from './get.ts';
import { askHealth, healthUrl, judgeHealth } from './health.ts';

/** @param url of the server; only its origin matters */
export const checkServer = (run: Run, url: URL, setting: string): Promise<Outcome> =>
  orUnreachable(run, url, setting, async () => {
    const answer = await askHealth(run, url);
    return judgeHealth(url, setting, answer) ?? responds(healthUrl(url), answer);
  });

/**
 * The same server must respond at the webhooks endpoint. A load balancer may route nothing but that path to it, and the
 * endpoint itself may reject a GET request, so a response that differs from the one to /health is the server's.
 */
export const checkWebhooks = (run: Run, url: URL, setting: string): Promise<Outcome> =>
  orUnreachable(run, url, setting, async () => {
    const health = await askHealth(run, url);
    const unhealthy = judgeHealth(url, setting, health);
    const answer = await getOf(run, url);
    if (unhealthy !== undefined && (answer.status >= 500 || isSame(health, healthUrl(url), answer, url)))
      return unhealthy;
    if (answer.status < 500) return responds(url, answer);
    return fail(`${url.href} returned HTTP ${answer.status}`, {
      expected: 'a status below 500',
      fix: advice`see the server log, and where the load balancer routes the path ${url.pathname}`,
      evidence: { url: url.href, status: answer.status },
    });
  });

const responds = (url: URL, { status }: HttpAnswer): Outcome =>
  pass(`${url.href} responds`, { evidence: { url: url.href, status } });

/** Whether the same rule of a proxy answered both: its 404 says nothing else of each path than the path itself. */
function isSame(one: HttpAnswer, at: URL, other: HttpAnswer, otherAt: URL): boolean {
  if (one.status !== other.status) return false;
  if (one.status !== 404) return true;
  const textOf = ({ body, headers }: HttpAnswer, { pathname }: URL) =>
    `${headers['content-type']} ${body.toString('latin1').replaceAll(pathname, '')}`;
  return textOf(one, at) === textOf(other, otherAt);
}

async function orUnreachable(run: Run, url: URL, setting: string, ask: () => Promise<Outcome>): Promise<Outcome> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const target = { what: 'Spacelift’s server', ...addressOf(url), setting };
    const words = routeMessages(error, target);
    return (await skipIfOutside(run, target.host, error)) ?? fail(words.title, words);
  }
}

/** Used only for usage reports: Spacelift runs without it. */
export async function checkPublicApi(run: Run, url: URL): Promise<Outcome> {
  const target = { what: 'Spacelift’s public API', ...addressOf(url), setting: 'SPACELIFT_PUBLIC_API' };
  try {
    const { status } = await getOf(run, url);
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
