import { beforeAll, expect, onTestFinished, test } from 'vitest';
import { network } from '../../../checks/network/index.ts';
import {
  DOCUMENT,
  healthyPages,
  json,
  KEYS,
  type OidcIssuer,
  type Page,
  startOidcIssuer,
} from '../../services/oidc-issuer.ts';
import { refusedPort } from '../../services/tcp.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { type Options, preflight, type Variables } from '../../support/preflight.ts';

let ca: CertificateAuthority;
beforeAll(async () => {
  ca = await makeCa({ name: 'Corp CA' });
});

async function start(change: (url: string) => Readonly<Record<string, Page>> = () => ({})): Promise<OidcIssuer> {
  const { chainPem, keyPem } = await ca.issue({ names: ['localhost'] });
  const issuer = await startOidcIssuer({ cert: chainPem, key: keyPem }, (url) => ({
    ...healthyPages(url),
    ...change(url),
  }));
  onTestFinished(issuer.close);
  return issuer;
}

async function check(variables: Variables, options: Options = {}) {
  const { finding } = await preflight(
    [network],
    { SERVER_DOMAIN: 'localhost', ...variables },
    { phase: 'post-install', authorities: ca.certPem, only: ['network/oidc'], ...options },
  );
  return finding('network/oidc');
}
const at = ({ url }: OidcIssuer, path = ''): Variables => ({ FEDERATION_CUSTOM_ISSUER: `${url}${path}` });

test('an issuer that publishes its document and its keys passes, without any credentials', async () => {
  const issuer = await start();
  expect(await check(at(issuer))).toMatchObject({ status: 'pass', title: `${issuer.url}${KEYS} contains 1 key` });
  expect(issuer.log).toEqual([DOCUMENT, KEYS].map((path) => ({ path, authorized: false })));
});

test('an issuer with a path has its document below that path', async () => {
  const issuer = await start((url) => ({
    [`/spacelift${DOCUMENT}`]: json({ issuer: `${url}/spacelift`, jwks_uri: `${url}${KEYS}` }),
  }));
  expect(await check(at(issuer, '/spacelift'))).toMatchObject({ status: 'pass' });
});

test('keys at an address of their own', async () => {
  const keys = await start();
  const issuer = await start((url) => ({ [DOCUMENT]: json({ issuer: url, jwks_uri: `${keys.url}${KEYS}` }) }));
  const both = { ...at(issuer), FEDERATION_CUSTOM_JWKS_URI: `${keys.url}${KEYS}` };
  expect(await check(both)).toMatchObject({ status: 'pass' });
  expect(await check({ FEDERATION_CUSTOM_JWKS_URI: `${keys.url}${KEYS}` })).toMatchObject({ status: 'pass' });
  keys.log.length = 0;
  expect(await check(at(issuer))).toMatchObject({ status: 'skip', title: expect.stringContaining('does not name') });
  expect(keys.log).toEqual([]);
});

/** What the issuer serves instead, and what is said of it; `$` stands for its URL. */
const WRONG: readonly [string, (url: string) => Readonly<Record<string, Page>>, string][] = [
  [
    'a slash',
    (url) => ({ [DOCUMENT]: json({ issuer: `${url}/`, jwks_uri: `${url}${KEYS}` }) }),
    'FEDERATION_CUSTOM_ISSUER is $, but its discovery document names $/',
  ],
  [
    'another issuer',
    (url) => ({ [DOCUMENT]: json({ issuer: 'https://other.io', jwks_uri: `${url}${KEYS}` }) }),
    'FEDERATION_CUSTOM_ISSUER is $, but its discovery document names https://other.io',
  ],
  ['no issuer', () => ({ [DOCUMENT]: json({}) }), `$${DOCUMENT} contains no issuer`],
  ['a list', () => ({ [DOCUMENT]: json(['a']) }), `$${DOCUMENT} contains no issuer`],
  [
    'no keys’ address',
    (url) => ({ [DOCUMENT]: json({ issuer: url }) }),
    `$${DOCUMENT} contains no jwks_uri with https://`,
  ],
  [
    'keys without TLS',
    (url) => ({ [DOCUMENT]: json({ issuer: url, jwks_uri: 'http://localhost/' }) }),
    `$${DOCUMENT} contains no jwks_uri with https://`,
  ],
  ['a web page', () => ({ [DOCUMENT]: { body: '<html>' } }), `$${DOCUMENT} is not JSON`],
  ['a login', () => ({ [DOCUMENT]: { status: 401, body: '' } }), `$${DOCUMENT} is not public (HTTP 401)`],
  [
    'a redirect',
    () => ({ [DOCUMENT]: { status: 302, headers: { location: 'https://login.corp.io/' }, body: '' } }),
    `$${DOCUMENT} redirects to https://login.corp.io`,
  ],
  ['nothing', () => ({ [DOCUMENT]: { status: 404, body: '' } }), `$${DOCUMENT} returned HTTP 404`],
  ['no server', () => ({ [DOCUMENT]: { status: 502, body: '' } }), `$${DOCUMENT} returned HTTP 502`],
  [
    'more than is read',
    (url) => ({ [DOCUMENT]: json({ issuer: url, more: 'x'.repeat(300_000) }) }),
    `$${DOCUMENT} is not JSON`,
  ],
  ['keys that are not there', () => ({ [KEYS]: { status: 404, body: '' } }), `$${KEYS} returned HTTP 404`],
  ['an empty key set', () => ({ [KEYS]: json({ keys: [] }) }), `$${KEYS} contains no keys`],
  ['keys that are none', () => ({ [KEYS]: json({ keys: [null, {}, { kty: 3 }] }) }), `$${KEYS} contains no keys`],
];
test.each(WRONG)('%s', async (_, change, says) => {
  const issuer = await start(change);
  const found = await check(at(issuer));
  expect(found).toMatchObject({ status: 'fail', title: says.replaceAll('$', issuer.url) });
  expect(found.fix).toBeDefined();
});

test('another address of the keys than the document names', async () => {
  const issuer = await start();
  const found = await check({ ...at(issuer), FEDERATION_CUSTOM_JWKS_URI: `${issuer.url}/keys` });
  expect(found).toMatchObject({ status: 'fail', title: expect.stringContaining('but the discovery document names') });
});

test('a server that refuses', async () => {
  const { port, close } = await refusedPort();
  onTestFinished(close);
  const found = await check({ FEDERATION_CUSTOM_ISSUER: `https://localhost:${port}` });
  expect(found).toMatchObject({ status: 'fail', title: `localhost:${port} refused the connection` });
});

test('before installation, nothing is contacted', async () => {
  const issuer = await start();
  expect(await check(at(issuer), { phase: 'pre-install' })).toMatchObject({ status: 'skip' });
  expect(issuer.log).toEqual([]);
});

test('a server never chooses what is contacted with a login', async () => {
  const issuer = await start((url) => ({
    [DOCUMENT]: json({ issuer: url, jwks_uri: `${url.replace('://', '://user:pass@')}${KEYS}` }),
  }));
  expect(await check(at(issuer))).toMatchObject({ status: 'fail' });
  expect(issuer.log.map(({ path }) => path)).toEqual([DOCUMENT]);
});

test.each([
  'https://id.corp.io/?a=b',
  'https://id.corp.io/#a',
  'https://u:p@id.corp.io',
  'https://',
  'http://id.corp.io',
])('an issuer is no %s', async (url) => {
  const { configuration } = await import('../../../checks/configuration/index.ts');
  const { ids } = await preflight(
    [configuration],
    { FEDERATION_CUSTOM_ISSUER: url },
    { only: ['configuration/value'] },
  );
  expect(ids('fail')).toEqual(['configuration/value[FEDERATION_CUSTOM_ISSUER]']);
});
