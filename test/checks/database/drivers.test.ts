/** Where versions of pgx differ, how it authenticates, and what it reads beside the URL. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import { database } from '../../../checks/database/index.ts';
import type { Entry } from '../../../src/config/entry.ts';
import { type CertificateAuthority, makeCa } from '../../services/tls.ts';
import { ONPREM } from '../../support/onprem.ts';
import { preflight, source } from '../../support/preflight.ts';
import { check, expectOne, PASSWORD, postgres, spacelift, withParameters } from './support.ts';

let ca: CertificateAuthority;
let directory: string;
beforeAll(async () => {
  ca = await makeCa();
  directory = await mkdtemp(join(tmpdir(), 'preflight-driver-'));
  return () => rm(directory, { recursive: true });
});

const ID = 'database/connect';

async function overTls(hba?: string[]) {
  const { certPem: cert, keyPem: key } = await ca.issue({ names: ['127.0.0.1'] });
  return postgres({ tls: { cert, key }, ...(hba !== undefined && { hba }) });
}

/** By the change of the URL: which version works, and the form that both read alike. */
const WARNINGS: Record<string, [change: (url: string) => string, works: string, form: string]> = {
  'a # in the password': [(url) => url.replaceAll('%23', '#'), '5.13', 'percent-encode the special characters'],
  'a + in options': [(url) => `${url}?options=-c+work_mem%3D8MB`, '5.7', 'write a space in a parameter as %20'],
  'an = in a value': [(url) => `${url}?options=-c%20work_mem=8MB`, '5.7', '= in a value as %3D'],
  'a % in a value': [(url) => `${url}?search_path=%zz`, '5.7', 'write % in a parameter as %25'],
  'channel_binding=prefer': [(url) => `${url}?channel_binding=prefer`, '5.13', 'remove channel_binding'],
  require_auth: [(url) => `${url}?require_auth=scram-sha-256`, '5.13', 'remove require_auth'],
  'a parameter that is given twice': [(url) => `${url}?work_mem=8MB&work_mem=soon`, '5.7', 'give work_mem once'],
  'an empty port': [
    (url) => `${url}?host=127.0.0.1,127.0.0.1&port=${new URL(url).port},`,
    '5.13',
    'give each host its port',
  ],
};

test.for(Object.entries(WARNINGS))('%s is one warning', async ([, [change, works, form]]) => {
  const url = change(await spacelift(await postgres()));
  const result = await check(url);
  expect(result.troubles).toEqual([`warn ${ID}`]);
  const { title, fix } = result.finding(ID);
  const other = works === '5.7' ? '5.13' : '5.7';
  expect(title).toBe(`DATABASE_URL works with the driver pgx ${works}, but not with pgx ${other}`);
  expect(fix).toContain(form);
  expect(result.text).not.toContain(PASSWORD);
});

test('the read-only URL is read in the same ways', async () => {
  const url = await spacelift(await postgres());
  const result = await check(url, { DATABASE_READ_ONLY_URL: `${url}?require_auth=scram-sha-256` });
  expect(result.troubles).toEqual(['warn database/read-only']);
  expect(result.finding('database/read-only').title).toContain('DATABASE_READ_ONLY_URL works with the driver pgx 5.13');
});

test('spellings that the server reads alike are no difference', async () => {
  const url = await spacelift(await postgres());
  expect((await check(`${url}?client_encoding=LATIN1#`)).troubles).toEqual([]);
});

test('two hosts of which the versions choose different ones', async () => {
  const [first, second] = [await postgres({}), await postgres({})];
  await spacelift(first);
  const url = await spacelift(second);
  const named = url.replace(/@.*\//, `@/`);
  const result = await check(`${named}?host=127.0.0.1&port=${second.port}&port=${first.port}`);
  expect(result.troubles).toEqual([`warn ${ID}`]);
  expect(result.finding(ID).title).toBe('the drivers pgx 5.7 and pgx 5.13 connect differently with DATABASE_URL');
  expect(result.finding(ID).detail).toContain(`:${first.port} without TLS`);
  expect(result.finding(ID).detail).toContain(`:${second.port} without TLS`);
});

describe('authentication', () => {
  test.each(['require', 'prefer', 'disable'])('channel_binding=%s over TLS', async (mode) => {
    const url = withParameters(await spacelift(await overTls()), { channel_binding: mode, sslmode: 'require' });
    const result = await check(url);
    expect(result.troubles).toEqual([`warn ${ID}`]);
    expect(result.finding(ID).title).toContain('works with the driver pgx 5.13');
  });

  test('channel_binding=require without TLS, and without SCRAM', async () => {
    const plain = withParameters(await spacelift(await postgres()), { channel_binding: 'require' });
    expectOne(await check(plain));
    const server = await overTls(['host all all all password']);
    const clear = withParameters(await spacelift(server), { channel_binding: 'require', sslmode: 'require' });
    expectOne(await check(clear));
  });

  test.each([
    ['none', 'fail'],
    ['scram-sha-256', 'warn'],
    ['!scram-sha-256', 'fail'],
    ['!none', 'warn'],
    ['md5,none', 'fail'],
  ])('require_auth=%s with SCRAM: %s', async (methods, status) => {
    const url = withParameters(await spacelift(await postgres()), { require_auth: methods });
    expect((await check(url)).troubles).toEqual([`${status} ${ID}`]);
  });

  test('a password that SASLprep changes is rejected, with the reason why psql accepts it', async () => {
    const server = await postgres();
    const url = new URL(
      await server.createDatabase({ name: 'spacelift', owner: 'spacelift', password: 'x²', roleOptions: 'CREATEROLE' }),
    );
    const { title, text, fix } = expectOne(await check(url.href));
    expect(title).toContain('rejected the password of role "spacelift"');
    expect(text).toContain('psql can log in with this password');
    expect(fix).toContain('ASCII');
    url.password = 'x2';
    expect((await check(url.href)).troubles).toEqual([]);
  });

  test('characters that Unicode 3.2 does not have keep a password unchanged, in the newer version alone', async () => {
    const server = await postgres();
    const password = '😀e\u0301';
    const url = await server.createDatabase({
      name: 'spacelift',
      owner: 'spacelift',
      password,
      roleOptions: 'CREATEROLE',
    });
    const result = await check(url);
    expect(result.troubles).toEqual([`warn ${ID}`]);
    expect(result.finding(ID).fix).toContain('a password of ASCII characters');
  });
});

describe('beside the URL', () => {
  const bare = (url: string) => url.replace(/:[^:@/]*@/, '@');

  test('the password in PGPASSWORD, of the same party', async () => {
    const url = bare(await spacelift(await postgres()));
    expect((await check(url, { PGPASSWORD: PASSWORD })).troubles).toEqual([]);
    expect((await check(url, { PGPASSWORD: PASSWORD }, { trust: 'process' })).troubles).toEqual([]);
    const without = await check(url, {}, { environment: { PGPASSWORD: PASSWORD } });
    expect(without.troubles).toEqual([`fail ${ID}`]);
  });

  test('a password in PGPASSWORD that only the platform knows is a skip that names it', async () => {
    const config = source({ ...ONPREM, DATABASE_URL: 'postgres://spacelift@127.0.0.1:1/spacelift' });
    const name = 'PGPASSWORD';
    const secret: Entry = { name, kind: 'secret', value: 'database/password', service: 'all', origin: 'server.yaml' };
    const result = await preflight([database], [{ ...config, entries: [...config.entries, secret] }]);
    expect(result.ids('fail')).toEqual([]);
    expect(result.finding(ID)).toMatchObject({
      status: 'skip',
      title: 'PGPASSWORD is set, but its value is not known here',
      unknownVariable: name,
    });
  });

  test('PGSSLMODE, which the URL overrides', async () => {
    const url = await spacelift(await postgres());
    const strict = await check(url, { PGSSLMODE: 'require' });
    expect(strict.finding(ID).title).toContain('does not support TLS');
    expect((await check(withParameters(url, { sslmode: 'disable' }), { PGSSLMODE: 'require' })).troubles).toEqual([]);
  });

  test.each(['passfile', 'PGPASSFILE', 'HOME'])(
    'a password file by %s is the caller’s, or the container’s',
    async (by) => {
      const server = await postgres();
      const url = bare(await spacelift(server));
      const home = await mkdtemp(join(directory, 'home-'));
      const file = join(home, '.pgpass');
      const escaped = PASSWORD.replace(/[\\:]/g, '\\$&');
      await writeFile(file, `other:*:*:*:wrong\n127.0.0.1:${server.port}:*:spacelift:${escaped}\n`);
      const written = by === 'passfile' ? withParameters(url, { passfile: file }) : url;
      const variables: Record<string, string> = by === 'passfile' ? {} : { [by]: by === 'HOME' ? home : file };
      const own = await check(written, variables, { trust: 'process' });
      expect(own.troubles).toEqual([]);
      expect(own.text).not.toContain(PASSWORD);
      const foreign = await check(written, variables);
      expect(foreign.finding(ID).status).toBe(by === 'HOME' ? 'fail' : 'skip');
    },
  );

  test.each(['service', 'PGSERVICE'])('a service by %s is the caller’s, or the container’s', async (by) => {
    const server = await postgres();
    const { port } = new URL(await spacelift(server));
    const home = await mkdtemp(join(directory, 'home-'));
    await mkdir(home, { recursive: true });
    const lines = ['[db]', 'host=127.0.0.1', `port=${port}`, 'user=spacelift', `password=${PASSWORD}`];
    await writeFile(join(home, '.pg_service.conf'), lines.join('\n'));
    const url = by === 'service' ? 'postgres:///spacelift?service=db' : 'postgres:///spacelift';
    const variables = { HOME: home, ...(by === 'PGSERVICE' && { PGSERVICE: 'db' }) };
    expect((await check(url, variables, { trust: 'process' })).troubles).toEqual([]);
    expect((await check(url, variables)).finding(ID).status).toBe('skip');
  });

  test('a service that is in no file', async () => {
    const result = await check('postgres://u@127.0.0.1/d?service=db', { HOME: directory }, { trust: 'process' });
    expect(result.troubles).toEqual([`fail ${ID}`]);
  });
});
