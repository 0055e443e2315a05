/** Faults of the way to each service of AWS: the network, proxies, TLS. */
import { once as event } from 'node:events';
import { type AddressInfo, connect } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import { type ConnectProxyOptions, startConnectProxy } from '../../services/connect-proxy.ts';
import { type ProxyFaults, refusedPort, startBanner, startHttp, startProxy, startSilent } from '../../services/tcp.ts';
import { makeCa, selfSigned } from '../../services/tls.ts';
import type { Arrange, Fault, There } from '../fault.ts';

interface Service {
  readonly what: string;
  /** Names its endpoint. */
  readonly setting: string;
  /** The first to tell. */
  readonly fail: string;
  /** What it is said to have done where its connections are reset, unless it closed them. */
  readonly resets?: string;
}

export const SERVICES: readonly Service[] = [
  {
    what: 'S3',
    setting: 'AWS_ENDPOINT_URL_S3',
    fail: 'object-storage/deliveries/access',
    // Its responses are longer than what the proxy lets through.
    resets: 'broke off its response',
  },
  { what: 'KMS', setting: 'AWS_ENDPOINT_URL_KMS', fail: 'encryption/kms/encryption-key' },
  { what: 'SQS', setting: 'AWS_ENDPOINT_URL_SQS', fail: 'message-queues/async/exists' },
  { what: 'IoT Core', setting: 'AWS_ENDPOINT_URL_IOT_DATA_PLANE', fail: 'mqtt-broker/iotcore/publish' },
];

/** All but S3, which has an endpoint of its own: one cause. */
const REST: Service = {
  what: 'an endpoint of AWS',
  setting: 'AWS_ENDPOINT_URL',
  fail: 'encryption/kms/encryption-key',
};

interface Opened {
  readonly host: string;
  readonly port: number;
  readonly scheme?: string;
  close(): Promise<void>;
}

const targetOf = ({ environment }: There, setting: string) => {
  const { hostname: host, port } = new URL(environment[setting] ?? environment.AWS_ENDPOINT_URL ?? '');
  return { host, port: Number(port) };
};

/** Something else at the endpoint of a service, or between it and the service. */
export const at =
  (setting: string, start: (target: { host: string; port: number }) => Promise<Opened>): Arrange =>
  async (there) => {
    const { scheme = 'http', host, port, close } = await start(targetOf(there, setting));
    const url = `${scheme}://${host}:${port}`;
    return {
      environment: { [setting]: url },
      ...(setting.endsWith('S3') && { variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: url } }),
      undo: close,
    };
  };

const between = (setting: string, faults: ProxyFaults): Arrange =>
  at(setting, (target) => startProxy({ target, ...faults }));

/** TLS in front of a service that speaks none. */
const inTls = (setting: string, options: () => Promise<TlsOptions>): Arrange =>
  at(setting, async (target) => {
    const server = createServer(await options(), (socket) => {
      const onward = connect(target);
      socket.pipe(onward).pipe(socket);
      for (const [one, other] of [
        [socket, onward],
        [onward, socket],
      ] as const)
        one.on('error', () => other.destroy()).on('close', () => other.destroy());
    });
    const sockets = new Set<{ destroy(): void }>();
    server.on('connection', (socket) => sockets.add(socket)).on('tlsClientError', () => {});
    server.listen(0, '127.0.0.1');
    await event(server, 'listening');
    return {
      scheme: 'https',
      host: '127.0.0.1',
      port: (server.address() as AddressInfo).port,
      close: async () => {
        for (const socket of sockets) socket.destroy();
        server.close();
        await event(server, 'close');
      },
    };
  });

const days = (count: number) => new Date(Date.now() + count * 86_400_000);
const ca = await makeCa({ name: 'Corp Inspection CA' });
const issued = (options: object) => async (): Promise<TlsOptions> => {
  const { chainPem, keyPem } = await ca.issue({ names: ['127.0.0.1'], ...options });
  return { cert: chainPem, key: keyPem };
};

const AT = '127\\.0\\.0\\.1:\\d+';
const TLS_FAULTS: readonly [name: string, options: () => Promise<TlsOptions>, says: string, trusted: boolean][] = [
  [
    'an expired certificate',
    issued({ notAfter: days(-1) }),
    `TLS to ${AT} failed: its certificate expired on \\d{4}-\\d\\d-\\d\\d`,
    true,
  ],
  [
    'a certificate for another name',
    issued({ names: ['minio.corp.internal'] }),
    `TLS to ${AT} failed: its certificate is for minio\\.corp\\.internal, not for 127`,
    true,
  ],
  [
    'a certificate of an authority that is not trusted',
    issued({}),
    `TLS to ${AT} failed: its certificate is signed by Corp Inspection CA, a certificate authority \\(CA\\) that is not trusted here`,
    false,
  ],
  [
    'a self-signed certificate',
    async () => {
      const { certPem, keyPem } = await selfSigned({ names: ['127.0.0.1'] });
      return { cert: certPem, key: keyPem };
    },
    `TLS to ${AT} failed: its certificate is self-signed and not trusted here`,
    false,
  ],
  [
    'TLS 1.1',
    async () => ({ ...(await issued({})()), minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'ALL:@SECLEVEL=0' }),
    `TLS to ${AT} failed: it does not support a TLS version that is in use here`,
    true,
  ],
];

const trusting = (trusted: boolean) => (trusted ? { options: { authorities: ca.certPem } } : {});

const ofEach = ({ what, setting, fail, resets = 'closed the connection' }: Service): Fault[] => [
  {
    name: `${what} that refuses connections`,
    arrange: at(setting, refusedPort),
    fail: [fail],
    says: new RegExp(`${AT} refused the connection`),
  },
  {
    name: `${what} at a name that does not resolve`,
    arrange: () => ({
      environment: { [setting]: `http://${what.replace(' ', '-').toLowerCase()}.does-not-exist.invalid` },
    }),
    fail: [fail],
    says: /\.does-not-exist\.invalid does not resolve/,
  },
  {
    name: `${what} behind a proxy that resets connections`,
    arrange: between(setting, { resetAfterBytes: 900 }),
    fail: [fail],
    says: new RegExp(`${AT} ${resets}`),
  },
  { name: `${what} behind a slow network`, arrange: between(setting, { delayMs: 50 }) },
  {
    name: `a page where ${what} should be`,
    arrange: at(setting, () => startHttp(200, '<html>sign in</html>', { 'content-type': 'text/html' })),
    fail: [fail],
    says: new RegExp(`${AT} does not look like ${what}`),
  },
  {
    name: `a load balancer without a backend before ${what}`,
    arrange: at(setting, () => startHttp(503, '<html>503</html>', { 'content-type': 'text/html', 'retry-after': '1' })),
    fail: [fail],
    says: new RegExp(`${what} failed \\(HTTP 503\\)`),
  },
  {
    name: `an SSH server where ${what} should be`,
    arrange: at(setting, () => startBanner('SSH-2.0-OpenSSH_9.6\r\n')),
    fail: [fail],
    says: new RegExp(`${AT} does not speak HTTP`),
  },
  {
    name: `${what} that speaks no TLS behind https`,
    arrange: at(setting, async (target) => ({ ...(await startProxy({ target })), scheme: 'https' })),
    fail: [fail],
    says: new RegExp(`${AT} does not speak TLS`),
  },
  ...TLS_FAULTS.map(
    ([name, options, says, trusted]): Fault => ({
      name: `${what} behind ${name}`,
      arrange: inTls(setting, options),
      fail: [fail],
      says: new RegExp(says),
      ...trusting(trusted),
    }),
  ),
  {
    name: `${what} behind TLS inspection whose authority is given`,
    arrange: inTls(setting, issued({})),
    ...trusting(true),
  },
];

/** Accepts and never answers, so this takes as long as the deadline of an operation. */
const silent = ({ what, setting, fail }: Service): Fault => ({
  name: `${what} that never answers`,
  arrange: at(setting, startSilent),
  fail: [fail],
  says: new RegExp(`connected to ${AT}, but got no response within \\d+ s`),
});

/** A forward proxy, and S3 at a name that only the proxy knows. */
const proxied =
  (how: ConnectProxyOptions = {}): Arrange =>
  async (there) => {
    const { port } = targetOf(there, 'AWS_ENDPOINT_URL_S3');
    const proxy = await startConnectProxy((host) => (host.endsWith('s3.corp.io') ? port : undefined), how);
    return {
      variables: { OBJECT_STORAGE_BUCKET_UPLOADS_URL: 'http://spacelift-uploads.s3.corp.io' },
      environment: { AWS_ENDPOINT_URL_S3: 'http://s3.corp.io', HTTP_PROXY: proxy.url, NO_PROXY: '127.0.0.1,localhost' },
      undo: proxy.close,
    };
  };

/** Flips what is between two quotes, so that the answer is as long as it was. */
const altering = (name: string) => (chunk: Buffer, direction: 'up' | 'down') =>
  direction === 'up'
    ? chunk
    : Buffer.from(
        chunk.toString('latin1').replace(new RegExp(`("${name}":")(.)`), (_, before, first) => {
          return `${before}${first === 'A' ? 'B' : 'A'}`;
        }),
        'latin1',
      );

export const WAY: readonly Fault[] = [
  ...SERVICES.flatMap(ofEach),
  ...[REST, ...SERVICES.slice(0, 1)].map(silent),
  {
    name: 'an endpoint of AWS that refuses connections',
    arrange: at(REST.setting, refusedPort),
    fail: [REST.fail],
    says: new RegExp(`${AT} refused the connection`),
  },
  {
    name: 'S3 over plain HTTP, by a proxy',
    arrange: proxied(),
    warn: ['object-storage/uploads/mixed-content'],
    says: /uploads to http:\/\/spacelift-uploads\.s3\.corp\.io are not encrypted/,
  },
  { name: 'S3 behind a thin line', arrange: between('AWS_ENDPOINT_URL_S3', { throttleBytesPerSecond: 4_000_000 }) },
  { name: 'KMS behind a thin line', arrange: between('AWS_ENDPOINT_URL_KMS', { throttleBytesPerSecond: 50_000 }) },
  {
    name: 'a proxy that changes what KMS decrypts',
    arrange: between('AWS_ENDPOINT_URL_KMS', { corrupt: altering('Plaintext') }),
    fail: ['encryption/kms/encryption-key'],
    says: /KMS decrypted different data than it encrypted/,
  },
  {
    name: 'a proxy that changes what KMS signs',
    arrange: between('AWS_ENDPOINT_URL_KMS', { corrupt: altering('Signature') }),
    fail: ['encryption/kms/signing-key'],
    says: /the signature from KMS does not verify with the public key from KMS/,
  },
  {
    name: 'a proxy that changes the messages of SQS',
    arrange: between('AWS_ENDPOINT_URL_SQS', { corrupt: altering('Body') }),
    fail: ['message-queues/async/access'],
    says: /the message received differs from the one sent/,
  },
];
