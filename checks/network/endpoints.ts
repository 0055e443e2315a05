/** HTTP and gRPC endpoints: the webhooks endpoint, the VCS gateway, and Spacelift's public API. */
import type { Run } from '../../src/engine/check.ts';
import { type HttpAnswer, makeHttpClient } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { checkProxy, connectVia, routeMessages } from '../../src/net/proxy-tunnel.ts';
import { type Address, addressOf } from '../../src/net/tcp.ts';
import { openTls } from '../../src/net/tls.ts';
import { advice, sh } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import { phaseOf } from '../phase.ts';

const DEADLINE_MS = 10_000;

type EndpointIssue = Omit<Issue, 'status'>;

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

/** gRPC over TLS: the handshake must negotiate HTTP/2 (RFC 9113, section 3.2). */
export async function checkVcsGateway(run: Run, address: Address): Promise<Outcome> {
  const at = `${address.host}:${address.port}`;
  const target = { what: 'the VCS gateway', ...address, setting: 'VCS_GATEWAY_ENDPOINT' };
  try {
    const through = await connectVia(run, address, DEADLINE_MS);
    const { socket, version, alpn, distrust } = await openTls(
      run,
      address,
      { verify: true, alpn: ['h2'], through },
      DEADLINE_MS,
    );
    socket.destroy();
    if (distrust !== undefined) throw distrust;
    if (alpn === 'h2') return pass(`VCS gateway at ${at} over ${version}`, { evidence: { tls: version, alpn } });
    return await notYet(run, at, {
      title: `${at} does not support HTTP/2, which gRPC requires`,
      expected: 'h2 negotiated in the TLS handshake (ALPN)',
      fix: advice`enable HTTP/2 (gRPC) on the load balancer or proxy that terminates TLS at ${at}; to test: ${sh`openssl s_client -connect ${at} -alpn h2`}`,
      evidence: { tls: version, alpn: alpn ?? 'none' },
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return (await skipIfOutside(run, address.host, error)) ?? notYet(run, at, routeMessages(error, target));
  }
}

async function notYet(run: Run, at: string, words: EndpointIssue): Promise<Outcome> {
  if ((await phaseOf(run)) === 'post-install') return fail(words.title, words);
  return skip(`no VCS gateway at ${at} yet: it is installed with Spacelift`, {
    detail: `Observed: ${words.title}.`,
    fix: advice`run this tool again after installation`,
    ...(words.evidence !== undefined && { evidence: words.evidence }),
  });
}

async function get(run: Run, url: URL): Promise<HttpAnswer> {
  await checkProxy(run, url, DEADLINE_MS);
  return makeHttpClient(run).send({ method: 'GET', url, deadlineMs: DEADLINE_MS });
}
