/** What answers over HTTP and gRPC: the webhooks endpoint, the VCS gateway and Spacelift's public API. */
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

/** Any status below 500: that the webhooks endpoint refuses what is no webhook, and a page who is not logged in, is their right. */
export async function judgeAnswer(run: Run, url: URL, setting: string): Promise<Outcome> {
  const target = { what: 'Spacelift’s server', ...addressOf(url), setting };
  try {
    const { status } = await get(run, url);
    const evidence = { url: url.href, status };
    if (status < 500) return pass(`${url.href} answers`, { evidence });
    return fail(`${url.href} answers with HTTP ${status}`, {
      ...(status <= 504 &&
        status >= 502 && { detail: 'A load balancer or proxy answers, with no healthy server behind it.' }),
      expected: 'a status below 500',
      fix: advice`see the server’s log, and the health checks of the load balancer in front of it`,
      evidence,
    });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = routeMessages(error, target);
    return (await skipIfOutside(run, target.host, error)) ?? fail(words.title, words);
  }
}

/** Usage reports only: without it Spacelift runs. */
export async function judgePublicApi(run: Run, url: URL): Promise<Outcome> {
  const target = { what: 'Spacelift’s public API', ...addressOf(url), setting: 'SPACELIFT_PUBLIC_API' };
  try {
    const { status } = await get(run, url);
    return pass(`${url.host} answers`, { evidence: { host: url.host, status } });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const words = routeMessages(error, target);
    return (
      (await skipIfOutside(run, target.host, error)) ??
      warn(words.title, { ...words, detail: `${words.detail ?? ''} Usage is not reported by itself then.`.trim() })
    );
  }
}

/** gRPC over TLS: HTTP/2 must be agreed on in the handshake (RFC 9113, section 3.2). */
export async function judgeVcsGateway(run: Run, address: Address): Promise<Outcome> {
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
      title: `${at} does not speak HTTP/2, which gRPC needs`,
      expected: 'h2 agreed on in the TLS handshake (ALPN)',
      fix: advice`turn HTTP/2 (gRPC) on in what ends TLS at ${at}; try: ${sh`openssl s_client -connect ${at} -alpn h2`}`,
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
    fix: advice`run this again after installation`,
    ...(words.evidence !== undefined && { evidence: words.evidence }),
  });
}

async function get(run: Run, url: URL): Promise<HttpAnswer> {
  await checkProxy(run, url, DEADLINE_MS);
  return makeHttpClient(run).send({ method: 'GET', url, deadlineMs: DEADLINE_MS });
}
