import { describe, expect, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { secretsOf } from '../../src/config/secrets.ts';
import { literal, sh, sql } from '../../src/outcome/fix.ts';
import { expectLinear } from '../support/growth.ts';
import { source } from '../support/preflight.ts';
import { searchFor } from '../support/search.ts';

const SECRET = 'p@ss/w+rd ü"x\\y&z=1%<\'>';
const redact = redactor([SECRET]);
const markup = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
const search = searchFor([{ of: 'SECRET', value: SECRET }]);

/** Every form in which a client, a server or a log could hold the secret. */
const FORMS: Record<string, string> = {
  plain: SECRET,
  'URL-encoded': encodeURIComponent(SECRET),
  'form-encoded': new URLSearchParams({ v: SECRET }).toString().slice(2),
  'URL-encoded in lower case': encodeURIComponent(SECRET).replace(/%../g, (code) => code.toLowerCase()),
  'JSON-escaped': JSON.stringify({ a: SECRET }),
  'JSON-escaped twice': JSON.stringify(JSON.stringify(SECRET)),
  'XML-escaped': markup(SECRET).replaceAll('"', '&quot;').replaceAll("'", '&apos;'),
  'XML-escaped outside of attributes': markup(SECRET),
  'HTML-escaped': markup(SECRET).replaceAll('"', '&#34;').replaceAll("'", '&#39;'),
  'in hex': Buffer.from(SECRET).toString('hex'),
  'in upper-case hex': Buffer.from(SECRET).toString('hex').toUpperCase(),
  base64: Buffer.from(SECRET).toString('base64'),
  base64url: Buffer.from(SECRET).toString('base64url'),
  'base64 with a user, aligned': Buffer.from(`abc${SECRET}`).toString('base64'),
  'base64 with a user, one off': Buffer.from(`a:${SECRET}`).toString('base64'),
  'base64 with a user, two off': Buffer.from(`user:${SECRET}:tail`).toString('base64'),
};

test.each(Object.entries(FORMS))('%s', (_, form) => {
  expect(redact(`before ${form} after`)).toMatch(/^before .*‹redacted›.* after$/);
  expect(search(form)).not.toEqual([]);
  expect(search(redact(`before ${form} after`))).toEqual([]);
});

test('text without a secret stays as it is', () => {
  const text = 'database spacelift at db.internal:5432 — ‹ok›';
  expect(redact(text)).toBe(text);
});

test('short secrets do not blank out other words', () => {
  expect(redactor(['postgre'])('postgres')).toBe('postgres');
  expect(redactor(['postgres', 'spacelift'])('postgres://spacelift-db')).toBe('postgres://spacelift-db');
  expect(redactor([])('anything')).toBe('anything');
});

test('a short login is known by its form', () => {
  expect(redactor(['u:p@'])('at u:p@host:1, not at u:p')).toBe('at ‹redacted›@host:1, not at u:p');
  expect(redactor(['user:pass@'])('at user:pass@host:1')).toBe('at ‹redacted›@host:1');
});

test('a login of a URL is no part of a text, whoever wrote it', () => {
  expect(redactor([])('see https://me:pw@host/x')).toBe('see https://‹redacted›@host/x');
});

test('as a word of a command', () => {
  const secret = "it's-a ##secret";
  expect(sh`x ${`a${secret}b`}`.text).not.toContain(secret);
  expect(redactor([secret])(sh`x ${`a${secret}b`}`.text ?? '')).toBe("x 'a‹redacted›b'");
  expect(redactor([secret])(sh`x ${`ä${secret}`}`.text ?? '')).toBe(`x "$(printf '\\303\\244‹redacted›')"`);
  expect(redactor([secret])(sql`SELECT ${literal(secret)};`.text ?? '')).toBe("SELECT U&'‹redacted›';");
});

test('the longer of two secrets wins', () => {
  expect(redactor(['abcdefgh', 'abcdefghij'])('abcdefghij')).toBe('‹redacted›');
});

describe('what is a secret of a config', () => {
  const pem = `-----BEGIN PRIVATE KEY-----\n${'A'.repeat(64)}\n${'B'.repeat(64)}\n-----END PRIVATE KEY-----\n`;
  const variables = {
    DATABASE_URL: 'postgres://user:p%40ssw%2Frd-long@h:5432/d?sslpassword=key-passphrase',
    OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY: 'minio-secret-key',
    ENCRYPTION_RSA_PRIVATE_KEY: Buffer.from(pem).toString('base64'),
    SERVER_DOMAIN: 'spacelift.corp.io',
    FEATURE_FLAG_X: 'not-a-secret',
    SOME_UNKNOWN: 'an-unknown-value',
    HTTPS_PROXY: 'http://me:proxy-password@proxy:3128',
  };
  const clean = redactor(secretsOf([source(variables)]));

  test.each([
    'p%40ssw%2Frd-long',
    'p@ssw/rd-long',
    'key-passphrase',
    'minio-secret-key',
    'A'.repeat(64),
    'an-unknown-value',
    'proxy-password',
  ])('%s', (secret) => {
    expect(clean(`x ${secret} y`)).toBe('x ‹redacted› y');
  });

  test.each(['spacelift.corp.io', 'not-a-secret'])('not %s', (text) => {
    expect(clean(text)).toBe(text);
  });

  test('a job’s environment: Spacelift’s secrets, and what looks like one, but no paths', () => {
    const environment = { PATH: '/usr/local/bin', GITHUB_TOKEN: 'ghp_0123456789', LICENSE_TOKEN: 'license-token' };
    const secrets = secretsOf([source(environment, 'all', { process: true })]);
    expect(secrets).toEqual(['ghp_0123456789', 'license-token']);
  });
});

describe('a config full of secrets', () => {
  test('is read and redacted in time that grows with their number alone, whatever they have in common', async () => {
    await expectLinear((length) => {
      const some = Array.from({ length }, (_, index) => `correct-horse-battery-${index}-${'x'.repeat(300)}`);
      const redact = redactor(some);
      for (const secret of [some[0], some[length / 2 - 1], some.at(-1)]) {
        for (const form of [
          secret,
          encodeURIComponent(secret ?? ''),
          Buffer.from(`user:${secret}`).toString('base64'),
        ]) {
          expect(redact(`a ${form} b`)).toMatch(/^a (\S{0,8})‹redacted›(\S{0,4}) b$/);
        }
      }
    }, 500);
  });

  test('has no room for more lines than it, and the process’s own are among them', () => {
    const line = (index: number) => `line${String(index).padStart(20, '0')}`;
    const config = Array.from({ length: 150_000 }, (_, index) => line(index)).join('\n');
    const own = `-----BEGIN KEY-----\n${line(999_998)}\n${line(999_999)}\n-----END KEY-----`;
    const redact = redactor([config, own]);
    expect(redact(`${line(999_998)} ${line(999_999)} ${line(0)}`)).toBe('‹redacted› ‹redacted› ‹redacted›');
    expect(redact(config)).toBe('‹redacted›');
  });
});
