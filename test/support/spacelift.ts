/** Spacelift itself, installed: its domain on port 443 and what else a config may name, on loopback. */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo, Server } from 'node:net';
import type { RunOptions } from '../../src/config/options.ts';
import { startConnectProxy } from '../services/connect-proxy.ts';
import { startOidcIssuer } from '../services/oidc-issuer.ts';
import { startRegistry } from '../services/registry.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import { startVcsGateway } from '../services/vcs-gateway.ts';
import { startVersionControl } from '../services/version-control.ts';

/** Does not resolve: only the proxy knows the way. */
const DOMAIN = 'spacelift.corp.invalid';

export interface Spacelift {
  readonly ca: CertificateAuthority;
  /** Every optional variable of a config; the proxy in it is the way to port 443 of the domain. */
  readonly variables: Readonly<Record<string, string>>;
  /** What no variable names. */
  readonly options: Pick<RunOptions, 'vcs' | 'pull'>;
  close(): Promise<void>;
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

export async function startSpacelift(): Promise<Spacelift> {
  const ca = await makeCa();
  const certificate = await ca.issue({ names: [DOMAIN, 'localhost'] });
  const { chainPem: cert, keyPem: key } = certificate;
  const plain = createServer((_, response) => response.end('ok'));
  const secure = createSecureServer({ cert, key }, (_, response) => response.end('ok'));
  const [http, https, gateway, registry, gitlab] = await Promise.all([
    listening(plain),
    listening(secure),
    startVcsGateway({ certificate }),
    startRegistry(),
    startVersionControl('GitLab'),
  ]);
  // Port 443 is not a test's to take.
  const proxy = await startConnectProxy((_, port) => (port === 443 ? https : port));
  const authorities = JSON.stringify({ caCertificates: [Buffer.from(ca.certPem).toString('base64')] });
  const issuer = await startOidcIssuer({ cert, key });
  return {
    ca,
    variables: {
      SERVER_DOMAIN: DOMAIN,
      HTTPS_PROXY: proxy.url,
      WEBHOOKS_ENDPOINT: `http://localhost:${http}/webhooks`,
      SPACELIFT_PUBLIC_API: `http://localhost:${http}`,
      VCS_GATEWAY_ENDPOINT: `localhost:${gateway.port}`,
      FEDERATION_CUSTOM_ISSUER: issuer.url,
      ADDITIONAL_ROOT_CAS: Buffer.from(authorities).toString('base64'),
      LAUNCHER_IMAGE: `${registry.host}/spacelift/launcher`,
      LAUNCHER_IMAGE_TAG: 'v4.3.0',
      DRAIN_CONCURRENCY_ASYNC_JOBS: '15',
      DRAIN_SCHEDULER_ENABLED: 'false',
      MESSAGE_PROCESSING_TIMEOUT_SECONDS: '900',
      SLACK_APP_CLIENT_ID: 'id',
      SLACK_APP_CLIENT_SECRET: 'a-long-slack-secret',
      SLACK_SECRET: 'another-slack-secret',
      SAML_CERT: Buffer.from(cert).toString('base64'),
      SAML_KEY: Buffer.from(key).toString('base64'),
      FEATURE_FLAG_ANYTHING: 'true',
    },
    options: { vcs: [`http://${gitlab.host}`], pull: [`${registry.host}/spacelift/launcher:v4.3.0`] },
    close: async () => {
      for (const server of [plain, secure]) server.close();
      await Promise.all([proxy, gateway, registry, gitlab, issuer].map((server) => server.close()));
    },
  };
}
