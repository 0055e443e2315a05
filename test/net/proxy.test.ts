import { describe, expect, test } from 'vitest';
import { proxyFor } from '../../src/net/proxy.ts';
import { ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';

const PROXIES = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3128' };
const via = (host: string, NO_PROXY = '', { port = 443, secure = true } = {}) =>
  proxyFor({ ...PROXIES, NO_PROXY }, { host, port, secure })?.hostname;

test('TLS takes HTTPS_PROXY, plain HTTP takes HTTP_PROXY', () => {
  expect(via('corp.io')).toBe('secure');
  expect(via('corp.io', '', { port: 80, secure: false })).toBe('plain');
});
test('lower-case names count, and empty values do not', () => {
  const target = { host: 'corp.io', port: 443, secure: true };
  expect(proxyFor({ https_proxy: 'http://lower:3128' }, target)?.hostname).toBe('lower');
  expect(proxyFor({ HTTPS_PROXY: '', https_proxy: 'lower:3128' }, target)?.host).toBe('lower:3128');
  expect(proxyFor({ HTTPS_PROXY: '' }, target)).toBeUndefined();
});
test.each(['http://proxy:99999', 'http://', 'a proxy', '//proxy:3128'])(
  '%j is no proxy: nothing is asked directly instead',
  (value) => {
    const target = { host: 'corp.io', port: 443, secure: true };
    expect(() => proxyFor({ HTTPS_PROXY: value }, target)).toThrow('HTTPS_PROXY is not a proxy URL');
    expect(proxyFor({ HTTPS_PROXY: value, NO_PROXY: 'corp.io' }, target)).toBeUndefined();
  },
);
test.each(['localhost', '127.0.0.1', '127.8.8.8', '[::1]'])('%s is never reached through one', (host) => {
  expect(via(host)).toBeUndefined();
});

describe('NO_PROXY as Go reads it', () => {
  test.each([
    ['*', 'corp.io', true],
    ['corp.io', 'corp.io', true],
    ['corp.io', 'db.corp.io', true],
    ['corp.io', 'notcorp.io', false],
    ['.corp.io', 'db.corp.io', true],
    ['.corp.io', 'corp.io', false],
    ['*.corp.io', 'db.corp.io', true],
    ['other.io, Corp.IO ,', 'DB.corp.io', true],
    ['corp.io:443', 'corp.io', true],
    ['corp.io:8443', 'corp.io', false],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.0/8', 'corp.io', false],
    ['fd00::/8', '[fd00::7]', true],
    ['fd00::/8', '10.0.0.1', false],
    ['10.0.0.7', '10.0.0.7', true],
    ['10.0.0.7:443', '10.0.0.7', true],
    ['10.0.0.7:80', '10.0.0.7', false],
    ['fd00::7', '[fd00:0::7]', true],
    ['[fd00::7]:443', '[fd00::7]', true],
    ['.svc,.cluster.local', 'otel.observability.svc', true],
    ['', 'corp.io', false],
    // Found by test/oracles/proxy.oracle.ts.
    ['[fd00::7]', '[fd00::7]', false],
    ['corp.io:', 'corp.io', true],
    ['corp.io:0443', 'corp.io', false],
    ['https://corp.io', 'corp.io', false],
    ['10/8', '10.1.2.3', false],
    ['010.0.0.0/8', '10.1.2.3', false],
    ['10.0.0.0/08', '10.1.2.3', true],
    ['::ffff:10.0.0.0/104', '10.1.2.3', true],
    ['::ffff:10.0.0.0/64', '10.1.2.3', false],
    ['fe80::1', '[fe80::1%eth0]', true],
    ['fe80::1%eth0', '[fe80::1%eth0]', false],
    ['.', 'otel.svc.', true],
    ['bücher.example', 'xn--bcher-kva.example', true],
    ['bücher.example/', 'bücher.example', false],
    ['*', 'LOCALHOST', true],
    ['', 'LOCALHOST', false],
  ])('%s and %s', (noProxy, host, exempt) => {
    expect(via(host, noProxy) === undefined).toBe(exempt);
  });
});

test.each([true, false])(
  'what is wrong with a proxy names the variable that it is in (without a tunnel: %s)',
  (plain) => {
    const problem = new ProxyError({ host: 'proxy.corp.io', port: 3128 }, 'refused', { plain });
    const { title, fix } = routeMessages(problem, {
      what: 'MinIO',
      host: 'minio.corp.io',
      port: 9000,
      setting: 'ENDPOINT',
    });
    expect(title).toBe('proxy.corp.io:3128 refused the connection');
    expect(fix?.text).toMatch(plain ? /\bin HTTP_PROXY\b/ : /\bin HTTPS_PROXY\b/);
  },
);
