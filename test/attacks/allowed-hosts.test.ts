/** Where the caller's credentials may go, by who named the host and what was allowed. */
import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { isAwsHost } from '../../src/clouds/aws/endpoints.ts';
import { maySendTo } from '../../src/clouds/credentials.ts';
import { allowedHost } from '../../src/config/credentials-options.ts';
import { DEFAULTS } from '../../src/config/options.ts';

interface Parties {
  readonly owner: 'process' | 'config';
  readonly party: 'process' | 'config';
}

describe('where credentials may go', () => {
  const isProviders = (host: string) => isAwsHost('KMS', host);
  const goes = (url: string, allowed: readonly string[] = [], more: Partial<Parties> = {}) => {
    const { owner = 'process', party = 'config' } = more;
    const options = { ...DEFAULTS, allowCredentialsTo: allowed };
    return maySendTo({ options }, owner, { url: new URL(url), party, setting: 'AWS_ENDPOINT_URL', isProviders });
  };

  test.each([
    ['https://kms.eu-west-1.amazonaws.com', true],
    ['https://kms.eu-west-1.amazonaws.com:443/path?query', true],
    ['HTTPS://KMS.EU-WEST-1.AMAZONAWS.COM', true],
    ['http://kms.eu-west-1.amazonaws.com', false],
    ['https://kms.eu-west-1.amazonaws.com:8443', false],
    ['https://kms.eu-west-1.amazonaws.com@evil.test', false],
    ['https://kms.eu-west-1.amazonaws.com:443@evil.test', false],
    ['https://kms.eu-west-1.amazonaws.com%2eevil.test', false],
    ['https://evil.test/kms.eu-west-1.amazonaws.com', false],
    ['https://evil.test#kms.eu-west-1.amazonaws.com', false],
    ['https://evil.test\\@kms.eu-west-1.amazonaws.com', false],
    ['https://kms.eu-west-1.amazonaws.com./', false],
    ['ftp://kms.eu-west-1.amazonaws.com', false],
  ])('%s: %s', (url, expected) => expect(goes(url)).toBe(expected));

  it('the config’s own go where it says, and the caller’s where the caller says', () => {
    expect(goes('http://evil.test', [], { owner: 'config' })).toBe(true);
    expect(goes('http://localstack:4566', [], { party: 'process' })).toBe(true);
  });

  test.each([
    ['https://store.corp.test', ['store.corp.test'], true],
    ['https://store.corp.test:443', ['store.corp.test:443'], true],
    ['https://store.corp.test:9000', ['store.corp.test:9000'], true],
    ['https://STORE.corp.test', ['store.corp.test'], true],
    ['https://store.corp.test:9000', ['store.corp.test'], false],
    ['https://store.corp.test', ['store.corp.test:9000'], false],
    ['https://a.store.corp.test', ['store.corp.test'], false],
    ['https://corp.test', ['store.corp.test'], false],
    ['https://store.corp.test.', ['store.corp.test'], false],
    ['https://store.corp.test@evil.test', ['store.corp.test'], false],
    ['http://store.corp.test', ['store.corp.test', 'store.corp.test:80'], false],
    ['http://127.0.0.1:4566', ['127.0.0.1:4566'], true],
    ['http://127.1:4566', ['127.0.0.1:4566'], true],
    ['http://127.0.0.1', ['127.0.0.1'], true],
    ['http://localhost:4566', ['127.0.0.1:4566'], false],
    ['http://127.0.0.1.evil.test:4566', ['127.0.0.1:4566', '127.0.0.1.evil.test:4566'], false],
    ['http://[::1]:4566', ['[::1]:4566'], true],
    ['https://[2001:db8::7]:9000', ['[2001:db8::7]:9000'], true],
    ['https://[2001:db8::7]:9000', ['[2001:db8::8]:9000'], false],
    ['http://[2001:db8::7]:9000', ['[2001:db8::7]:9000'], false],
    ['http://169.254.169.254', ['169.254.169.254'], false],
  ])('%s when %j is allowed: %s', (url, allowed, expected) => expect(goes(url, allowed)).toBe(expected));

  it('is exactly what is allowed, for every two names', () => {
    const label = fc.stringMatching(/^[a-z][a-z0-9]{0,6}$/);
    const name = fc.array(label, { minLength: 1, maxLength: 3 }).map((labels) => labels.join('.'));
    const port = fc.option(fc.integer({ min: 1, max: 65_535 }), { nil: undefined });
    const place = fc.record({ name, port });
    const text = ({ name: host, port: at }: { name: string; port: number | undefined }) =>
      at === undefined ? host : `${host}:${at}`;
    fc.assert(
      fc.property(place, place, (one, other) => {
        const allowed = allowedHost(text(one).toUpperCase());
        expect(allowed).toBe(text(one));
        const same = one.name === other.name && (one.port ?? 443) === (other.port ?? 443);
        expect(goes(`https://${text(one)}`, [text(one)])).toBe(true);
        expect(goes(`https://${text(other)}`, [allowed ?? ''])).toBe(same);
      }),
    );
  });

  test.each([
    'https://store.corp.test',
    'store.corp.test/',
    'store.corp.test:0',
    'store.corp.test:65536',
    '*.corp.test',
    '*',
    '.corp.test',
    'corp.test.',
    'user@store.corp.test',
    'store.corp.test:9000:1',
    'a b',
    'a\n',
    '',
    '[::1',
    '::1',
  ])('%j can’t be allowed', (given) => expect(allowedHost(given)).toBeUndefined());
});
