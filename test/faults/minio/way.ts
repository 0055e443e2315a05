/** What may be wrong on the way to MinIO: names, ports, proxies and TLS. */
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startBanner, startBlackhole, startCloser, startHttp, startProxy } from '../../services/tcp.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { config, FIRST } from '../arrange.ts';
import { CA, issued, ROOT_CAS, WRONG_TLS } from '../certificates.ts';
import type { Arrange, Fault } from '../fault.ts';
import { addressOf, atStore, storeAt } from './arrange.ts';

const HTML = { 'content-type': 'text/html' };
/** A name that no DNS knows, and that proxies of these tests do. */
const MINIO = 'minio.example.test';

/** TLS in front of MinIO, under the name `localhost`. */
const overTls =
  (
    options: (host: string) => ReturnType<typeof issued> | Promise<object>,
    variables: Readonly<Record<string, string>> = {},
  ): Arrange =>
  async ({ estate }) => {
    const { port, close } = await startTlsFront(addressOf(estate.store), await options('localhost'));
    return { variables: { ...storeAt({ host: 'localhost', port }, 'https'), ...variables }, undo: close };
  };

/** MinIO under a name that a proxy alone knows. */
const throughProxy =
  (scheme: 'http' | 'https', how: Parameters<typeof startConnectProxy>[1] = {}, credentials = ''): Arrange =>
  async ({ estate }) => {
    const plain = addressOf(estate.store);
    const front = scheme === 'https' ? await startTlsFront(plain, await issued([MINIO])) : undefined;
    const proxy = await startConnectProxy(() => front?.port ?? plain.port, how);
    return {
      variables: {
        ...storeAt({ host: MINIO, port: 9000 }, scheme),
        [scheme === 'https' ? 'HTTPS_PROXY' : 'HTTP_PROXY']: proxy.url.replace('//', `//${credentials}`),
        ADDITIONAL_ROOT_CAS: ROOT_CAS,
      },
      undo: () => Promise.all([proxy.close(), front?.close()]),
    };
  };

const TLS: readonly Fault[] = [
  ...WRONG_TLS.map(({ name, says, trusted, make }) => ({
    name: `MinIO behind ${name}`,
    arrange: overTls(make, trusted ? { ADDITIONAL_ROOT_CAS: ROOT_CAS } : {}),
    fail: [FIRST],
    says: new RegExp(`^TLS to localhost:\\d+ failed: .*${says.source}`),
  })),
  {
    name: 'MinIO with an authority of ADDITIONAL_ROOT_CAS',
    arrange: overTls((host) => issued([host]), { ADDITIONAL_ROOT_CAS: ROOT_CAS }),
  },
  {
    name: 'MinIO with an authority of --ca-file',
    arrange: overTls((host) => issued([host])),
    options: { authorities: CA.certPem },
  },
  {
    name: 'MinIO of another name, where any certificate is accepted',
    arrange: overTls(() => issued(['other.corp.io']), { OBJECT_STORAGE_MINIO_ALLOW_INSECURE: 'true' }),
  },
  {
    name: 'MinIO with TLS, spoken to without',
    arrange: overTls((host) => issued([host]), { OBJECT_STORAGE_MINIO_USE_SSL: 'false' }),
    options: { authorities: CA.certPem },
    fail: [FIRST],
    says: /^localhost:\d+ requires TLS$/m,
  },
  {
    name: 'MinIO without TLS, spoken to with it',
    arrange: config(() => ({ OBJECT_STORAGE_MINIO_USE_SSL: 'true' })),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ does not speak TLS$/m,
  },
];

const PORTS: readonly Fault[] = [
  {
    name: 'an object store that refuses',
    arrange: atStore(refusedPort),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'an object store that does not resolve',
    arrange: config(() => storeAt({ host: 'minio.does-not-exist.invalid', port: 9000 })),
    fail: [FIRST],
    says: /^minio\.does-not-exist\.invalid does not resolve$/m,
  },
  {
    name: 'an object store behind a firewall that drops packets',
    arrange: atStore(startBlackhole),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ timed out\nThe usual cause is a firewall/,
  },
  {
    name: 'a balancer that closes connections to the object store',
    arrange: atStore(startCloser),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ closed the connection$/m,
  },
  {
    name: 'an SSH server where MinIO should be',
    arrange: atStore(() => startBanner('SSH-2.0-OpenSSH_9.6\r\n')),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ does not speak HTTP$/m,
  },
  {
    name: 'a web page where MinIO should be',
    arrange: atStore(() => startHttp(200, '<html>Welcome</html>', HTML)),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ does not look like MinIO\nIt returned HTTP 200/,
  },
  {
    name: 'a balancer without a healthy MinIO',
    arrange: atStore(() => startHttp(503, '<html>No server is available</html>', HTML)),
    fail: [FIRST],
    says: /^MinIO failed \(HTTP 503\)$/m,
  },
];

const PROXIES: readonly Fault[] = [
  {
    name: 'a proxy that breaks off MinIO’s answers',
    arrange: atStore((target) => startProxy({ target, resetAfterBytes: 700 })),
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ closed the connection$/m,
  },
  {
    name: 'a proxy that breaks off large uploads without a word',
    arrange: atStore((target) => startProxy({ target, resetAfterBytes: 1024 * 1024 })),
    fail: ['object-storage/uploads/proxy'],
    says: /rejects request bodies of 2 MiB\n.*the connection breaks during/,
  },
  {
    name: 'a proxy that swallows what MinIO is asked',
    arrange: atStore((target) => startProxy({ target, swallow: true })),
    options: { timeoutMs: 1500 },
    fail: [FIRST],
    says: /^did not finish within 1\.5 s$/m,
  },
  {
    name: 'a proxy that changes the host of requests to MinIO',
    arrange: atStore((target) =>
      startProxy({ target, corrupt: (chunk) => edited(chunk, 'ost: 127.0.0.1:', 'ost: 127.0.0.2:') }),
    ),
    fail: [FIRST],
    says: /rejected the secret key\nA proxy that changes the host or path of requests causes the same error/,
  },
  {
    name: 'a cache in front of MinIO that answers with something else',
    arrange: atStore((target) =>
      startProxy({
        target,
        corrupt: (chunk, to) => (to === 'down' ? edited(chunk, 'Safe to keep', 'Stale answer') : chunk),
      }),
    ),
    fail: [FIRST],
    says: /^the object read differs from the one written$/m,
  },
  { name: 'a slow way to MinIO', arrange: atStore((target) => startProxy({ target, delayMs: 30 })) },
  {
    name: 'a narrow way to MinIO',
    arrange: atStore((target) => startProxy({ target, throttleBytesPerSecond: 4 * 1024 * 1024 })),
  },
  { name: 'MinIO behind HTTPS_PROXY', arrange: throughProxy('https') },
  {
    name: 'MinIO behind HTTPS_PROXY with a password',
    arrange: throughProxy('https', { credentials: 'me:hunter22' }, 'me:hunter22@'),
  },
  {
    name: 'a proxy that does not let MinIO through',
    arrange: throughProxy('https', { refuse: 403 }),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to minio\.example\.test:9000 \(HTTP 403\)$/m,
  },
  {
    name: 'a proxy that asks for a password on the way to MinIO',
    arrange: throughProxy('https', { credentials: 'me:hunter22' }),
    fail: [FIRST],
    says: /^the proxy 127\.0\.0\.1:\d+ refused to connect to minio\.example\.test:9000 \(HTTP 407\)$/m,
  },
  {
    name: 'a proxy on the way to MinIO that refuses',
    arrange: async () => {
      const { port } = await refusedPort();
      return { variables: { ...storeAt({ host: MINIO, port: 9000 }), HTTP_PROXY: `http://127.0.0.1:${port}` } };
    },
    fail: [FIRST],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'uploads in the clear from pages that come over HTTPS',
    arrange: throughProxy('http'),
    warn: ['object-storage/uploads/mixed-content'],
    says: /^uploads to http:\/\/minio\.example\.test:9000 are not encrypted\n/,
  },
];

const WORKERS: readonly Fault[] = [
  {
    name: 'MinIO that a worker can’t reach',
    arrange: atStore(refusedPort),
    options: { service: 'worker' },
    fail: ['object-storage/worker'],
    says: /^127\.0\.0\.1:\d+ refused the connection$/m,
  },
  {
    name: 'a balancer without a healthy MinIO, as a worker sees it',
    arrange: atStore(() => startHttp(502)),
    options: { service: 'worker' },
    fail: ['object-storage/worker'],
    says: /MinIO failed .*\(HTTP 502\)$/m,
  },
  {
    name: 'MinIO behind a certificate that a worker does not trust',
    arrange: overTls((host) => issued([host])),
    options: { service: 'worker' },
    fail: ['object-storage/worker'],
    says: /signed by Corp CA, a certificate authority \(CA\) that is not trusted here/,
  },
  {
    name: 'a private MinIO, looked at from outside',
    arrange: atStore(refusedPort),
    options: { from: 'outside' },
  },
];

/** Replaces a text by one of the same length. */
function edited(chunk: Buffer, text: string, by: string): Buffer {
  return Buffer.from(chunk.toString('latin1').replaceAll(text, by), 'latin1');
}

export const ON_THE_WAY: readonly Fault[] = [...TLS, ...PORTS, ...PROXIES, ...WORKERS];
