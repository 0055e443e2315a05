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
