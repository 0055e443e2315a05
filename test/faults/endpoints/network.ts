/** Faults of the names under which Spacelift is reached, and of what it reaches by itself. */
import type { TlsOptions } from 'node:tls';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { DOCUMENT, healthyPages, json, KEYS, type Pages, startOidcIssuer } from '../../services/oidc-issuer.ts';
import { refusedPort, startByPath, startCloser, startHttp } from '../../services/tcp.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { type Gateway, page, startHttp2, startVcsGateway } from '../../services/vcs-gateway.ts';
import type { Variables } from '../../support/preflight.ts';
import { config } from '../arrange.ts';
import { issued, ROOT_CAS, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';

/** An address for documentation (RFC 5737): the way to it leads through the proxy, to port 443 of a test's own server. */
const DOMAIN = '192.0.2.10';
const INSTALLED = { phase: 'post-install' } as const;
const days = (count: number) => new Date(Date.now() + count * 86_400_000);

interface Installed {
  readonly tls?: (host: string) => Promise<TlsOptions>;
  /** What answers, to every path. */
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly proxy?: Parameters<typeof startConnectProxy>[1];
  readonly variables?: Variables;
}

/** Spacelift's server behind HTTPS. */
const installed =
  ({
    tls = (host) => issued([host]),
    status = 200,
    headers = {},
    proxy = {},
    variables = {},
  }: Installed = {}): Arrange =>
  async () => {
    const server = await startHttp(status, 'ok', headers);
    const front = await startTlsFront(server, await tls(DOMAIN));
    const way = await startConnectProxy(() => front.port, proxy);
    return {
      variables: { SERVER_DOMAIN: DOMAIN, HTTPS_PROXY: way.url, ADDITIONAL_ROOT_CAS: ROOT_CAS, ...variables },
      undo: () => Promise.all([way.close(), front.close(), server.close()]),
    };
  };

/** Something else at an address that a variable names, beside a server that is well. */
const beside =
  (start: () => Promise<{ host: string; port: number; close(): unknown }>, of: (at: string) => Variables): Arrange =>
  async (there) => {
    const [{ host, port, close }, well] = await Promise.all([start(), installed()(there)]);
    return {
      variables: { ...well.variables, ...of(`${host}:${port}`) },
      undo: () => Promise.all([close(), well.undo?.()]),
    };
  };

/** A gateway behind TLS, under the name `localhost`, or something else in its place. */
const gateway =
  (options: Promise<TlsOptions>, start: () => Promise<Gateway> = startVcsGateway): Arrange =>
  (there) =>
    beside(
      async () => {
        const behind = await start();
        const { port, close } = await startTlsFront(behind, await options);
        return { host: 'localhost', port, close: () => Promise.all([close(), behind.close()]) };
      },
      (at) => ({ VCS_GATEWAY_ENDPOINT: at }),
    )(there);
/** What a load balancer that ends TLS answers by itself. */
const balancer = (status: number, headers: Readonly<Record<string, string>> = {}): Arrange =>
  gateway(
    issued(['localhost']).then((tls) => ({ ...tls, ...H2 })),
    () => startHttp2(undefined, page(status, headers)),
  );
const H2 = { ALPNProtocols: ['h2'] };

/** An issuer of tokens at an address of its own. */
const oidc = (pages: Pages = healthyPages): Arrange =>
  beside(
    async () => startOidcIssuer(await issued(['localhost']), pages),
    (at) => ({ FEDERATION_CUSTOM_ISSUER: `https://${at}` }),
  );

const webhooks = (at: string): Variables => ({ WEBHOOKS_ENDPOINT: `http://${at}/webhooks` });
const api = (at: string): Variables => ({ SPACELIFT_PUBLIC_API: `http://${at}` });

const DOMAINS: readonly Fault[] = [
  { name: 'a server behind HTTPS after installation', arrange: installed(), options: INSTALLED },
  {
    name: 'a domain that does not resolve before installation',
    arrange: config(() => ({ SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' })),
  },
  {
    name: 'a domain that does not resolve after installation',
    arrange: config(() => ({ SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' })),
    options: INSTALLED,
    fail: ['network/server-domain'],
    says: /^spacelift\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'a private domain, looked at from outside',
    arrange: config(() => ({ SERVER_DOMAIN: 'spacelift.corp.internal' })),
    options: { ...INSTALLED, from: 'outside' },
  },
];

const CERTIFICATES: readonly Fault[] = [
  ...WRONG_TLS.map(({ name, says, trusted, make }) => ({
    name: `a domain with ${name}`,
    arrange: installed({ tls: make, variables: { ADDITIONAL_ROOT_CAS: trusted ? ROOT_CAS : '' } }),
    options: INSTALLED,
    fail: ['network/certificate'],
    says: new RegExp(`^TLS to 192\\.0\\.2\\.10:443 failed: .*${says.source}`),
  })),
  {
    name: 'a domain whose certificate expires soon',
    arrange: installed({ tls: (host) => issued([host], { notBefore: days(-85), notAfter: days(3.5) }) }),
    options: INSTALLED,
    warn: ['network/certificate'],
    says: /^the certificate of 192\.0\.2\.10 expires in 3 days$/m,
  },
  {
    name: 'a short certificate that is renewed in time',
    arrange: installed({ tls: (host) => issued([host], { notBefore: days(-5), notAfter: days(2) }) }),
    options: INSTALLED,
  },
  {
    name: 'a proxy that does not let the domain through',
    arrange: installed({ proxy: { refuse: 403 } }),
    options: INSTALLED,
    fail: ['network/certificate'],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to 192\.0\.2\.10:443 \(HTTP 403\)$/m,
  },
];

const SERVERS: readonly Fault[] = [
  {
    name: 'a balancer without a healthy server',
    arrange: installed({ status: 502 }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 502\nThe response is from a load balancer or proxy/,
  },
  {
    name: 'a server that fails',
    arrange: installed({ status: 500 }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 500$/m,
  },
  {
    name: 'an ingress that does not know the domain',
    arrange: installed({ status: 404, headers: { 'content-type': 'text/html' } }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 404\nThe response is from the default backend of an ingress/,
  },
  {
    name: 'an ingress that does not know the domain, as a worker sees it',
    arrange: installed({ status: 404 }),
    options: { ...INSTALLED, service: 'worker' },
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 404\n/,
  },
  {
    name: 'a login page in front of the server',
    arrange: installed({ status: 302, headers: { location: 'https://login.corp.io/' } }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health redirects to https:\/\/login\.corp\.io$/m,
  },
  {
    name: 'an authenticating proxy in front of the server',
    arrange: installed({ status: 401 }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 401\nA login page, firewall \(WAF\) or authenticating proxy/,
  },
  {
    name: 'a parking page at the domain',
    arrange: installed({ headers: { 'content-type': 'text/html' } }),
    options: INSTALLED,
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returns a web page, not the health of Spacelift’s server$/m,
  },
  {
    name: 'a balancer without a healthy server, as a worker sees it',
    arrange: installed({ status: 503 }),
    options: { ...INSTALLED, service: 'worker' },
    fail: ['network/server'],
    says: /^https:\/\/192\.0\.2\.10\/health returned HTTP 503\n/,
  },
  {
    name: 'a server that a worker does not find yet',
    arrange: installed({ status: 503 }),
    options: { service: 'worker' },
  },
  {
    name: 'a certificate that a worker does not trust',
    arrange: installed({ variables: { ADDITIONAL_ROOT_CAS: '' } }),
    options: { ...INSTALLED, service: 'worker' },
    fail: ['network/certificate'],
    says: /signed by Corp CA, a certificate authority \(CA\) that is not trusted here/,
  },
  {
    name: 'a webhooks endpoint of its own that refuses what is no webhook',
    arrange: beside(() => startByPath((path) => (path === '/webhooks' ? 405 : 404)), webhooks),
    options: INSTALLED,
  },
  {
    name: 'a webhooks endpoint of its own that the server does not serve',
    arrange: beside(() => startByPath((path) => (path === '/health' ? 200 : 502)), webhooks),
    options: INSTALLED,
    fail: ['network/webhooks'],
    says: /^http:\/\/127\.0\.0\.1:\d+\/webhooks returned HTTP 502$/m,
  },
  {
    name: 'a webhooks endpoint of its own at an ingress that does not know it',
    arrange: beside(() => startHttp(404), webhooks),
    options: INSTALLED,
    fail: ['network/webhooks'],
    says: /^http:\/\/127\.0\.0\.1:\d+\/health returned HTTP 404\nThe response is from the default backend/,
  },
  {
    name: 'a webhooks endpoint of its own that refuses',
    arrange: beside(refusedPort, webhooks),
    options: INSTALLED,
    fail: ['network/webhooks'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'a webhooks endpoint of its own that closes',
    arrange: beside(startCloser, webhooks),
    options: INSTALLED,
    fail: ['network/webhooks'],
    says: /^127\.0\.0\.1:\d+ closed the connection$/m,
  },
  {
    name: 'a webhooks endpoint of its own that does not resolve',
    arrange: beside(refusedPort, () => webhooks('hooks.does-not-exist.invalid')),
    options: INSTALLED,
    fail: ['network/webhooks'],
    says: /^hooks\.does-not-exist\.invalid does not resolve$/m,
  },
];

const OTHERS: readonly Fault[] = [
  {
    name: 'a VCS gateway without HTTP/2',
    arrange: gateway(issued(['localhost'])),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^localhost:\d+ does not support HTTP\/2, which gRPC requires$/m,
  },
  ...WRONG_TLS.filter(({ trusted }) => trusted).map(({ name, says, make }) => ({
    name: `a VCS gateway with ${name}`,
    arrange: gateway(make('localhost').then((tls) => ({ ...tls, ...H2 }))),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: new RegExp(`^TLS to localhost:\\d+ failed: .*${says.source}`),
  })),
  {
    name: 'a VCS gateway without TLS',
    arrange: beside(
      () => startHttp(200),
      (at) => ({ VCS_GATEWAY_ENDPOINT: at }),
    ),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^127\.0\.0\.1:\d+ does not speak TLS$/m,
  },
  {
    name: 'the port of a VCS gateway itself, past the balancer',
    arrange: beside(startVcsGateway, (at) => ({ VCS_GATEWAY_ENDPOINT: at })),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^127\.0\.0\.1:\d+ speaks gRPC without TLS$/m,
  },
  {
    name: 'a balancer without a healthy VCS gateway',
    arrange: balancer(502),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^the load balancer at localhost:\d+ has no healthy VCS gateway behind it \(HTTP 502\)$/m,
  },
  {
    name: 'an ingress that does not know the VCS gateway',
    arrange: balancer(404, { server: 'nginx' }),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^localhost:\d+ does not route gRPC requests to the VCS gateway \(HTTP 404\)$/m,
  },
  {
    name: 'a login page in front of the VCS gateway',
    arrange: balancer(302, { location: 'https://login.corp.io/' }),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^localhost:\d+ redirects gRPC requests to https:\/\/login\.corp\.io$/m,
  },
  {
    name: 'a proxy that removes the trailers of the VCS gateway',
    arrange: balancer(200, { 'content-type': 'application/grpc' }),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^localhost:\d+ responds to gRPC requests without a gRPC status$/m,
  },
  {
    name: 'a web server under the name of the VCS gateway',
    arrange: balancer(200),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^localhost:\d+ is a web server, not the VCS gateway \(HTTP 200\)$/m,
  },
  {
    name: 'no VCS gateway after installation',
    arrange: beside(refusedPort, (at) => ({ VCS_GATEWAY_ENDPOINT: at })),
    options: INSTALLED,
    fail: ['network/vcs-gateway'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  { name: 'no VCS gateway before installation', arrange: beside(refusedPort, (at) => ({ VCS_GATEWAY_ENDPOINT: at })) },
  {
    name: 'a VCS gateway behind a balancer',
    arrange: gateway(issued(['localhost']).then((tls) => ({ ...tls, ...H2 }))),
    options: INSTALLED,
  },
  { name: 'a custom issuer of OIDC tokens', arrange: oidc(), options: INSTALLED },
  {
    name: 'a custom issuer with another name in its document',
    arrange: oidc((issuer) => ({
      ...healthyPages(issuer),
      [DOCUMENT]: json({ issuer: `${issuer}/`, jwks_uri: `${issuer}${KEYS}` }),
    })),
    options: INSTALLED,
    fail: ['network/oidc'],
    says: /^FEDERATION_CUSTOM_ISSUER is https:\/\/localhost:\d+, but its discovery document names https:\/\/localhost:\d+\/$/m,
  },
  {
    name: 'a public API that does not resolve',
    arrange: config(() => ({ SPACELIFT_PUBLIC_API: 'https://api.does-not-exist.invalid' })),
    warn: ['network/public-api'],
    says: /^api\.does-not-exist\.invalid does not resolve\nWhile the API is unreachable, usage is not reported/,
  },
  {
    name: 'a public API that refuses',
    arrange: beside(refusedPort, api),
    warn: ['network/public-api'],
    says: /^127\.0\.0\.1:\d+ refused the connection\nWhile the API is unreachable, usage is not reported/,
  },
  {
    name: 'a public API that the proxy does not let through',
    arrange: installed({ proxy: { refuse: 407 }, variables: { SPACELIFT_PUBLIC_API: 'https://api.example.test' } }),
    warn: ['network/public-api'],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to api\.example\.test:443 \(HTTP 407\)\nWhile the API is unreachable, usage/,
  },
  {
    name: 'a public API that answers with an error',
    arrange: beside(() => startHttp(500), api),
  },
];

export const OF_NETWORK: readonly Fault[] = [...DOMAINS, ...CERTIFICATES, ...SERVERS, ...OTHERS];
