import { constants, type ServerHttp2Stream } from 'node:http2';
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { network } from '../../../checks/network/index.ts';
import type { Phase } from '../../../src/config/options.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startBanner, startCloser, startHttp, startSilent } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { startTlsFront } from '../../services/tls-front.ts';
import { page, startHttp2, startVcsGateway } from '../../services/vcs-gateway.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

type At = { readonly host: string; readonly port: number };
type Certificate = Awaited<ReturnType<CertificateAuthority['issue']>>;

let ca: CertificateAuthority;
let certificate: Certificate;
beforeAll(async () => {
  ca = await makeCa({ name: 'Corp CA' });
  certificate = await ca.issue({ names: ['localhost', '127.0.0.1', 'gateway.corp.invalid'] });
});

/** Stopped at the end of the test. */
async function started(starting: Promise<At & { close(): unknown }>): Promise<At> {
  const { host, port, close } = await starting;
  onTestFinished(async () => void (await close()));
  return { host, port };
}
const balancer = (answer: (stream: ServerHttp2Stream) => void) => started(startHttp2(certificate, answer));
/** Ends TLS, and promises HTTP/2 whatever is behind it. */
async function front(starting: Promise<At & { close(): unknown }>, ALPNProtocols = ['h2']): Promise<At> {
  const behind = await started(starting);
  return started(startTlsFront(behind, { cert: certificate.chainPem, key: certificate.keyPem, ALPNProtocols }));
}

async function judged({ host, port }: At, phase: Phase = 'post-install', more: Variables = {}, options: Options = {}) {
  const variables = {
    SERVER_DOMAIN: 'localhost',
    OBJECT_STORAGE_TYPE: 'minio',
    VCS_GATEWAY_ENDPOINT: `${host}:${port}`,
    ...more,
  };
  const all = { phase, only: ['network/vcs-gateway'], authorities: ca.certPem, ...options };
  return (await preflight([network], variables, all)).finding('network/vcs-gateway');
}

describe('a gRPC status is a response', () => {
  test.each(['pre-install', 'post-install'] as const)('in either phase: %s', async (phase) => {
    const address = await started(startVcsGateway({ certificate }));
    expect(await judged(address, phase)).toMatchObject({ status: 'pass', evidence: { alpn: 'h2', grpcStatus: 0 } });
  });

  test.each([
    ['UNIMPLEMENTED', status.UNIMPLEMENTED],
    ['UNAUTHENTICATED', status.UNAUTHENTICATED],
    ['NOT_FOUND', status.NOT_FOUND],
    ['INTERNAL', status.INTERNAL],
  ])('%s', async (_, answer) => {
    const address = await started(startVcsGateway({ certificate, answer }));
    expect(await judged(address)).toMatchObject({ status: 'pass', evidence: { grpcStatus: answer } });
  });

  test.each<[string, (stream: ServerHttp2Stream) => void]>([
    [
      'in trailers alone',
      (stream) => stream.respond({ 'content-type': 'application/grpc', 'grpc-status': '12' }, { endStream: true }),
    ],
    [
      'in trailers after a message',
      (stream) => {
        stream.respond({ 'content-type': 'application/grpc+proto' }, { waitForTrailers: true });
        stream.on('wantTrailers', () => stream.sendTrailers({ 'grpc-status': '0' }));
        stream.end(Buffer.from([0, 0, 0, 0, 2, 8, 1]));
      },
    ],
    [
      'beside an HTTP status',
      (stream) =>
        stream.respond(
          { ':status': 503, 'content-type': 'application/grpc', 'grpc-status': '14' },
          { endStream: true },
        ),
    ],
    [
      'before a reset',
      (stream) => {
        stream.respond({ 'content-type': 'application/grpc', 'grpc-status': '12' });
        stream.write('x', () => stream.close(constants.NGHTTP2_INTERNAL_ERROR));
      },
    ],
  ])('%s', async (_, answer) => {
    expect((await judged(await balancer(answer))).status).toBe('pass');
  });

  test('to a worker that has the endpoint, too', async () => {
    const address = await started(startVcsGateway({ certificate }));
    expect((await judged(address, 'post-install', {}, { service: 'worker' })).status).toBe('pass');
  });

  test('through a proxy', async () => {
    const { port } = await started(startVcsGateway({ certificate }));
    const proxy = await startConnectProxy(() => port);
    onTestFinished(proxy.close);
    const address = { host: 'gateway.corp.invalid', port: 443 };
    expect((await judged(address, 'post-install', { HTTPS_PROXY: proxy.url })).status).toBe('pass');
    expect(proxy.asked).toEqual(['gateway.corp.invalid:443']);
  });
});

const AWS = { server: 'awselb/2.0' };
const GOOGLE = { via: '1.1 google' };
const NGINX = { server: 'nginx' };

describe('an HTTP status alone is none', () => {
  test.each([
    [502, {}, /no healthy VCS gateway behind it \(HTTP 502\)$/, /HealthCheckPolicy .* \/AWS\.ALB\/healthcheck/],
    [503, AWS, /no healthy VCS gateway behind it \(HTTP 503\)$/, /\/AWS\.ALB\/healthcheck with gRPC status 12/],
    [504, NGINX, /no healthy VCS gateway behind it \(HTTP 504\)$/, /backend-protocol to GRPC/],
    [
      502,
      GOOGLE,
      /no healthy VCS gateway behind it \(HTTP 502\)$/,
      /vcs_gateway_healthcheck_manifest \| kubectl apply/,
    ],
    [404, NGINX, /does not route gRPC requests to the VCS gateway \(HTTP 404\)$/, /route the gateway’s host name/],
    [464, AWS, /target group behind .* does not accept gRPC \(HTTP 464\)$/, /protocol version .* gRPC/],
    [
      301,
      { location: 'https://login.corp.io/x' },
      /redirects gRPC requests to https:\/\/login\.corp\.io$/,
      /without a/,
    ],
    [302, { location: '/login' }, /returned HTTP 302, but no gRPC status$/, /see the log/],
    [401, {}, /rejects gRPC requests \(HTTP 401\)$/, /exempt the gateway/],
    [403, {}, /rejects gRPC requests \(HTTP 403\)$/, /exempt the gateway/],
    [415, NGINX, /does not accept gRPC requests \(HTTP 415\)$/, /enable gRPC/],
    [200, {}, /is a web server, not the VCS gateway \(HTTP 200\)$/, /SERVER_DOMAIN/],
    [500, {}, /returned HTTP 500, but no gRPC status$/, /see the log/],
    [200, { 'content-type': 'application/grpc' }, /responds to gRPC requests without a gRPC status$/, /trailers/],
  ])('%i %j', async (code, headers, title, fix) => {
    const address = await balancer(page(code, headers));
    expect(await judged(address)).toMatchObject({
      status: 'fail',
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
      evidence: { status: code },
    });
    expect(await judged(address, 'pre-install')).toMatchObject({
      status: 'skip',
      detail: expect.stringMatching(new RegExp(title.source.replace(/\$$/, '\\.$'))),
    });
  });

  test.each([
    ['gcp', /HealthCheckPolicy|healthcheck_manifest/],
    ['aws', /\/AWS\.ALB\/healthcheck/],
    ['azure', /nginx\.ingress/],
  ])('without a header, the fix is the one for the cloud of the installation: %s', async (cloud, fix) => {
    const found = await judged(await balancer(page(502)), 'post-install', { OBJECT_STORAGE_TYPE: cloud });
    expect(found.fix).toMatch(fix);
  });

  test('a page without end is not read to its end', async () => {
    const address = await balancer((stream) => {
      stream.respond({ ':status': 200, 'content-type': 'text/html' });
      stream.write('<html>');
    });
    expect((await judged(address)).title).toMatch(/is a web server/);
  });

  test('a proxy’s own gRPC status is not the gateway’s', async () => {
    const answer = (message: string) => (stream: ServerHttp2Stream) =>
      stream.respond(
        { 'content-type': 'application/grpc', 'grpc-status': '14', 'grpc-message': message },
        { endStream: true },
      );
    expect(await judged(await balancer(answer('no healthy upstream')))).toMatchObject({
      status: 'fail',
      title: expect.stringMatching(/no healthy VCS gateway behind it \(gRPC status 14\)$/),
    });
    expect((await judged(await balancer(answer('shutting down')))).status).toBe('pass');
  });
});

describe('what is no gateway has its own words', () => {
  const options = async () => ({ cert: certificate.chainPem, key: certificate.keyPem });
  const requiring = async () =>
    startTlsFront(await startSilent(), {
      ...(await options()),
      requestCert: true,
      ca: ca.certPem,
      ALPNProtocols: ['h2'],
    });
  const faults: [string, () => Promise<At>, RegExp, RegExp][] = [
    ['HTTP/1.1 alone', () => front(startHttp(), ['http/1.1']), /does not support HTTP\/2/, /enable HTTP\/2/],
    ['no ALPN', () => front(startHttp(), []), /does not support HTTP\/2/, /enable HTTP\/2/],
    [
      'h2 in front of HTTP/1.1',
      () => front(startHttp(400)),
      /negotiates HTTP\/2, but does not speak it$/,
      /forward HTTP/,
    ],
    [
      'the gateway’s own port',
      () => started(startVcsGateway()),
      /speaks gRPC without TLS$/,
      /not to GATEWAY_GRPC_PORT/,
    ],
    ['a plain web server', () => started(startHttp()), /does not speak TLS$/, /load balancer that terminates TLS/],
    ['SSH', () => started(startBanner('SSH-2.0-OpenSSH_9.6\r\n')), /does not speak TLS$/, /VCS_GATEWAY_ENDPOINT/],
    ['a closer', () => started(startCloser()), /closed the connection$/, /find out what listens/],
    ['a closer behind TLS', () => front(startCloser()), /closed the connection$/, /find out what listens/],
    ['nothing', refusedPort, /refused the connection$/, /VCS_GATEWAY_ENDPOINT/],
    ['another name', async () => wrong(['other.corp.io']), /is for other\.corp\.io, not for 127/, /./],
    [
      'no name',
      async () => ({ host: 'gateway.does-not-exist.invalid', port: 443 }),
      /does not resolve$/,
      /VCS_GATEWAY_ENDPOINT/,
    ],
    ['mutual TLS', () => started(requiring()), /requires one that was not sent$/, /do not require client certificates/],
    [
      'a reset stream',
      () => balancer((stream) => stream.close(constants.NGHTTP2_REFUSED_STREAM)),
      /ended the gRPC call without a status \(RST_STREAM REFUSED_STREAM\)$/,
      /see its log/,
    ],
    [
      'HTTP_1_1_REQUIRED',
      () => balancer((stream) => stream.close(constants.NGHTTP2_HTTP_1_1_REQUIRED)),
      /ended the gRPC call without a status \(RST_STREAM HTTP_1_1_REQUIRED\)$/,
      /forwards gRPC/,
    ],
    [
      'GOAWAY',
      () => balancer((stream) => stream.session?.goaway(constants.NGHTTP2_ENHANCE_YOUR_CALM)),
      /ended the gRPC call without a status \(GOAWAY ENHANCE_YOUR_CALM\)$/,
      /see its log/,
    ],
  ];
  async function wrong(names: string[]): Promise<At> {
    const issued = await ca.issue({ names });
    return started(startVcsGateway({ certificate: issued }));
  }

  test.each(faults)('%s', async (_, start, title, fix) => {
    const address = await start();
    const found = await judged(address);
    expect(found).toMatchObject({
      status: 'fail',
      title: expect.stringMatching(title),
      fix: expect.stringMatching(fix),
    });
    expect((await judged(address, 'pre-install')).status).toBe('skip');
  });

  test.each<[string, () => Promise<At>]>([
    ['after the connection', () => started(startSilent())],
    ['after TLS', () => front(startSilent())],
    ['after its first frames', () => balancer(() => {})],
  ])('silent %s', async (_, start) => {
    const found = await judged(await start(), 'post-install', {}, { timeoutMs: 1000 });
    expect(found.title).toMatch(/did not finish within 1 s|got no response within/);
  });

  test('through a proxy that refuses', async () => {
    const proxy = await startConnectProxy(() => undefined, { refuse: 403 });
    onTestFinished(proxy.close);
    const address = { host: 'gateway.corp.invalid', port: 443 };
    const found = await judged(address, 'post-install', { HTTPS_PROXY: proxy.url });
    expect(found).toMatchObject({ status: 'fail', title: expect.stringContaining('(HTTP 403)') });
  });
});
