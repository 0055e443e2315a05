import { describe, expect, test } from 'vitest';
import { refusedPort } from '../../services/tcp.ts';
import { startXrayDaemon } from '../../services/telemetry.ts';
import { only, run, started } from './support.ts';

const xray = (address: string) => ({ OBSERVABILITY_VENDOR: 'AWS', AWS_XRAY_DAEMON_ADDRESS: address });
const judged = async (...args: Parameters<typeof run>) => only(await run(...args), 'xray');
const HEADER = '{"format": "json", "version": 1}\n';

describe('a daemon that is there', () => {
  test('gets the header without a segment', async () => {
    const { port, datagrams } = await started(startXrayDaemon());
    expect((await judged(xray(`127.0.0.1:${port}`))).finding).toMatchObject({
      status: 'pass',
      title: `X-Ray daemon at 127.0.0.1:${port}`,
    });
    expect(new Set(datagrams)).toEqual(new Set([HEADER]));
  });
  test('with two addresses, in either order', async () => {
    const [sampling, segments] = [await started(startXrayDaemon()), await started(startXrayDaemon({ tcp: false }))];
    const [tcp, udp] = [`tcp:localhost:${sampling.port}`, `udp:localhost:${segments.port}`];
    for (const address of [`${tcp} ${udp}`, `${udp} ${tcp}`]) {
      expect((await judged(xray(address))).status).toBe('pass');
    }
    expect(sampling.datagrams).toEqual([]);
  });
  test('without TCP: central sampling is disabled', async () => {
    const { port } = await started(startXrayDaemon({ tcp: false }));
    for (const phase of ['pre-install', 'post-install'] as const) {
      expect((await judged(xray(`127.0.0.1:${port}`), { phase })).finding).toMatchObject({
        status: 'warn',
        title: expect.stringContaining('central sampling is disabled'),
      });
    }
  });
});

describe('a daemon that is not there', () => {
  test('on loopback, from a file: a sidecar', async () => {
    const { port } = await refusedPort();
    expect((await judged(xray(`127.0.0.1:${port}`), { phase: 'post-install' })).status).toBe('skip');
  });
  test('on loopback, from the environment: judged by phase', async () => {
    const { port } = await refusedPort();
    const before = await judged(xray(`127.0.0.1:${port}`), { from: 'the environment' });
    expect(before.finding).toMatchObject({ status: 'warn', title: `127.0.0.1:${port} refused UDP` });
    const after = await judged(xray(`127.0.0.1:${port}`), { from: 'the environment', phase: 'post-install' });
    expect(after.status).toBe('fail');
  });
  test('that does not resolve: judged by phase', async () => {
    const variables = xray('xray.does-not-exist.invalid:2000');
    expect((await judged(variables)).status).toBe('warn');
    expect((await judged(variables, { phase: 'post-install' })).status).toBe('fail');
    expect((await judged(xray('xray.observability.svc:2000'), { place: 'outside' })).status).toBe('skip');
  });
});
