/** Ways to break what stands between an installation and a cloud: the proxy, the line, and the certificates at its end. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type ConnectProxyOptions, type Route, startConnectProxy } from '../services/connect-proxy.ts';
import { type ProxyFaults, startProxy } from '../services/tcp.ts';
import { startTlsFront } from '../services/tls-front.ts';
import type { Estate } from '../support/estate.ts';
import { FIRST } from './arrange.ts';
import { CA, WRONG_TLS, type WrongTls } from './certificates.ts';
import type { Arrange, Fault } from './fault.ts';

export type Cloud = 'google' | 'azure';

const OF: Readonly<Record<Cloud, (estate: Estate) => { url: string; caPem: string }>> = {
  google: ({ gcp: { gcs } }) => ({ url: gcs.secureUrl, caPem: gcs.caPem }),
  azure: ({ azure: { azure } }) => ({ url: azure.url, caPem: azure.caPem }),
};

interface Way {
  readonly route: Route;
  /** PEM of who is trusted besides. */
  readonly ca?: string;
  close?(): unknown;
}

/** Another proxy than the healthy one. @param lay where it leads, given the port of the cloud's own server */
export const through =
  (cloud: Cloud, lay: (port: number) => Way | Promise<Way>, options: ConnectProxyOptions = {}): Arrange =>
  async ({ estate }) => {
    const { url, caPem } = OF[cloud](estate);
    const { route, ca, close } = await lay(Number(new URL(url).port));
    const [proxy, directory] = await Promise.all([
      startConnectProxy(route, options),
      mkdtemp(join(tmpdir(), 'preflight-trust-')),
    ]);
    const file = join(directory, 'ca.pem');
    await writeFile(file, caPem + (ca ?? ''));
    return {
      environment: {
        HTTPS_PROXY: proxy.url,
        HTTP_PROXY: proxy.url,
        SSL_CERT_FILE: file,
        NODE_EXTRA_CA_CERTS: file,
      },
      undo: async () => {
        await Promise.all([proxy.close(), close?.(), rm(directory, { recursive: true })]);
      },
    };
  };

/** A line to these hosts of the cloud that has faults; to the others it has none. */
export const line = (cloud: Cloud, faults: ProxyFaults, hosts = /(?:)/): Arrange =>
  through(cloud, async (port) => {
    const proxy = await startProxy({ target: { host: '127.0.0.1', port }, ...faults });
    return { route: (host) => (hosts.test(host) ? proxy.port : port), close: proxy.close };
  });

/** Changes the first byte of an answer once the handshake is over: a device that rewrites what it can't read. */
export const corrupted = (chunk: Buffer, direction: 'up' | 'down'): Uint8Array => {
  const [type] = chunk;
  // A record of application data (RFC 8446, section 5.1).
  if (direction === 'up' || type !== 23) return chunk;
  const changed = Buffer.from(chunk);
  changed[changed.length - 1] = (changed.at(-1) ?? 0) ^ 0xff;
  return changed;
};

/** Another server in place of one host of the cloud, which shows what is wrong. */
const showing = (cloud: Cloud, host: string, { make, trusted }: WrongTls): Arrange =>
  through(cloud, async (port) => {
    const front = await startTlsFront({ host: '127.0.0.1', port }, await make(host));
    return {
      route: (asked) => (asked === host ? front.port : port),
      ...(trusted && { ca: CA.certPem }),
      close: front.close,
    };
  });

/** One fault for each certificate that is wrong. @param whose "Google’s", whose own it replaces at that host */
export const wrongCertificates = (
  cloud: Cloud,
  host: string,
  whose: string,
  wrong: readonly WrongTls[] = WRONG_TLS,
): readonly Fault[] =>
  wrong.map((one) => ({
    name: `${one.name}, in place of ${whose}`,
    arrange: showing(cloud, host, one),
    fail: [FIRST],
    says: new RegExp(`^TLS to ${host.replaceAll('.', '\\.')}:443 failed: .*${one.says.source}`),
  }));

/** What an SDK reads of the process itself; it is as it was after `undo`. */
export function processEnvironment(changes: Readonly<Record<string, string>>): () => void {
  const before = Object.keys(changes).map((name) => [name, process.env[name]] as const);
  Object.assign(process.env, changes);
  return () => {
    for (const [name, value] of before) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
  };
}
