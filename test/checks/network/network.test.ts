import { describe, expect, onTestFinished, test } from 'vitest';
import { network } from '../../../checks/network/index.ts';
import { startConnectProxy } from '../../services/connect-proxy.ts';
import { refusedPort, startCloser, startHttp } from '../../services/tcp.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

const DOMAIN = { SERVER_DOMAIN: 'localhost' };
const UNKNOWN = { SERVER_DOMAIN: 'spacelift.does-not-exist.invalid' };
const run = (variables: Variables, options: Options = {}) =>
  preflight([network], variables, { phase: 'pre-install', ...options });

async function http(...args: Parameters<typeof startHttp>): Promise<string> {
  const { host, port, close } = await startHttp(...args);
  onTestFinished(close);
  return `http://${host}:${port}`;
}

describe('which rules apply', () => {
  const all = { ...DOMAIN, VCS_GATEWAY_ENDPOINT: 'gateway.invalid:443', SPACELIFT_PUBLIC_API: 'https://api.invalid' };
  test.each([
    [undefined, ['server-domain', 'certificate', 'webhooks', 'vcs-gateway', 'public-api']],
    ['server', ['server-domain', 'certificate', 'webhooks', 'vcs-gateway']],
    ['drain', ['server-domain', 'certificate', 'vcs-gateway', 'public-api']],
    ['scheduler', ['server-domain', 'certificate', 'vcs-gateway']],
    ['vcs-gateway', ['server-domain', 'certificate', 'vcs-gateway']],
    ['worker', ['server-domain', 'certificate', 'server', 'vcs-gateway']],
  ] as const)('%s', async (service, rules) => {
    const { findings } = await run(all, { only: ['nothing'], ...(service !== undefined && { service }) });
    expect(findings.map(({ id }) => id)).toEqual(rules.map((rule) => `network/${rule}`));
  });
  test('what is not configured is not looked at', async () => {
    const { findings } = await run(DOMAIN);
    expect(findings.map(({ id }) => id)).toEqual(['network/server-domain', 'network/certificate', 'network/webhooks']);
  });
});

describe('server-domain', () => {
  const only = { only: ['network/server-domain'] };
  test('a name that resolves passes in either phase', async () => {
    for (const phase of ['pre-install', 'post-install'] as const) {
      const { finding } = await run(DOMAIN, { ...only, phase });
      expect(finding('network/server-domain')).toMatchObject({ status: 'pass', title: 'localhost resolves' });
    }
  });
  test('an IPv6 address is one', async () => {
    expect((await run({ SERVER_DOMAIN: '[::1]' }, only)).ids('pass')).toEqual(['network/server-domain']);
  });
  test('a name that is not there is a skip before installation, and a failure after it', async () => {
    const before = await run(UNKNOWN);
    expect(before.ids('skip')).toContain('network/server-domain');
    expect([...before.ids('fail'), ...before.ids('warn')]).toEqual([]);
    // One cause, one failure: certificate and webhooks depend on the name.
    const after = await run(UNKNOWN, { phase: 'post-install' });
    expect(after.ids('fail')).toEqual(['network/server-domain']);
    expect(after.ids('skip')).toEqual(['network/certificate', 'network/webhooks']);
  });
  test('a private name is not expected to resolve outside', async () => {
    const variables = { SERVER_DOMAIN: 'spacelift.does-not-exist.internal' };
    const result = await run(variables, { phase: 'post-install', from: 'outside' });
    expect(result.ids('fail')).toEqual([]);
  });
});

test('before installation nothing is expected to answer', async () => {
  const result = await run(DOMAIN);
  expect(result.ids('skip')).toEqual(['network/certificate', 'network/webhooks']);
});

describe('webhooks', () => {
  const judged = async (WEBHOOKS_ENDPOINT: string) => {
    const result = await run({ ...DOMAIN, WEBHOOKS_ENDPOINT }, { only: ['network/webhooks'], phase: 'post-install' });
    return result.finding('network/webhooks');
  };
  test.each([200, 301, 404, 405, 401])('%i passes', async (status) => {
    expect((await judged(`${await http(status)}/webhooks`)).status).toBe('pass');
  });
  test.each([500, 502, 503])('%i fails', async (status) => {
    const url = `${await http(status)}/webhooks`;
    expect(await judged(url)).toMatchObject({ status: 'fail', title: `${url} returned HTTP ${status}` });
  });
  test('one that refuses, or closes, fails', async () => {
    const { host, port } = await refusedPort();
    expect((await judged(`http://${host}:${port}/webhooks`)).title).toBe(`${host}:${port} refused the connection`);
    const closer = await startCloser();
    onTestFinished(closer.close);
    expect((await judged(`http://127.0.0.1:${closer.port}/webhooks`)).status).toBe('fail');
  });
});

describe('public-api', () => {
  const judged = async (SPACELIFT_PUBLIC_API: string, more: Variables = {}) => {
    const result = await run({ ...DOMAIN, SPACELIFT_PUBLIC_API, ...more }, { only: ['network/public-api'] });
    expect(result.ids('fail')).toEqual([]);
    return result.finding('network/public-api');
  };
  test('any answer passes', async () => {
    expect((await judged(await http(404))).status).toBe('pass');
  });
  test('none is a warning', async () => {
    expect(await judged('https://api.does-not-exist.invalid')).toMatchObject({
      status: 'warn',
      title: 'api.does-not-exist.invalid does not resolve',
      detail: expect.stringContaining('usage is not reported'),
    });
  });
  test('through the proxy of the environment, with its credentials', async () => {
    const port = Number(new URL(await http(200)).port);
    const credentials = 'user:a-long-password';
    const proxy = await startConnectProxy(() => port, { credentials });
    onTestFinished(proxy.close);
    const found = await judged('https://api.corp.invalid', {
      HTTPS_PROXY: proxy.url.replace('//', `//${credentials}@`),
    });
    expect(new Set(proxy.asked)).toEqual(new Set(['api.corp.invalid:443']));
    // The server at the tunnel's end speaks no TLS: that it was reached is what its words show.
    expect(found).toMatchObject({ status: 'warn', title: 'api.corp.invalid:443 does not speak TLS' });
    expect(JSON.stringify(found)).not.toContain('a-long-password');
    const direct = await judged(await http(200), { HTTP_PROXY: 'http://127.0.0.1:9' });
    expect(direct.status).toBe('pass');
  });
  test('a proxy that refuses, and one that is not there, are told apart', async () => {
    const proxy = await startConnectProxy(() => undefined, { credentials: 'user:a-long-password' });
    onTestFinished(proxy.close);
    const refusing = await judged('https://api.corp.invalid', { HTTPS_PROXY: proxy.url });
    expect(refusing).toMatchObject({ status: 'warn', fix: expect.stringContaining('proxy’s user name and password') });
    const { port } = await refusedPort();
    const absent = await judged('https://api.corp.invalid', { HTTPS_PROXY: `127.0.0.1:${port}` });
    expect(absent).toMatchObject({
      status: 'warn',
      title: `127.0.0.1:${port} refused the connection`,
      fix: expect.stringContaining('HTTPS_PROXY'),
    });
  });
});
