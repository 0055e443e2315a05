import { describe, expect, test } from 'vitest';
import { NEWER } from '../../../checks/database/drivers.ts';
import { judgePlaintext } from '../../../checks/database/plaintext.ts';
import { parseDatabaseUrl } from '../../../checks/database/url.ts';
import { startProxy } from '../../services/tcp.ts';
import { selfSigned } from '../../services/tls.ts';
import { check, installed, started, withParameters } from './support.ts';

const ID = 'database/plaintext';

/** A session at this address. */
const judged = (address: string, { sslmode = 'prefer', tls = '', passwordSent = true } = {}) => {
  const url = parseDatabaseUrl(`postgres://u:p@db/d?sslmode=${sslmode}`, NEWER);
  const endpoint = { host: address.startsWith('/') ? '/run' : 'db', port: 5432, address };
  return judgePlaintext({ DATABASE_URL: { endpoint, url, tls: tls || undefined, passwordSent } }).status;
};

describe('by the address', () => {
  test.for(['10.0.0.5', '192.0.2.7', '169.254.1.1', '203.0.113.9', 'fd00::1', '2001:db8::1', 'fe80::1%eth0'])(
    'a network: %s',
    (address) => {
      expect(['prefer', 'allow'].map((sslmode) => judged(address, { sslmode }))).toEqual(['warn', 'warn']);
      expect(judged(address, { sslmode: 'disable' })).toBe('pass');
      expect(judged(address, { tls: 'TLS 1.3' })).toBe('pass');
      expect(judged(address, { passwordSent: false })).toBe('pass');
    },
  );

  test.for(['127.0.0.1', '127.9.9.9', '::1', '::ffff:127.0.0.1', '/run/.s.PGSQL.5432'])('none: %s', (address) => {
    expect(judged(address)).toBe('pass');
  });
});

describe('by what the server asks for', () => {
  const ASKED = [
    ['password', 'scram-sha-256', true],
    ['scram-sha-256', 'scram-sha-256', false],
    ['md5', 'md5', false],
    ['trust', 'scram-sha-256', false],
  ] as const;
  test.for(ASKED)('%s', async ([method, encryption, sent]) => {
    const settings = { password_encryption: encryption };
    const { server, url } = await installed({ hba: [`host all all all ${method}`], settings });
    const far = url.replace('@127.0.0.1', '@0.0.0.0');
    const [near, over] = [await check(url), await check(far)];
    expect(near.troubles).toEqual([]);
    expect(over.troubles).toEqual(sent ? [`warn ${ID}`] : []);
    expect(over.finding(ID).evidence).toMatchObject({ sslmode: ['prefer'], passwordSent: sent });
    // Byte by byte it is seen too.
    const proxy = await started(startProxy({ target: server }));
    proxy.faults.throttleBytesPerSecond = 20_000;
    const slow = await check(far.replace(`:${server.port}/`, `:${proxy.port}/`));
    expect(slow.finding(ID).evidence.passwordSent).toBe(sent);
  });

  test('over TLS it may', async () => {
    const { certPem: cert, keyPem: key } = await selfSigned({ names: ['elsewhere'] });
    const { url } = await installed({ tls: { cert, key }, hba: ['host all all all password'] });
    const far = url.replace('@127.0.0.1', '@0.0.0.0');
    for (const sslmode of ['prefer', 'require']) {
      const result = await check(withParameters(far, { sslmode }));
      expect(result.troubles).toEqual([]);
      expect(result.finding(ID)).toMatchObject({ status: 'pass', title: 'the password was sent over TLS 1.3' });
    }
    expect((await check(withParameters(far, { sslmode: 'allow' }))).troubles).toEqual([`warn ${ID}`]);
  });
});
