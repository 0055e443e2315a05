import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, onTestFinished, test } from 'vitest';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startBanner, startCloser, startHttp } from '../../services/tcp.ts';
import { startDatadogAgent } from '../../services/telemetry.ts';
import type { Variables } from '../../support/preflight.ts';
import { only, run, started } from './support.ts';

const datadog = (more: Variables) => ({ OBSERVABILITY_VENDOR: 'Datadog', ...more });
const url = (port: number) => datadog({ DD_TRACE_AGENT_URL: `http://127.0.0.1:${port}` });
const judged = async (...args: Parameters<typeof run>) => only(await run(...args), 'datadog');

describe('an agent that is there', () => {
  test('is asked for its description and nothing else', async () => {
    const { port, log } = await started(startDatadogAgent());
    const { finding } = await judged(datadog({ DD_AGENT_HOST: 'localhost', DD_TRACE_AGENT_PORT: String(port) }));
    expect(finding).toMatchObject({ status: 'pass', title: `Datadog agent 7.71.1 at localhost:${port}` });
    expect(log).toEqual(['GET /info']);
  });
  test('is found by its URL, which beats the host', async () => {
    const { port } = await started(startDatadogAgent());
    const found = await judged({ ...url(port), DD_AGENT_HOST: 'nowhere.invalid' });
    expect(found.status).toBe('pass');
  });
  test('is found by its socket', async () => {
    const directory = await mkdtemp(join(tmpdir(), 'datadog-'));
    onTestFinished(() => rm(directory, { recursive: true }));
    await started(startDatadogAgent({ socketPath: `${directory}/apm.socket` }));
    const variables = datadog({ DD_TRACE_AGENT_URL: `unix://${directory}/apm.socket` });
    expect((await judged(variables, { from: 'the environment' })).status).toBe('pass');
    // A file's is a path in Spacelift's container.
    const { finding } = await judged(variables);
    expect(finding).toMatchObject({
      status: 'skip',
      title: expect.stringContaining('a socket in Spacelift’s container'),
    });
  });
  test('says whether DogStatsD refuses, and passes either way', async () => {
    const { port } = await started(startDatadogAgent());
    const { finding } = await judged(datadog({ DD_AGENT_HOST: '127.0.0.1', DD_TRACE_AGENT_PORT: String(port) }));
    expect(finding.status).toBe('pass');
    expect(finding.detail === undefined).toBe(finding.evidence.dogstatsd === 'not refused');
  });
  test('through the proxy of the environment, and not when NO_PROXY exempts it', async () => {
    const { port } = await started(startDatadogAgent());
    const proxy = await started(startConnectProxy(() => undefined));
    const variables = datadog({ DD_TRACE_AGENT_URL: `http://agent.corp.invalid:${port}`, HTTP_PROXY: proxy.url });
    expect((await judged(variables)).finding).toMatchObject({
      status: 'fail',
      detail: expect.stringContaining('through the proxy'),
      fix: 'add agent.corp.invalid to NO_PROXY',
    });
    expect(proxy.asked).toEqual([`agent.corp.invalid:${port}`]);
    // What is on this machine never goes through a proxy.
    expect((await judged({ ...url(port), HTTP_PROXY: proxy.url })).status).toBe('pass');
    expect(proxy.asked).toHaveLength(1);
  });
});

describe('something else answers: a failure in either phase', () => {
  test.each([
    ['an HTTP server', () => startHttp(404, 'not found')],
    ['a page for every path', () => startHttp(200, '<html>hello</html>')],
    ['another JSON', () => startHttp(200, '{"version":"1.0"}')],
    ['an SSH server', () => startBanner('SSH-2.0-OpenSSH_9.6\r\n')],
  ])('%s', async (_, start) => {
    const { port } = await started<{ port: number; close(): Promise<void> }>(start());
    expect((await judged(url(port))).status).toBe('fail');
  });
});

describe('an agent that is not there', () => {
  test('on loopback, from a file: a sidecar', async () => {
    const { port } = await refusedPort();
    const { finding } = await judged(url(port), { phase: 'post-install' });
    expect(finding).toMatchObject({ status: 'skip', title: expect.stringContaining('a sidecar') });
  });
  test('a socket, from a file: in the task', async () => {
    const found = await judged(datadog({ DD_TRACE_AGENT_URL: 'unix:///var/run/datadog/not-here.socket' }));
    expect(found.status).toBe('skip');
  });
  test('from the environment: judged by phase', async () => {
    const { port } = await refusedPort();
    const before = await judged(url(port), { from: 'the environment' });
    expect(before.finding).toMatchObject({ status: 'warn', title: `127.0.0.1:${port} refused the connection` });
    expect((await judged(url(port), { from: 'the environment', phase: 'post-install' })).status).toBe('fail');
  });
  test('that closes, or does not resolve: judged by phase', async () => {
    const { port } = await started(startCloser());
    for (const variables of [url(port), datadog({ DD_AGENT_HOST: 'agent.does-not-exist.invalid' })]) {
      expect((await judged(variables)).status).toBe('warn');
      expect((await judged(variables, { phase: 'post-install' })).status).toBe('fail');
    }
  });
});
