import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { status } from '@grpc/grpc-js';
import { beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { observability } from '../../../checks/observability/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { startOtlp, startOtlpHttp } from '../../services/otlp.ts';
import { refusedPort, startCloser, startHttp, startSilent } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { preflight, source, type Variables } from '../../support/preflight.ts';
import { only, run, started } from './support.ts';

const otel = (endpoint: string, more: Variables = {}) => ({
  OBSERVABILITY_VENDOR: 'OpenTelemetry',
  OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
  ...more,
});
const judged = async (...args: Parameters<typeof run>) => only(await run(...args), 'opentelemetry');

let ca: CertificateAuthority;
beforeAll(async () => {
  ca = await makeCa();
});
const certificate = () => ca.issue({ names: ['localhost'] });

describe('a collector that is there', () => {
  test('accepts a request without spans, and gets nothing else', async () => {
    const { port, requests } = await started(startOtlp());
    const result = await run(otel(`http://127.0.0.1:${port}`));
    expect(result.ids('pass')).toEqual(['address', 'opentelemetry', 'service-name'].map((id) => `observability/${id}`));
    expect(requests).toEqual([0]);
  });
  test.each(['http://localhost:PORT/', 'HTTP://localhost:PORT', ' http://localhost:PORT/v1/traces '])(
    'is found at %s',
    async (form) => {
      const { port } = await started(startOtlp());
      expect((await judged(otel(form.replace('PORT', String(port))))).status).toBe('pass');
    },
  );
  test('over IPv6', async () => {
    const { port } = await started(startOtlp({ at: '[::1]:0' }));
    expect((await judged(otel(`http://[::1]:${port}`))).status).toBe('pass');
  });
  test('over a socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'otlp-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await started(startOtlp({ at: `unix:${directory}/otlp.sock` }));
    const variables = otel(`unix://${directory}/otlp.sock`);
    expect((await judged(variables, { from: 'the environment' })).status).toBe('pass');
    expect((await judged(variables)).status).toBe('skip');
  });
  test('the endpoint of the traces beats the general one', async () => {
    const { port } = await started(startOtlp());
    const variables = otel('http://nowhere.invalid:4317', {
      OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `http://127.0.0.1:${port}`,
    });
    expect((await judged(variables)).status).toBe('pass');
  });
  test('over TLS from a trusted authority', async () => {
    const { port } = await started(startOtlp({ certificate: await certificate() }));
    const found = await judged(otel(`https://localhost:${port}`), { authorities: ca.certPem });
    expect(found.status).toBe('pass');
  });
  test('over TLS with the authority of its own variable', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'otlp-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await writeFile(`${directory}/ca.pem`, ca.certPem);
    const { port } = await started(startOtlp({ certificate: await certificate() }));
    const at = (path: string) => otel(`https://localhost:${port}`, { OTEL_EXPORTER_OTLP_CERTIFICATE: path });
    expect((await judged(at(`${directory}/ca.pem`), { from: 'the environment' })).status).toBe('pass');
    // A file's is a path in Spacelift's container, whether there is such a file here or not.
    for (const path of [`${directory}/ca.pem`, '/only/in/the/container.pem']) {
      expect((await judged(at(path))).finding).toMatchObject({
        status: 'skip',
        fix: expect.stringContaining('--ca-file'),
      });
    }
  });
  test('with the headers that it asks for, URL-encoded', async () => {
    const { port } = await started(startOtlp({ authorization: 'Bearer a-long-token' }));
    const headers = { OTEL_EXPORTER_OTLP_HEADERS: 'x-scope=a, authorization=Bearer%20a-long-token' };
    expect((await judged(otel(`http://127.0.0.1:${port}`, headers))).status).toBe('pass');
  });
  test('through the proxy of the environment', async () => {
    const { port } = await started(startOtlp());
    const proxy = await started(startConnectProxy(() => port));
    const variables = otel('http://collector.corp.invalid:4317');
    expect((await judged({ ...variables, HTTPS_PROXY: proxy.url })).status).toBe('pass');
    expect(proxy.asked).toEqual(['collector.corp.invalid:4317']);
    const direct = await judged({ ...variables, HTTPS_PROXY: proxy.url, NO_PROXY: '.corp.invalid' });
    expect(direct.finding).toMatchObject({ status: 'warn', title: expect.stringContaining('does not resolve') });
  });
});

describe('a collector that takes no traces is a failure in either phase', () => {
  test('without the service of traces', async () => {
    const { port } = await started(startOtlp({ service: 'opentelemetry.proto.collector.logs.v1.LogsService' }));
    const { finding } = await judged(otel(`http://127.0.0.1:${port}`));
    expect(finding).toMatchObject({
      status: 'fail',
      title: `127.0.0.1:${port} speaks gRPC, but does not accept traces`,
    });
  });
  test('that requires credentials', async () => {
    const { port } = await started(startOtlp({ authorization: 'Bearer a-long-token' }));
    const at = `http://127.0.0.1:${port}`;
    expect((await judged(otel(at))).finding).toMatchObject({
      status: 'fail',
      title: expect.stringContaining('requires credentials'),
      fix: expect.stringContaining('OTEL_EXPORTER_OTLP_HEADERS'),
    });
    const wrong = await run(otel(at, { OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20another-token' }));
    expect(only(wrong, 'opentelemetry').finding.title).toContain('rejected the credentials');
    expect(JSON.stringify(wrong.findings)).not.toContain('another-token');
  });
  test('that speaks OTLP over HTTP only', async () => {
    const { port, requests } = await started(startOtlpHttp());
    expect((await judged(otel(`http://localhost:${port}`))).finding).toMatchObject({
      status: 'fail',
      title: `localhost:${port} accepts OTLP over HTTP only, but Spacelift sends it over gRPC`,
      fix: expect.stringContaining('http://localhost:4317'),
    });
    expect(requests).toEqual([0]);
  });
  test('that is another HTTP server', async () => {
    const { port } = await started(startHttp(200, 'hello'));
    expect((await judged(otel(`http://localhost:${port}`))).finding).toMatchObject({
      status: 'fail',
      title: expect.stringContaining('is an HTTP server'),
    });
  });
  test('that requires TLS', async () => {
    const { port } = await started(startOtlp({ certificate: await certificate() }));
    expect((await judged(otel(`http://localhost:${port}`))).finding).toMatchObject({
      status: 'fail',
      title: `localhost:${port} requires TLS`,
      fix: `set OTEL_EXPORTER_OTLP_ENDPOINT=https://localhost:${port}`,
    });
  });
  test('that speaks no TLS', async () => {
    const { port } = await started(startOtlp());
    expect((await judged(otel(`https://localhost:${port}`))).finding).toMatchObject({
      status: 'fail',
      title: `localhost:${port} does not speak TLS`,
      fix: `set OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:${port}`,
    });
  });
  test('whose authority is not trusted', async () => {
    const { port } = await started(startOtlp({ certificate: await certificate() }));
    expect((await judged(otel(`https://localhost:${port}`))).finding).toMatchObject({
      status: 'fail',
      title: expect.stringContaining('not trusted'),
    });
  });
});

describe('a collector that is not there', () => {
  test('on loopback, from a file: a sidecar', async () => {
    const { port } = await refusedPort();
    expect((await judged(otel(`http://127.0.0.1:${port}`), { phase: 'post-install' })).finding).toMatchObject({
      status: 'skip',
      title: expect.stringContaining('a sidecar'),
    });
  });
  test('on loopback, from the environment: judged', async () => {
    const { port } = await refusedPort();
    const at = otel(`http://127.0.0.1:${port}`);
    expect((await judged(at, { from: 'the environment' })).status).toBe('warn');
    expect((await judged(at, { from: 'the environment', phase: 'post-install' })).status).toBe('fail');
  });
  test.each([
    ['that does not resolve', 'http://collector.does-not-exist.invalid:4317'],
    ['that has no socket', 'unix:///does/not/exist.sock'],
  ])('%s', async (_, endpoint) => {
    expect((await judged(otel(endpoint), { from: 'the environment' })).status).toBe('warn');
    expect((await judged(otel(endpoint), { from: 'the environment', phase: 'post-install' })).status).toBe('fail');
  });
  test('that closes', async () => {
    const { port } = await started(startCloser());
    expect((await judged(otel(`http://127.0.0.1:${port}`))).finding).toMatchObject({
      status: 'warn',
      title: `127.0.0.1:${port} closed the connection`,
    });
  });
  test('behind a proxy in front of nothing', async () => {
    const { port } = await started(startOtlp({ answer: status.UNAVAILABLE }));
    const at = otel(`http://127.0.0.1:${port}`);
    expect((await judged(at)).finding).toMatchObject({ status: 'warn', evidence: { observed: 'gRPC status 14' } });
    expect((await judged(at, { phase: 'post-install' })).status).toBe('fail');
  });
  test('that stays silent', async () => {
    const { port } = await started(startSilent());
    expect((await judged(otel(`http://127.0.0.1:${port}`))).finding).toMatchObject({
      status: 'warn',
      title: `connected to 127.0.0.1:${port}, but got no response within 5 s`,
    });
  });
  test('in a private network, looked at from outside', async () => {
    const found = await judged(otel('http://otel.observability.svc:4317'), { place: 'outside', phase: 'post-install' });
    expect(found.status).toBe('skip');
  });
  test('behind a proxy that refuses', async () => {
    const proxy = await started(startConnectProxy(() => undefined, { refuse: 403 }));
    const at = otel('http://collector.corp.invalid:4317', { HTTPS_PROXY: proxy.url });
    expect((await judged(at)).finding).toMatchObject({
      status: 'warn',
      title: expect.stringMatching(/^the proxy 127\.0\.0\.1:\d+ refused to connect to .* \(HTTP 403\)$/),
      fix: expect.stringContaining('NO_PROXY'),
    });
  });
});

test('headers that are kept in a secret store are not known here', async () => {
  const { port } = await started(startOtlp({ authorization: 'Bearer a-long-token' }));
  const config = source(otel(`http://127.0.0.1:${port}`));
  const place = { service: 'all', origin: 'task.json (container server)' } as const;
  const headers = { name: 'OTEL_EXPORTER_OTLP_HEADERS', kind: 'secret', value: 'arn:aws:ssm:…', ...place } as const;
  const result = await preflight([observability], [{ ...config, entries: [...config.entries, headers] }]);
  expect(only(result, 'opentelemetry')).toMatchObject({
    status: 'skip',
    finding: { title: expect.stringContaining('OTEL_EXPORTER_OTLP_HEADERS is set') },
  });
});
