/** The texts for a VCS gateway that does not respond like a gRPC server. */
import type { Run } from '../../src/engine/check.ts';
import type { GrpcAnswer } from '../../src/net/grpc.ts';
import { redirectTarget } from '../../src/net/redirect.ts';
import { advice, type Fix, pipe, sh } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import { type Balancer, balancerOf } from './balancer.ts';

export type EndpointIssue = Omit<Issue, 'status'>;

export interface Found {
  /** host:port, as in VCS_GATEWAY_ENDPOINT. */
  readonly at: string;
  readonly run: Run;
}

type Page = Extract<GrpcAnswer, { speaks: 'http2' }>;
type Evidence = NonNullable<Issue['evidence']>;

const EXPECTED = 'a gRPC status from the VCS gateway';

/** What makes the health check of each load balancer pass (Spacelift's Terraform modules and guides). */
const HEALTHY: Readonly<Record<Balancer, Fix>> = {
  aws: advice`set the protocol version of the target group to gRPC, and its health check to the path /AWS.ALB/healthcheck with gRPC status 12 (UNIMPLEMENTED) as success; allow the load balancer to reach the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984)`,
  google: advice`apply the gRPC health check policy, without which every backend counts as unhealthy: ${pipe(sh`tofu output -raw vcs_gateway_healthcheck_manifest`, sh`kubectl apply -f -`)}; check that the gateway’s pods are running`,
  nginx: advice`set the annotation nginx.ingress.kubernetes.io/backend-protocol to GRPC (in nginx itself: grpc_pass), with the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984) as the backend; check that the gateway is running`,
  unknown: advice`check that the gateway is running, and that the load balancer forwards gRPC to GATEWAY_GRPC_PORT (1984) and checks its health by gRPC: on GKE with the HealthCheckPolicy from Spacelift’s Terraform module, on AWS with the path /AWS.ALB/healthcheck and gRPC status 12`,
};

export const noBackend = (
  { at, run }: Found,
  { says, evidence, page }: { says: string; evidence: Evidence; page?: Page },
): EndpointIssue => ({
  title: `the load balancer at ${at} has no healthy VCS gateway behind it (${says})`,
  detail: 'The gateway is not running, or it fails the load balancer’s health check, which must use gRPC.',
  expected: EXPECTED,
  fix: HEALTHY[balancerOf(run, page?.headers)],
  evidence,
});

export const withoutHttp2 = ({ at }: Found, evidence: Evidence): EndpointIssue => ({
  title: `${at} does not support HTTP/2, which gRPC requires`,
  expected: 'h2 negotiated in the TLS handshake (ALPN)',
  fix: advice`enable HTTP/2 (gRPC) on the load balancer or proxy that terminates TLS at ${at}; to test: ${sh`openssl s_client -connect ${at} -alpn h2`}`,
  evidence,
});

export const notHttp2 = ({ at }: Found): EndpointIssue => ({
  title: `${at} negotiates HTTP/2, but does not speak it`,
  expected: EXPECTED,
  fix: advice`make the proxy that terminates TLS at ${at} forward HTTP/2 (gRPC) to the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984), or offer h2 only if the server behind it speaks it`,
  evidence: { observed: 'other' },
});

export const notTls = ({ at }: Found, words: EndpointIssue, isPlainGrpc: boolean): EndpointIssue => ({
  ...words,
  title: isPlainGrpc ? `${at} speaks gRPC without TLS` : words.title,
  ...(isPlainGrpc && { detail: 'It responds like the gateway’s own port, to which agents do not connect directly.' }),
  expected: 'TLS, which agents require',
  fix: advice`set VCS_GATEWAY_ENDPOINT to the load balancer that terminates TLS in front of the gateway, usually on port 443, not to GATEWAY_GRPC_PORT (1984)`,
});

export const clientCertificate = (words: EndpointIssue): EndpointIssue => ({
  ...words,
  expected: 'TLS without a client certificate: agents have none',
  fix: advice`do not require client certificates (mutual TLS) in front of the VCS gateway`,
});

/** @param code the frame and the reason */
export const refused = ({ at }: Found, code: string): EndpointIssue => ({
  title: `${at} ended the gRPC call without a status (${code})`,
  ...(code.endsWith('HTTP_1_1_REQUIRED') && {
    detail: 'The server accepts HTTP/1.1 only for this request, but gRPC requires HTTP/2.',
  }),
  expected: EXPECTED,
  fix: advice`find out why the server or a proxy at ${at} ends gRPC calls: see its log, and whether it forwards gRPC (HTTP/2) to the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984)`,
  evidence: { observed: 'closed', code },
});

type Words = Pick<EndpointIssue, 'title' | 'detail' | 'fix'>;
type Row = (page: Page, found: Found) => Words | undefined;

const whenStatus =
  (statuses: readonly number[], words: (page: Page, found: Found) => Words): Row =>
  (page, found) =>
    statuses.includes(page.status) ? words(page, found) : undefined;

/** The first that applies. */
const RESPONSES: readonly Row[] = [
  whenStatus([502, 503, 504], (page, found) =>
    noBackend(found, { says: `HTTP ${page.status}`, evidence: { status: page.status }, page }),
  ),
  whenStatus([464], (_, { at }) => ({
    title: `the target group behind ${at} does not accept gRPC (HTTP 464)`,
    detail: 'An AWS load balancer returns this status if the protocol version of the target group does not match.',
    fix: advice`set the protocol version of the target group to gRPC (alb.ingress.kubernetes.io/backend-protocol-version: GRPC)`,
  })),
  (page, { at }) => {
    const to = redirectTarget(page);
    return to === undefined
      ? undefined
      : {
          title: `${at} redirects gRPC requests to ${to.origin}`,
          detail: 'Agents do not follow redirects.',
          fix: advice`route the gateway’s host name at the load balancer to the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984), without a redirect or a login page; or correct VCS_GATEWAY_ENDPOINT`,
        };
  },
  whenStatus([404, 410, 421], ({ status }, { at }) => ({
    title: `${at} does not route gRPC requests to the VCS gateway (HTTP ${status})`,
    detail: 'The response is from a default backend, or from a server that is not the gateway.',
    fix: advice`route the gateway’s host name at the load balancer or ingress to the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984), or correct VCS_GATEWAY_ENDPOINT`,
  })),
  whenStatus([401, 403, 407], ({ status }, { at }) => ({
    title: `${at} rejects gRPC requests (HTTP ${status})`,
    detail: 'A login page, firewall (WAF) or authenticating proxy in front of the gateway rejects agents.',
    fix: advice`exempt the gateway’s host name from the login or firewall rule: agents authenticate to the gateway itself`,
  })),
  whenStatus([400, 405, 406, 411, 415, 426, 501, 505], ({ status }, { at }) => ({
    title: `${at} does not accept gRPC requests (HTTP ${status})`,
    fix: advice`enable gRPC on the load balancer or proxy at ${at}, or correct VCS_GATEWAY_ENDPOINT: it must name the gateway, not another web server`,
  })),
  ({ headers }, { at }) =>
    /^application\/grpc\b/.test(headers['content-type'] ?? '')
      ? {
          title: `${at} responds to gRPC requests without a gRPC status`,
          detail: 'A proxy that does not support gRPC removes the trailers of the response.',
          fix: advice`enable gRPC, or HTTP/2 with trailers, on every proxy, CDN and load balancer in front of the gateway`,
        }
      : undefined,
  ({ status }, { at }) =>
    status < 300
      ? {
          title: `${at} is a web server, not the VCS gateway (HTTP ${status})`,
          fix: advice`set VCS_GATEWAY_ENDPOINT to the host name of the gateway, which is not the one of the server (SERVER_DOMAIN), and route that name to the gateway’s gRPC port (GATEWAY_GRPC_PORT, 1984)`,
        }
      : undefined,
];

/** HTTP/2 without a gRPC status. */
export function unexpectedResponse(found: Found, page: Page): EndpointIssue {
  const { status } = page;
  const rows = RESPONSES.map((row) => row(page, found));
  const words = rows.find((row) => row !== undefined) ?? {
    title: `${found.at} returned HTTP ${status}, but no gRPC status`,
    fix: advice`see the log of the gateway, and of the load balancer or proxy in front of it`,
  };
  return { expected: EXPECTED, evidence: { status }, ...words };
}
