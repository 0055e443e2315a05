/**
 * Which requests go through which proxy, against the library that decides it for Go's clients.
 *
 * Not compared: an IPv6 address of a proxy without brackets, which depends on the version of Go; and a proxy that is none, for
 * which Go connects directly without a message, and this tool connects to nothing.
 */
import { isIP } from 'node:net';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { entriesIn, uselessnessOf } from '../../src/config/no-proxy.ts';
import { proxyFor } from '../../src/net/proxy.ts';
import { unbracketed } from '../../src/net/tcp.ts';
import { CheckStopped } from '../../src/outcome/outcome.ts';
import { generated } from './generated.ts';
import { type LineProgram, startLines } from './line-program.ts';

let go: LineProgram;
beforeAll(() => {
  go = startLines('proxy');
});
afterAll(() => go.stop());

type Environment = Readonly<Record<string, string>>;

interface Answer {
  readonly proxies: readonly (string | null)[];
  readonly valid: Readonly<Record<'HTTPS_PROXY' | 'HTTP_PROXY', boolean>>;
}

const ask = async (environment: Environment, urls: readonly Target[]): Promise<Answer> =>
  JSON.parse(await go.ask(JSON.stringify({ environment, urls: urls.map(({ url }) => url) })));

interface Target {
  readonly url: string;
  readonly host: string;
  readonly port: number;
  readonly secure: boolean;
}

const HOSTS = [
  ...['corp.io', 'db.corp.io', 'a.db.corp.io', 'notcorp.io', 'Corp.IO', 'minio', 'otel.observability.svc', 'x.svc.'],
  ...['localhost', 'LOCALHOST', 'localhost.localdomain', '127.0.0.1', '127.8.8.8', '[::1]', '[::ffff:127.0.0.1]'],
  ...['10.0.0.7', '10.1.2.3', '11.1.2.3', '010.0.0.7', '0.0.0.0', '192.168.1.20', '169.254.169.254', '10.1'],
  ...[
    '[fd00::7]',
    '[FD00:0::7]',
    '[fe80::1%25eth0]',
    '[::ffff:10.0.0.7]',
    '[2001:db8::1]',
    'bücher.example',
    'a_b.corp.io',
  ],
] as const;
const PORTS = ['', ':80', ':443', ':8080', ':9000', ':0443'] as const;

const target = fc
  .record({
    scheme: fc.constantFrom('http', 'https'),
    host: fc.constantFrom(...HOSTS),
    port: fc.constantFrom(...PORTS),
  })
  // Clients print a port as a number.
  .filter(({ port }) => port !== ':0443')
  .map(({ scheme, host, port }): Target => {
    const secure = scheme === 'https';
    const given = Number(port.slice(1));
    return {
      url: `${scheme}://${host}${port}/path`,
      host: unbracketed(host).replace('%25', '%'),
      port: given || (secure ? 443 : 80),
      secure,
    };
  });

const BASES = [
  ...HOSTS,
  ...[
    'io',
    'svc',
    'svc.cluster.local',
    'fd00::7',
    '::1',
    'fe80::1%eth0',
    'fd00:0::7',
    '::ffff:10.0.0.7',
    'xn--bcher-kva.example',
  ],
  ...[
    '10.0.0.0/8',
    '10.0.0.0/08',
    '10.0.0.0/33',
    '10/8',
    '010.0.0.0/8',
    '0.0.0.0/0',
    '::/0',
    'fd00::/8',
    '::ffff:10.0.0.0/104',
  ],
  ...['::ffff:10.0.0.0/64', '10.', '10.*', '192.168', '10.0.0.0-10.0.0.9', '*', '', '.', '..', 'corp..io'],
] as const;
const entry = fc
  .record({
    before: fc.constantFrom('', '', '', '.', '*.', '*', ' ', 'https://', 'http://', '..'),
    base: fc.constantFrom(...BASES),
    after: fc.constantFrom('', '', '', ':443', ':80', ':9000', ':', ':0443', ':https', '/', '/path', ' ', '.', '*'),
  })
  .map(({ before, base, after }) => `${before}${base}${after}`);
const noProxy = fc
  .tuple(fc.array(entry, { maxLength: 4 }), fc.constantFrom(',', ',', ', ', ' ', ';', ',,', '\n'))
  .map(([entries, separator]) => entries.join(separator));

const proxy = fc
  .record({
    scheme: fc.constantFrom('http://', 'https://', 'HTTP://', 'socks5://', '', '', '//', 'http:/', 'http:'),
    login: fc.constantFrom('', '', 'user:pass@', 'user@', 'u%40:p%2F@', 'u:p%zz@', 'u:p#s@'),
    host: fc.constantFrom(
      'proxy.corp.io',
      '10.0.0.1',
      '[fd00::1]',
      'proxy',
      '',
      'a proxy',
      'Proxy.corp.io',
      'localhost',
    ),
    port: fc.constantFrom('', ':3128', ':', ':99999', ':port', ':0'),
    path: fc.constantFrom('', '', '/', '/path'),
  })
  .map(({ scheme, login, host, port, path }) => `${scheme}${login}${host}${port}${path}`);

const name = (upper: string) => fc.constantFrom(upper, upper, upper.toLowerCase());
const environment = fc
  .tuple(
    fc.array(fc.tuple(fc.oneof(name('HTTPS_PROXY'), name('HTTP_PROXY')), fc.option(proxy, { nil: '' })), {
      maxLength: 3,
    }),
    fc.array(fc.tuple(name('NO_PROXY'), noProxy), { maxLength: 2 }),
  )
  .map(([proxies, exempt]): Environment => Object.fromEntries([...proxies, ...exempt]));

const DEFAULT_PORTS: Readonly<Record<string, string>> = { http: '80', https: '443', socks5: '1080' };

function ours(variables: Environment, { host, port, secure }: Target): string | null {
  try {
    const found = proxyFor(variables, { host, port, secure });
    if (found === undefined) return null;
    const scheme = found.protocol.slice(0, -1);
    return `${scheme} ${unbracketed(found.hostname)} ${found.port || DEFAULT_PORTS[scheme]}`;
  } catch (error) {
    if (error instanceof CheckStopped) return 'invalid';
    throw error;
  }
}

const PROXIES = { HTTPS_PROXY: 'http://secure:3128', HTTP_PROXY: 'http://plain:3128' };

test('the same requests go through the proxy', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(noProxy, { maxLength: 2 }),
      fc.array(target, { minLength: 1, maxLength: 12 }),
      async (lists, urls) => {
        const variables = { ...PROXIES, NO_PROXY: lists.join(',') };
        const { proxies } = await ask(variables, urls);
        expect(urls.map((url) => ours(variables, url))).toEqual(proxies);
      },
    ),
    generated(6_000),
  );
});

test('the same proxy is used, if there is one that is valid', async () => {
  await fc.assert(
    fc.asyncProperty(environment, fc.array(target, { minLength: 1, maxLength: 6 }), async (variables, urls) => {
      const { proxies, valid } = await ask(variables, urls);
      const expected = urls.map(({ secure }, index) => {
        const one = secure ? 'HTTPS_PROXY' : 'HTTP_PROXY';
        const isSet = Boolean(variables[one] || variables[one.toLowerCase()]);
        return isSet && !valid[one] ? 'not valid' : proxies[index]?.toLowerCase();
      });
      const found = urls.map((url, index) =>
        expected[index] === 'not valid' ? 'not valid' : (ours(variables, url)?.toLowerCase() ?? null),
      );
      expect(found).toEqual(expected.map((one) => one ?? null));
    }),
    generated(4_000),
  );
});

test('an entry that is said to exempt nothing exempts nothing', async () => {
  await fc.assert(
    fc.asyncProperty(noProxy, fc.array(target, { minLength: 1, maxLength: 12 }), async (list, urls) => {
      // No host has a name of digits alone, but Go compares the texts.
      const named = urls.filter(({ host }) => isIP(host) !== 0 || /[a-z]/i.test(host));
      const useless = entriesIn(list).filter((one) => uselessnessOf(one) !== undefined);
      const { proxies } = await ask({ ...PROXIES, NO_PROXY: useless.join(',') }, named);
      const all = await ask(PROXIES, named);
      expect(proxies).toEqual(all.proxies);
    }),
    generated(4_000),
  );
});

test('what it is corrected to has entries that exempt something', () => {
  fc.assert(
    fc.property(noProxy, (list) => {
      for (const one of entriesIn(list)) {
        const corrected = uselessnessOf(one)?.corrected;
        if (corrected === undefined) continue;
        const entries = entriesIn(corrected);
        expect(entries.length).toBeGreaterThan(0);
        expect(entries.filter((part) => uselessnessOf(part) !== undefined)).toEqual([]);
      }
    }),
    generated(4_000),
  );
});
