/**
 * Whether an AWS service that only Spacelift itself uses can be reached: an unsigned request, which AWS refuses. Any answer of
 * AWS shows that the name resolves, and that no firewall, proxy or VPC endpoint blocks the connection. No credentials are sent.
 */
import type { Run } from '../../engine/check.ts';
import { type HttpAnswer, type HttpRequest, makeHttpClient } from '../../net/http.ts';
import { proxyFor } from '../../net/proxy.ts';
import { checkProxy } from '../../net/proxy-tunnel.ts';
import { addressOf } from '../../net/tcp.ts';
import { type Outcome, pass } from '../../outcome/outcome.ts';
import { mustBeAllowed } from '../credentials.ts';
import { AwsError } from './call.ts';
import { endpointOf, kindsOf } from './custom-endpoint.ts';
import { dnsSuffix, isAwsHost } from './endpoints.ts';
import { generalOutcome } from './messages.ts';
import { ownerOfAws } from './owner.ts';

const DEADLINE_MS = 10_000;

interface Reachable {
  /** For people. */
  readonly what: string;
  /** The first part of the host name. */
  readonly host: string;
  readonly request: Pick<HttpRequest, 'method' | 'headers' | 'body'> & { readonly path: string };
}

const SERVICES = {
  LICENSE_MANAGER: {
    what: 'AWS License Manager',
    host: 'license-manager',
    // Reads a setting of the account. It is never a checkout.
    request: {
      method: 'POST',
      path: '/',
      headers: {
        'content-type': 'application/x-amz-json-1.1',
        'x-amz-target': 'AWSLicenseManager.GetServiceSettings',
      },
      body: Buffer.from('{}'),
    },
  },
  IOT: { what: 'IoT Core’s control plane', host: 'iot', request: { method: 'GET', path: '/endpoint' } },
} as const satisfies Record<string, Reachable>;

export type ReachableService = keyof typeof SERVICES;

export interface Reached {
  readonly outcome: Outcome;
  readonly url: URL;
  /** Whether the request went through a proxy. */
  readonly proxied: boolean;
}

/** The address of a service: AWS's own in AWS_REGION, or the custom one. @throws CheckStopped */
export function urlOf(run: Run, service: ReachableService): { readonly url: URL; readonly setting: string } {
  const region = run.require('AWS_REGION');
  const endpoint = endpointOf(run, service);
  const { useFipsEndpoint, useDualstackEndpoint } = kindsOf(run, endpoint);
  if (endpoint !== undefined) {
    // Like all other tests with the caller's credentials: a host that only the config names is tested if it may have them.
    const isProviders = (hostname: string) => isAwsHost(service, hostname);
    mustBeAllowed(run, ownerOfAws(run), { ...endpoint, isProviders });
    return endpoint;
  }
  const suffix = dnsSuffix(run.require('AWS_PARTITION'), { dualStack: useDualstackEndpoint });
  const host = `${SERVICES[service].host}${useFipsEndpoint ? '-fips' : ''}.${region}.${suffix}`;
  return { url: new URL(`https://${host}`), setting: 'AWS_REGION' };
}

/** @throws CheckStopped if the region or the endpoint is not usable */
export async function reach(run: Run, service: ReachableService): Promise<Reached> {
  const { what, request } = SERVICES[service];
  const { url, setting } = urlOf(run, service);
  const at = addressOf(url);
  const proxied = proxyFor(run.proxies, { ...at, secure: url.protocol === 'https:' }) !== undefined;
  const evidence = { endpoint: `${at.host}:${at.port}`, proxied };
  try {
    await checkProxy(run, url, DEADLINE_MS);
    const answer = await makeHttpClient(run).send({
      ...request,
      url: new URL(request.path, url),
      deadlineMs: DEADLINE_MS,
    });
    if (!isAws(answer)) throw new AwsError('not-aws', { status: answer.status });
    return {
      outcome: pass(`${what} responds at ${at.host}`, { evidence: { ...evidence, status: answer.status } }),
      url,
      proxied,
    };
  } catch (error) {
    const outcome = await generalOutcome(run, error, { what, ...at, setting });
    if (outcome === undefined) throw error;
    return { outcome, url, proxied };
  }
}

/** Every AWS response has a request ID; a page of a proxy has none. */
const isAws = ({ headers }: HttpAnswer): boolean =>
  ['x-amzn-requestid', 'x-amz-request-id', 'x-amzn-errortype'].some((name) => headers[name] !== undefined);
