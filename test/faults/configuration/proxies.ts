/** Proxies in the config: written for a program that is less strict than Spacelift. */
import { config } from '../arrange.ts';
import type { Fault } from '../fault.ts';

const wrong = (what: string, variable: string, value: string, says: RegExp): Fault => ({
  name: `${variable} ${what}`,
  arrange: config(() => ({ [variable]: value })),
  fail: [`configuration/${/\s$/.test(value) ? 'whitespace' : 'value'}[${variable}]`],
  says,
});

const NO_SCHEME = /^HTTPS?_PROXY is not a proxy URL\nIt has no scheme: Spacelift’s services can fail to start\.$/im;

const PROXY = { HTTPS_PROXY: 'http://proxy.corp.internal:3128' };
/** Nothing is behind the proxy in these, so that nothing else depends on the entry. */
const ALL = '.spacelift.test,127.0.0.0/8';

const useless = (what: string, entry: string, why: RegExp, variable = 'NO_PROXY'): Fault => ({
  name: `NO_PROXY with ${what}`,
  arrange: config(() => ({ ...PROXY, [variable]: `${ALL},${entry}` })),
  warn: [`configuration/no-proxy[${variable}]`],
  says: new RegExp(
    `^${variable} contains "[^"]+", which exempts nothing\\nRequests to it go through the proxy\\. ${why.source}`,
    'm',
  ),
});

export const PROXIES: readonly Fault[] = [
  wrong('without a scheme', 'HTTPS_PROXY', 'proxy.corp.internal:3128', NO_SCHEME),
  wrong('that is an address', 'HTTP_PROXY', '10.1.2.3:3128', NO_SCHEME),
  wrong('with a login and no scheme', 'HTTPS_PROXY', 'user:hunter22@proxy.corp.internal:3128', NO_SCHEME),
  wrong('in lower case without a scheme', 'https_proxy', 'proxy.corp.internal', NO_SCHEME),
  wrong('in lower case with one slash', 'http_proxy', 'http:/proxy.corp.internal:3128', NO_SCHEME),
  wrong('with a port that is none', 'HTTPS_PROXY', 'http://proxy.corp.internal:31280000', /^Its port is not a number/m),
  wrong('of another type', 'HTTPS_PROXY', 'ftp://proxy.corp.internal:21', /^Go has no proxies of the type ftp\.$/m),
  wrong('with a # in the password', 'HTTPS_PROXY', 'http://u:hun#ter2@proxy.corp.internal:3128', /percent-encoded/),
  wrong('with a / in the password', 'HTTPS_PROXY', 'http://u:hun/ter2@proxy.corp.internal:3128', /percent-encoded/),
  wrong('with a % in the password', 'HTTPS_PROXY', 'http://u:100%sure@proxy.corp.internal:3128', /percent-encoded/),
  wrong('with a line break at the end', 'HTTPS_PROXY', 'http://proxy.corp.internal:3128\n', /ends with a newline$/m),
  useless('spaces', 'localhost .svc .corp.internal', /Entries are separated by commas, and by nothing else\.$/),
  useless('semicolons', 'minio.corp.internal;10.0.0.0/8', /Entries are separated by commas/),
  useless('a scheme', 'https://minio.corp.internal', /An entry has no scheme\.$/),
  useless('a scheme and a port', 'http://minio.corp.internal:9000/', /An entry has no scheme\.$/),
  useless('a path', 'registry.corp.internal/v2/', /An entry has no path\.$/),
  useless('a range that is none', '10.0.0.0/33', /Its range is not valid\.$/),
  useless('a part of an address', '10.', /It is neither an IP address nor a range/),
  useless('a wildcard for addresses', '10.*', /It is neither an IP address nor a range/),
  useless('a wildcard inside a name', 'minio-*.corp.internal', /A \* can only be alone/),
  useless('brackets', '[fd00::7]', /An address without a port has no brackets\.$/),
  useless('a port that is none', 'minio.corp.internal:https', /Its port is not a number\.$/),
  useless('a port alone', ':9000', /It has no host\.$/, 'no_proxy'),
  {
    name: 'NO_PROXY with everything that Go reads',
    arrange: config(() => ({
      ...PROXY,
      NO_PROXY:
        'localhost, .svc,.cluster.local ,*.corp.internal,minio.corp.internal:9000,10.0.0.7,10.0.0.8:443,10.0.0.0/8,fd00::/8,::1,[fd00::7]:443,bücher.example,_tcp.corp.internal,',
    })),
  },
  {
    name: 'NO_PROXY with spaces, but no proxy',
    arrange: config(() => ({ NO_PROXY: 'localhost .svc .corp.internal' })),
  },
  {
    name: 'proxies of every kind that Go knows',
    arrange: config(() => ({
      HTTPS_PROXY: 'http://user:p%40ss@proxy.corp.internal:3128/',
      HTTP_PROXY: 'HTTPS://[fd00::7]:3129',
      https_proxy: 'socks5://10.1.2.3',
      NO_PROXY: '.corp.internal,10.0.0.0/8',
    })),
  },
];
