/** Somebody else's servers, as a config may name them: HTTP, HTTPS with a certificate that is trusted, and a proxy that leads to both. */
import type { RequestListener } from 'node:http';
import { expect } from 'vitest';
import { type ConnectProxy, type Route, startConnectProxy } from '../services/connect-proxy.ts';
import { listen } from '../services/listener.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import { searchFor } from '../support/search.ts';

export interface Stranger {
  /** Vouches for the HTTPS server. */
  readonly caPem: string;
  readonly httpPort: number;
  readonly httpsPort: number;
  /** Leads every name below `evil.test`, and this machine, to those two; others where `also` says. */
  readonly proxy: ConnectProxy;
  /** Every request since it was last asked, whole. */
  heard(): readonly string[];
  close(): Promise<void>;
}

/** Names that a config may choose so that they look like another's. */
const NAMES = [
  'evil.test',
  '*.evil.test',
  'kms.eu-central-1.amazonaws.com.evil.test',
  'spacelift.blob.core.windows.net.evil.test',
  'login.microsoftonline.com.evil.test',
  'localhost',
  '127.0.0.1',
];

export async function startStranger(also: Route = () => undefined, ca?: CertificateAuthority): Promise<Stranger> {
  const authority = ca ?? (await makeCa({ name: 'Somebody else' }));
  const { chainPem: cert, keyPem: key } = await authority.issue({ names: NAMES });
  const requests: string[] = [];
  const answer: RequestListener = async (request, response) => {
    const chunks: Buffer[] = [];
    const { method = '', url = '', rawHeaders } = request;
    const note = () => requests.push([`${method} ${url}`, ...rawHeaders, Buffer.concat(chunks).toString()].join('\n'));
    try {
      for await (const chunk of request) chunks.push(chunk as Buffer);
    } finally {
      note();
    }
    response.writeHead(403, { 'content-type': 'text/plain' }).end('no');
  };
  const upgrade: Parameters<typeof listen>[3] = ({ url = '', rawHeaders }, socket) => {
    requests.push([`UPGRADE ${url}`, ...rawHeaders].join('\n'));
    socket.end('HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\n\r\n');
  };
  const [http, https] = await Promise.all([
    listen(answer, '127.0.0.1', undefined, upgrade),
    listen(answer, '127.0.0.1', { key, cert }, upgrade),
  ]);
  const proxy = await startConnectProxy((host, port) => {
    if (!/(^|\.)evil\.test$|^127\.|^localhost$/.test(host)) return also(host, port);
    return port === 80 || port === http.port ? http.port : https.port;
  });
  return {
    caPem: authority.certPem,
    httpPort: http.port,
    httpsPort: https.port,
    proxy,
    heard: () => requests.splice(0),
    close: async () => void (await Promise.all([http.close(), https.close(), proxy.close()])),
  };
}

/** What shows that somebody was authenticated to, whatever the credentials were. */
export const SIGNED =
  /^(proxy-)?authorization$|x-amz-(signature|security-token|credential)|AWS4-HMAC|client_(assertion|secret)|assertion=|WebIdentityToken|[?&]sig=|subject_token|metadata-flavor/im;

type Canaries = Readonly<Record<string, string | undefined>>;

/** Expects nothing that authenticates the caller, and none of these values, in what was heard. */
export function expectHome(heard: readonly string[], canaries: Canaries): void {
  expect(heard.filter((one) => SIGNED.test(one))).toEqual([]);
  expectUnseen(heard.join('\n'), canaries);
}

export function expectUnseen(text: string, canaries: Canaries): void {
  const secrets = Object.entries(canaries).flatMap(([of, value]) => (value === undefined ? [] : [{ of, value }]));
  expect(searchFor(secrets)(text)).toEqual([]);
}
