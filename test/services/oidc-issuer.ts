/** An issuer of OIDC tokens under the name `localhost`: its discovery document and its keys, or what is wrong with them. */
import { once } from 'node:events';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { TlsOptions } from 'node:tls';

export const DOCUMENT = '/.well-known/openid-configuration';
export const KEYS = '/.well-known/jwks';

export interface Page {
  readonly status?: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: string;
}
/** By path, for the issuer's own URL. Without a page, 404. */
export type Pages = (issuer: string) => Readonly<Record<string, Page>>;

export interface OidcIssuer {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  /** The paths so far, and whether a request had credentials. */
  readonly log: { readonly path: string; readonly authorized: boolean }[];
  close(): Promise<void>;
}

export const json = (value: unknown): Page => ({ body: JSON.stringify(value) });

/** As Spacelift serves them. */
export const healthyPages = (issuer: string): Record<string, Page> => ({
  [DOCUMENT]: json({ issuer, jwks_uri: `${issuer}${KEYS}` }),
  [KEYS]: json({ keys: [{ kty: 'RSA', use: 'sig', alg: 'RS256', kid: '1', n: 'AQAB', e: 'AQAB' }] }),
});

export async function startOidcIssuer(tls: TlsOptions, pages: Pages = healthyPages): Promise<OidcIssuer> {
  const log: { path: string; authorized: boolean }[] = [];
  let url = '';
  const server = createServer(tls, ({ url: path = '', headers }, response) => {
    log.push({ path, authorized: headers.authorization !== undefined || headers.cookie !== undefined });
    const page = pages(url)[path];
    response.writeHead(page?.status ?? (page === undefined ? 404 : 200), page?.headers).end(page?.body);
  });
  server.on('tlsClientError', () => {}).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  url = `https://localhost:${port}`;
  return {
    url,
    host: 'localhost',
    port,
    log,
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
