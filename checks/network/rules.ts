/** The rules about Spacelift's own endpoints, and the endpoints that it connects to. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';

export const RULES = {
  'server-domain': {
    title: 'the server’s domain resolves',
    procedure:
      'Resolves SERVER_DOMAIN to IPv4 or IPv6 addresses. If the name does not exist, the rule is skipped before installation and fails after it.',
    rationale: 'Browsers, workers and the version control system (VCS) connect to Spacelift by this name.',
    fix: 'Create a DNS record for SERVER_DOMAIN that points to the load balancer in front of the server.',
    example: {
      found: 'spacelift.corp.io does not resolve',
      fix: 'create a DNS record that points to the load balancer in front of the server; to test: getent hosts spacelift.corp.io',
    },
    docs: DOCS.networking,
  },
  certificate: {
    title: 'the server’s domain has a valid certificate',
    procedure:
      'After installation, opens a TLS connection to SERVER_DOMAIN:443, through HTTPS_PROXY if it applies, and verifies the certificate chain and name. Warns if the certificate expires within 14 days or a fifth of its lifetime, whichever is less. A failure lists the chain.',
    rationale: 'Without a valid certificate, browsers show a warning and workers refuse to connect.',
    permission: 'TCP 443 to the load balancer',
    fix: 'Install a certificate for SERVER_DOMAIN with its intermediate certificates, and automate its renewal.',
    example: {
      found: 'the certificate of spacelift.corp.io expires in 5 days',
      fix: 'renew the certificate of spacelift.corp.io with its issuer, and automate the renewal',
    },
    docs: DOCS.networking,
  },
  server: {
    title: 'the server is healthy',
    procedure:
      'After installation, sends a GET request to https://<SERVER_DOMAIN>/health, through HTTPS_PROXY if it applies. HTTP 200 passes, unless it is a web page (text/html). Distinguishes a default backend (404), a load balancer without a healthy server (502, 503, 504), a redirect, and a login in front of the server (401, 403). With --service worker, no database shows whether Spacelift is installed, so the rule is skipped instead of failed, unless --phase post-install is set.',
    rationale:
      'Browsers, workers and the VCS all use the server. A worker registers with it and reports the progress of its runs to it.',
    permission: 'TCP 443 to the load balancer, for a worker from its own network',
    fix: 'Route SERVER_DOMAIN at the load balancer or ingress to the server’s port 1983, with /health as the health check, and without a login page in between.',
    example: {
      found: 'https://spacelift.corp.io/health returned HTTP 404',
      fix: 'route spacelift.corp.io at the load balancer or ingress to the server’s port 1983, or correct SERVER_DOMAIN',
    },
    docs: DOCS.networking,
  },
  webhooks: {
    title: 'the webhooks endpoint responds',
    procedure:
      'After installation, sends a GET request to WEBHOOKS_ENDPOINT or, if unset, https://<SERVER_DOMAIN>/webhooks, and to /health on the same host. A status below 500 passes if /health returns 200. If only the path of the endpoint is routed to the server, its response passes if it differs from the one to /health: the same 404 for both is from a default backend.',
    rationale: 'The VCS announces pushes and pull requests at this endpoint. Without it, no run starts automatically.',
    permission: 'TCP 443 to the load balancer',
    fix: 'Route the path to the server, and correct WEBHOOKS_ENDPOINT if the endpoint has its own name.',
    example: {
      found: 'https://hooks.corp.io/health returned HTTP 404',
      fix: 'route hooks.corp.io at the load balancer or ingress to the server’s port 1983, or correct WEBHOOKS_ENDPOINT',
    },
    docs: DOCS.general,
  },
  oidc: {
    title: 'the custom OIDC issuer publishes its keys',
    procedure:
      'If FEDERATION_CUSTOM_ISSUER is set, after installation: reads /.well-known/openid-configuration of the issuer, compares `issuer` with the variable exactly, compares `jwks_uri` with FEDERATION_CUSTOM_JWKS_URI if that is set, and reads the keys there. Without a custom issuer, reads only the keys at FEDERATION_CUSTOM_JWKS_URI. Sends no credentials, and follows no redirects. Keys on a host that only the document names are skipped.',
    rationale:
      'AWS, Google Cloud, Azure and Vault read both before they accept the token of a run. With another issuer or without keys, they reject every token.',
    permission: 'HTTPS to the issuer',
    fix: 'Serve Spacelift’s own discovery document and keys at the issuer, without a login, and set FEDERATION_CUSTOM_ISSUER to exactly the issuer in it.',
    example: {
      found: 'FEDERATION_CUSTOM_ISSUER is https://id.corp.io/, but its discovery document names https://id.corp.io',
      fix: 'set FEDERATION_CUSTOM_ISSUER=https://id.corp.io',
    },
    docs: DOCS.oidc,
  },
  'vcs-gateway': {
    title: 'the VCS gateway responds',
    procedure:
      'If VCS_GATEWAY_ENDPOINT is set, resolves it, opens a TLS connection, verifies the certificate, negotiates HTTP/2 (ALPN h2), and calls grpc.health.v1.Health/Check like the load balancers do, through HTTPS_PROXY if it applies. Any gRPC status passes, including UNIMPLEMENTED (12). An HTTP status without a gRPC status does not: 502, 503 and 504 are from a load balancer without a healthy gateway, 404 is from a default backend. If the gateway does not respond, the rule is skipped before installation and fails after it.',
    rationale:
      'Spacelift can connect to a VCS in a private network only through the gateway, to which VCS agents connect over gRPC.',
    permission: 'TCP to the port in VCS_GATEWAY_ENDPOINT',
    fix: 'Put the gateway behind a load balancer that supports HTTP/2 (gRPC) over TLS and checks its health by gRPC, and point VCS_GATEWAY_ENDPOINT to it. On GKE, apply the HealthCheckPolicy from Spacelift’s Terraform module; on AWS, check the path /AWS.ALB/healthcheck for gRPC status 12.',
    example: {
      found: 'the load balancer at gateway.corp.io:443 has no healthy VCS gateway behind it (HTTP 502)',
      fix: 'apply the gRPC health check policy: tofu output -raw vcs_gateway_healthcheck_manifest | kubectl apply -f -',
    },
    docs: DOCS.networking,
  },
  'public-api': {
    title: 'Spacelift’s public API is reachable',
    procedure:
      'If SPACELIFT_PUBLIC_API is set, sends a GET request to it, through the proxy if it applies. Any HTTP response passes.',
    rationale: 'The drain reports usage to this API. Without it, usage must be reported manually.',
    permission: 'HTTPS from the drain to that host',
    fix: 'Allow the host in the firewall or proxy, or leave SPACELIFT_PUBLIC_API empty and report usage manually.',
    example: {
      found: 'api.spacelift.io:443 timed out',
      fix: 'allow TCP 443 from Spacelift’s network to api.spacelift.io, or leave SPACELIFT_PUBLIC_API empty',
    },
    docs: DOCS.general,
  },
  'vpc-endpoints': {
    title: 'private AWS endpoints are reached without the proxy',
    procedure:
      'If the config uses AWS and sets HTTPS_PROXY, resolves the AWS endpoints for which the vendor’s private installations have VPC endpoints (ECR, IoT data, KMS, License Manager, CloudWatch Logs and monitoring, S3, Secrets Manager, SQS, X-Ray). Warns if one resolves to a private address, and NO_PROXY does not exempt its name, read like Go does: an address range such as 10.0.0.0/8 exempts no names. Names that do not resolve here are left out.',
    rationale:
      'Requests through the proxy bypass the VPC endpoint: they fail if the proxy has no internet access, or if policies allow only the VPC endpoint.',
    permission: 'DNS',
    fix: 'Add the endpoints to NO_PROXY. Leave out iot.REGION.amazonaws.com: AWS has no VPC endpoint for IoT Core’s control plane.',
    example: {
      found: 'kms.eu-west-1.amazonaws.com is private, but requests to it go through the proxy',
      fix: 'set NO_PROXY=localhost,kms.eu-west-1.amazonaws.com',
    },
    docs: DOCS.privateVpc,
  },
} as const satisfies Record<string, Rule>;

export type NetworkRule = keyof typeof RULES;
