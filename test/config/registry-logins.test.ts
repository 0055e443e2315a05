/** Pull Secrets: which logins they contain, and which images each is for. */
import { describe, expect, test } from 'vitest';
import { type ImageReference, parseImage } from '../../src/config/image-reference.ts';
import { loginsFor, registryLoginsIn } from '../../src/config/registry-logins.ts';

const base64 = (text: string) => Buffer.from(text).toString('base64');
const loginsIn = (auths: unknown) => registryLoginsIn(JSON.stringify({ auths }), 'Secret regcred');
const only = (entry: unknown) => loginsIn({ 'registry.corp.io': entry })[0]?.credentials;

describe('an entry', () => {
  const password = { kind: 'password', username: 'robot', password: 'a:b' };
  test.each<[name: string, entry: unknown, credentials: unknown]>([
    ['with auth', { auth: base64('robot:a:b') }, password],
    ['with auth that Docker padded', { auth: base64('robot:a:b\0\0') }, password],
    ['with user name and password', { username: 'robot', password: 'a:b' }, password],
    ['with both: auth counts', { auth: base64('robot:a:b'), username: 'x', password: 'y' }, password],
    [
      'with an identity token',
      { auth: base64('robot:'), identitytoken: 'ey' },
      { kind: 'identity-token', token: 'ey' },
    ],
    ['with an identity token as password', { auth: base64('<token>:ey') }, { kind: 'identity-token', token: 'ey' }],
    ['with a registry token', { registrytoken: 'ey' }, { kind: 'registry-token', token: 'ey' }],
    ['without a password', { auth: base64('robot:') }, undefined],
    ['without anything', {}, undefined],
    ['with values of other types', { auth: 7, username: null }, undefined],
  ])('%s', (_, entry, credentials) => expect(only(entry)).toEqual(credentials));
});

test.each([
  ['not JSON', 'REDACTED'],
  ['null', 'null'],
  ['a list', '[]'],
  ['text in place of entries', '{"auths": "x"}'],
  ['entries that are none', '{"auths": {"registry.corp.io": "x"}}'],
])('%s has no logins', (_, json) => expect(registryLoginsIn(json, '')).toEqual([]));

test('the older type has its entries at the top', () => {
  const [login] = registryLoginsIn(JSON.stringify({ 'https://index.docker.io/v1/': { auth: base64('a:b') } }), '');
  expect(login).toMatchObject({ scope: 'index.docker.io', credentials: { username: 'a', password: 'b' } });
});

describe('which images an entry is for', () => {
  const covers = (scope: string, name: string) =>
    loginsFor(parseImage(name) as ImageReference, loginsIn({ [scope]: { auth: base64('a:b') } })).length > 0;
  test.each<[scope: string, image: string, is: boolean]>([
    ['registry.corp.io', 'registry.corp.io/launcher', true],
    ['https://registry.corp.io', 'registry.corp.io/launcher', true],
    ['https://registry.corp.io/v2/', 'registry.corp.io/launcher', true],
    ['Registry.Corp.IO', 'registry.corp.io/launcher', true],
    ['registry.corp.io/team', 'registry.corp.io/team/launcher', true],
    ['registry.corp.io/team', 'registry.corp.io/other/launcher', false],
    ['registry.corp.io:5000', 'registry.corp.io:5000/launcher', true],
    ['registry.corp.io', 'registry.corp.io:5000/launcher', false],
    ['registry.corp.io:5000', 'registry.corp.io/launcher', false],
    ['*.corp.io', 'registry.corp.io/launcher', true],
    ['*.corp.io', 'corp.io/launcher', false],
    ['*.corp.io', 'a.registry.corp.io/launcher', false],
    ['reg*y.corp.io', 'registry.corp.io/launcher', true],
    ['reg*x.corp.io', 'registry.corp.io/launcher', false],
    ['corp.io', 'registry.corp.io/launcher', false],
    ['registry.corp.io.evil.io', 'registry.corp.io/launcher', false],
    ['https://index.docker.io/v1/', 'spacelift/launcher', true],
    ['docker.io', 'launcher', true],
    ['index.docker.io', 'registry.corp.io/launcher', false],
    ['', 'registry.corp.io/launcher', false],
  ])('%s, %s', (scope, image, is) => expect(covers(scope, image)).toBe(is));

  test('the most specific first', () => {
    const entry = { auth: base64('a:b') };
    const logins = loginsIn({ 'registry.corp.io': entry, 'registry.corp.io/team': entry, '*.corp.io': entry });
    const found = loginsFor(parseImage('registry.corp.io/team/launcher') as ImageReference, logins);
    expect(found.map(({ scope }) => scope)).toEqual(['registry.corp.io/team', 'registry.corp.io', '*.corp.io']);
  });
});
