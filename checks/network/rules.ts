/** What is checked of the names under which Spacelift is reached, and of what it reaches by itself. */

import { DOCS } from '../../src/config/contract.ts';
import type { Rule } from '../../src/engine/check.ts';

export const RULES = {
  'server-domain': {
    title: 'the server’s domain resolves',
    procedure:
      'Resolves SERVER_DOMAIN, to IPv4 or IPv6 addresses. A name that is not there yet is a skip before installation and a failure after it.',
    rationale: 'Browsers, workers and the version-control system reach Spacelift under this name.',
    fix: 'Create the DNS record of SERVER_DOMAIN, pointing to the load balancer in front of the server.',
    example: {
      found: 'spacelift.corp.io does not resolve',
      fix: 'create its DNS record, pointing to the load balancer in front of the server; try: getent hosts spacelift.corp.io',
    },
    docs: DOCS.networking,
  },
  certificate: {
    title: 'HTTPS has a certificate for the domain',
    procedure:
      'After installation: opens TLS to SERVER_DOMAIN:443, through HTTPS_PROXY where that applies, and verifies the chain and the name. Warns when the certificate expires within 14 days or a fifth of its lifetime, whichever is less. On failure the chain is shown.',
    rationale: 'Browsers warn, and workers refuse to connect.',
    permission: 'TCP 443 to the load balancer',
    fix: 'Install a certificate for SERVER_DOMAIN with its intermediate certificates, and see to its renewal.',
    example: {
      found: 'the certificate of spacelift.corp.io expires in 5 days',
      fix: 'renew the certificate of spacelift.corp.io at its issuer, and see to it that this happens by itself',
    },
    docs: DOCS.networking,
  },
  server: {
    title: 'the server answers a worker',
    procedure:
      'Under --service worker alone: GET on https://<SERVER_DOMAIN>/, through HTTPS_PROXY where that applies. Any status below 500 passes. A worker has no database that shows whether Spacelift is installed, so what does not answer is a skip, and a failure with --phase post-install.',
    rationale: 'A worker registers there, and tells how its runs go.',
    permission: 'TCP 443 from the worker’s network to the load balancer',
    fix: 'Let the worker’s network pass to the load balancer, and see that a healthy server is behind it.',
    example: {
      found: 'https://spacelift.corp.io/ answers with HTTP 503',
      fix: 'see the server’s log, and the health checks of the load balancer in front of it',
    },
    docs: DOCS.networking,
  },
  webhooks: {
    title: 'the webhooks endpoint answers',
    procedure:
      'After installation: GET on WEBHOOKS_ENDPOINT, or https://<SERVER_DOMAIN>/webhooks. Any status below 500 passes.',
    rationale:
      'The version-control system announces pushes and pull requests there; without it no run starts by itself.',
    permission: 'TCP 443 to the load balancer',
    fix: 'Route the path to the server, and correct WEBHOOKS_ENDPOINT if it has a name of its own.',
    example: {
      found: 'https://spacelift.corp.io/webhooks answers with HTTP 502',
      fix: 'see the server’s log, and the health checks of the load balancer in front of it',
    },
    docs: DOCS.general,
  },
  'vcs-gateway': {
    title: 'the VCS gateway answers',
    procedure:
      'When VCS_GATEWAY_ENDPOINT is set: resolves it, opens TLS, verifies the certificate and negotiates HTTP/2 (ALPN h2), which gRPC needs. A gateway that is not there yet is a skip before installation and a failure after it.',
    rationale: 'A version-control system in a private network is reached through it alone.',
    permission: 'TCP to the gateway’s port',
    fix: 'Put the gateway behind a load balancer that passes HTTP/2 (gRPC) with TLS, and point VCS_GATEWAY_ENDPOINT to it.',
    example: {
      found: 'gateway.corp.io:443 does not speak HTTP/2, which gRPC needs',
      fix: 'turn HTTP/2 (gRPC) on in what ends TLS there; try: openssl s_client -connect gateway.corp.io:443 -alpn h2',
    },
    docs: DOCS.networking,
  },
  'public-api': {
    title: 'Spacelift’s public API can be reached',
    procedure:
      'When SPACELIFT_PUBLIC_API is set: any HTTP answer to a GET passes, through the proxy where that applies.',
    rationale: 'The drain reports usage there; without it usage must be reported by hand.',
    permission: 'HTTPS from the drain to that host',
    fix: 'Allow the host through the firewall or the proxy, or leave SPACELIFT_PUBLIC_API empty and report usage by hand.',
    example: {
      found: 'api.spacelift.io:443 does not answer in time',
      fix: 'allow TCP 443 from Spacelift’s network to api.spacelift.io, or leave SPACELIFT_PUBLIC_API empty',
    },
    docs: DOCS.general,
  },
} as const satisfies Record<string, Rule>;

export type NetworkRule = keyof typeof RULES;
