/** The Datadog agent: the self-description of its trace receiver, and DogStatsD. */
import type { Run } from '../../../src/engine/check.ts';
import { type HttpAnswer, makeHttpClient } from '../../../src/net/http.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { proxyFor } from '../../../src/net/proxy.ts';
import { checkProxy } from '../../../src/net/proxy-tunnel.ts';
import { sendUdp } from '../../../src/net/udp.ts';
import { advice, type Shell, sh } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { datadogEndpoint, type Endpoint, shown } from '../address.ts';
import { type Agent, mustBeOwn, orUnreachable } from '../unreachable-agent.ts';

const DEADLINE_MS = 5000;
const DOGSTATSD_PORT = 8125;

export async function datadog(run: Run): Promise<Outcome> {
  const endpoint = datadogEndpoint(run);
  const agent: Agent = { what: 'the Datadog agent', setting: endpoint.setting, at: endpoint };
  mustBeOwn(run, agent);
  return orUnreachable(run, agent, async () => outcomeOf(run, endpoint, await askInfo(run, endpoint)));
}

async function askInfo(run: Run, endpoint: Endpoint): Promise<HttpAnswer> {
  const to =
    'socketPath' in endpoint
      ? { url: new URL('http://localhost/info'), socketPath: endpoint.socketPath }
      : { url: new URL(`http${endpoint.secure ? 's' : ''}://${shown(endpoint)}${endpoint.path}/info`) };
  if (!('socketPath' in to)) await checkProxy(run, to.url, DEADLINE_MS);
  return makeHttpClient(run).send({ ...to, method: 'GET', deadlineMs: DEADLINE_MS });
}

async function outcomeOf(run: Run, endpoint: Endpoint, { status, body }: HttpAnswer): Promise<Outcome> {
  const info = status === 200 ? readInfo(body) : undefined;
  if (info !== undefined) {
    const { version, endpoints } = info;
    const dogstatsd = await askDogstatsd(run);
    return pass(`Datadog agent${version === undefined ? '' : ` ${version}`} at ${shown(endpoint)}`, {
      ...(dogstatsd === 'refused' && { detail: `DogStatsD refused UDP ${DOGSTATSD_PORT}: metrics are lost.` }),
      evidence: {
        ...(version !== undefined && { version }),
        endpoints: endpoints.length,
        ...(dogstatsd !== undefined && { dogstatsd }),
      },
    });
  }
  const proxied = !('socketPath' in endpoint) && proxyFor(run.proxies, endpoint) !== undefined;
  return fail(`${shown(endpoint)} does not look like a Datadog trace agent`, {
    detail: `GET /info returned HTTP ${status}${proxied ? ', through the proxy in the environment: NO_PROXY does not exempt the agent' : ''}.`,
    expected: 'a trace agent that describes itself at /info, as all but very old versions do',
    fix: proxied
      ? advice`add ${shown(endpoint).replace(/:\d+$/, '')} to NO_PROXY`
      : advice`point ${endpoint.setting} at the agent’s trace port (8126), or update the agent; try: ${asking(endpoint)}`,
    evidence: { status },
  });
}

/** The command that sends the same request as `askInfo`. */
function asking(endpoint: Endpoint): Shell {
  if ('socketPath' in endpoint) return sh`curl --unix-socket ${endpoint.socketPath} http://localhost/info`;
  return sh`curl ${`http${endpoint.secure ? 's' : ''}://${shown(endpoint)}${endpoint.path}/info`}`;
}

/** Other servers may respond to any path with anything; the agent lists its endpoints. */
function readInfo(body: Buffer): { version: string | undefined; endpoints: readonly unknown[] } | undefined {
  try {
    const { version, endpoints } = JSON.parse(body.toString('utf8')) as { version?: unknown; endpoints?: unknown };
    if (!Array.isArray(endpoints)) return undefined;
    const known = typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version);
    return { version: known ? version : undefined, endpoints };
  } catch {
    return undefined;
  }
}

/** Sends an empty datagram, which contains no metric. Only if the agent's host is known. */
async function askDogstatsd(run: Run): Promise<'refused' | 'not refused' | undefined> {
  const host = run.get('DD_AGENT_HOST');
  if (host === undefined) return undefined;
  try {
    await sendUdp(run, { host, port: DOGSTATSD_PORT }, Buffer.alloc(0));
    return 'not refused';
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return error.kind === 'refused' ? 'refused' : undefined;
  }
}
