/** Whether the API of a version control system responds at an address. No login is ever sent. */
import type { Run } from '../../src/engine/check.ts';
import { type HttpAnswer, isLoopback, makeHttpClient, mediaType } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { checkProxy, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { redirectTarget } from '../../src/net/redirect.ts';
import { busyHintIn, withRetry } from '../../src/net/retry.ts';
import { addressOf } from '../../src/net/tcp.ts';
import { advice, sh } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { VERSION } from '../../src/util/version.ts';
import { asksForLogin, type Probe, type Product, probesFor, REPOSITORY } from './products.ts';

const DEADLINE_MS = 10_000;

/** Some APIs refuse clients without a name. */
const HEADERS = { 'user-agent': `spacelift-preflight/${VERSION}`, accept: 'application/json, */*' };

interface Asked extends Probe {
  readonly answer: HttpAnswer;
}

/** @param address with `http:` or `https:`, and without a login */
export async function checkVersionControl(run: Run, address: URL): Promise<Outcome> {
  const get = makeGet(run);
  let at = address;
  try {
    const page = await withRetry(() => get(at), busyHintIn, run.signal);
    let login: URL | undefined;
    for (const probes of probesFor(address)) {
      at = probes[0]?.url ?? address;
      const asked = await Promise.all(
        probes.map(async (probe): Promise<Asked> => ({ ...probe, answer: await get(probe.url) })),
      );
      const found = asked.find(({ product, answer }) => product.recognizes(answer));
      if (found !== undefined) return responds(address, found);
      login ??= asked.find(({ product, answer }) => product === REPOSITORY && asksForLogin(answer))?.url;
    }
    return login === undefined ? unknown(address, page) : behindLogin(address);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const target = { what: 'the version control system', ...addressOf(at), setting: '--vcs' };
    const { title, ...words } = routeMessages(error, target);
    return (await skipIfOutside(run, target.host, error)) ?? fail(title, words);
  }
}

/** Checks the proxy of each host once. */
function makeGet(run: Run): (url: URL) => Promise<HttpAnswer> {
  const client = makeHttpClient(run);
  const ways = new Map<string, Promise<void>>();
  return async (url) => {
    const way = ways.get(url.origin) ?? checkProxy(run, url, DEADLINE_MS);
    ways.set(url.origin, way);
    await way;
    return client.send({ method: 'GET', url, headers: HEADERS, deadlineMs: DEADLINE_MS });
  };
}

function responds(address: URL, { product, url, answer }: Asked): Outcome {
  const title = `${product.name} at ${address.host} responds`;
  const evidence = { url: url.href, status: answer.status, product: product.name };
  if (address.protocol === 'https:' || isLoopback(address.hostname)) return pass(title, { evidence });
  return warn(`${address.host} is used without TLS`, {
    detail: `${title}, but the tokens that Spacelift sends there can be read on the way.`,
    expected: 'an https:// address',
    fix: advice`enable TLS on ${address.host}, and use its https:// address in the integration and in --vcs`,
    evidence,
  });
}

function behindLogin(address: URL): Outcome {
  return skip(`${address.host} requires a login before it shows whether it is a Git server`, {
    fix: advice`pass the address of the version control system instead of a repository: its API can be recognized without a login`,
    evidence: { url: address.href },
  });
}

function unknown(address: URL, page: HttpAnswer): Outcome {
  const { status } = page;
  const to = redirectTarget(page, address);
  const type = mediaType(page);
  const evidence = { url: address.href, status, ...(type && { type }), ...(to !== undefined && { redirect: to.host }) };
  if (status >= 500) {
    return fail(`${address.href} returned HTTP ${status}`, {
      expected: 'a response of the version control system',
      fix: advice`see the log of the version control system, and of any load balancer in front of it`,
      evidence,
    });
  }
  const elsewhere = to !== undefined && to.host !== address.host ? to.host : undefined;
  return fail(`${address.host} does not respond like a version control system`, {
    detail: `${address.href} returned HTTP ${status}${type ? ` with ${type}` : ''}${
      elsewhere === undefined ? '' : `, a redirect to ${elsewhere}`
    }. None of these APIs responded there: ${namesOf(address)}.`,
    expected: 'a response of the API of a version control system',
    fix: advice`correct the address in --vcs; if it is correct, look for a login page or proxy in front of it, and exempt the API from it; check it: ${sh`curl -sSi ${address.href}`}`,
    evidence,
  });
}

const namesOf = (address: URL): string =>
  [
    ...new Set(
      probesFor(address)
        .flat()
        .map(({ product }) => shownAs(product)),
    ),
  ].join(', ');

const shownAs = (product: Product): string => (product === REPOSITORY ? 'a Git repository' : product.name);
