import { describe, expect, test } from 'vitest';
import type { Stage } from '../../src/engine/timeouts.ts';
import type { PeerCertificate } from '../../src/net/certificate.ts';
import { networkMessages } from '../../src/net/messages.ts';
import { NetworkError, providerFix, type TlsReason, timedOut } from '../../src/net/network-error.ts';

const leaf: PeerCertificate = {
  subject: 'CN=db.corp.io, O=Corp',
  issuer: 'CN=Corp Issuing CA, O=Corp',
  names: ['db.corp.io'],
  validFrom: new Date('2020-01-01'),
  validTo: new Date('2999-01-01'),
  fingerprint: '',
};
const issuing: PeerCertificate = { ...leaf, subject: leaf.issuer, issuer: 'O=Corp, CN=Corp Root', names: [] };

const told = (tls: TlsReason, chain: readonly PeerCertificate[], code = '') =>
  networkMessages(new NetworkError('tls', { tls, chain, code }), {
    what: 'PostgreSQL',
    host: 'db',
    port: 5432,
    setting: 'DATABASE_URL',
  }).title.replace('TLS to db:5432 failed: ', '');

describe('a certificate that is refused', () => {
  test('is told by what it states', () => {
    const old = new Date('2021-02-03');
    expect(told('expired', [{ ...leaf, validTo: old }, issuing])).toBe('its certificate expired on 2021-02-03');
    expect(told('not-yet-valid', [{ ...leaf, validFrom: new Date('2998-01-01') }])).toBe(
      'its certificate is not valid until 2998-01-01',
    );
    expect(told('untrusted', [leaf, issuing])).toBe(
      'its certificate is signed by Corp Root, a certificate authority (CA) that is not trusted here',
    );
    expect(told('name', [leaf])).toBe('its certificate is for db.corp.io, not for db');
  });

  test('may not be the server’s own', () => {
    expect(told('expired', [leaf, { ...issuing, validTo: new Date('2021-02-03') }])).toBe(
      'the certificate of Corp Issuing CA expired on 2021-02-03',
    );
  });

  test('may be for many names, or none', () => {
    expect(told('name', [{ ...leaf, names: ['a', 'b', 'c', 'd', 'e'] }])).toBe(
      'its certificate is for a, b, c and 2 more, not for db',
    );
    expect(told('name', [{ ...leaf, names: [] }])).toBe('its certificate is for no name, not for db');
  });

  test('is told in general where it was not seen', () => {
    expect(told('expired', [])).toBe('its certificate has expired');
    expect(told('untrusted', [])).toBe(
      'its certificate is signed by a certificate authority (CA) that is not trusted here',
    );
    expect(told('untrusted', [], 'DEPTH_ZERO_SELF_SIGNED_CERT')).toBe(
      'its certificate is self-signed and not trusted here',
    );
  });
});

describe('what is tried on the way to a host is one command, whatever the host is called', () => {
  const fixOf = (kind: 'dns' | 'refused' | 'timeout', host: string) =>
    networkMessages(new NetworkError(kind), { what: 'MinIO', host, port: 9000, setting: 'ENDPOINT' }).fix;

  test.each([
    ['dns', 'minio', 'getent hosts minio', ['getent', 'hosts', 'minio']],
    ['refused', '[::1]', "nc -vz '::1' 9000", ['nc', '-vz', '::1', '9000']],
    ['refused', 'a;id', "nc -vz 'a;id' 9000", ['nc', '-vz', 'a;id', '9000']],
    [
      'timeout',
      'h$(touch x)`id`',
      "nc -vz -w 5 'h$(touch x)`id`' 9000",
      ['nc', '-vz', '-w', '5', 'h$(touch x)`id`', '9000'],
    ],
  ] as const)('%s, %s', (kind, host, text, argv) => {
    const fix = fixOf(kind, host);
    expect(fix?.text.endsWith(`try: ${text}`)).toBe(true);
    expect(fix?.shells.flatMap(({ argvs }) => argvs)).toEqual([argv]);
  });

  test('and none where it would be an option, or can’t be written', () => {
    for (const host of ['-oProxyCommand=id', 'a\nid']) {
      const fix = fixOf('refused', host);
      expect(fix?.text).not.toContain('nc -vz');
      expect(fix?.shells.map(({ text }) => text)).toEqual([undefined]);
    }
  });
});

test('a response that breaks off blames neither the port nor TLS', () => {
  const target = { what: 'MinIO', host: 'minio', port: 9000, setting: 'OBJECT_STORAGE_MINIO_ENDPOINT' };
  const problem = new NetworkError('closed', { responding: true });
  const { title, detail, fix } = networkMessages(problem, target);
  expect(title).toBe('minio:9000 broke off its response');
  expect(`${detail} ${fix?.text}`).not.toMatch(/before MinIO responded|what listens there/);
  expect(providerFix(problem, { closed: 'of the provider' })).toBeUndefined();
});

describe('a deadline', () => {
  const target = { what: 'MinIO', host: 'minio', port: 9000, setting: 'OBJECT_STORAGE_MINIO_ENDPOINT' };
  const words = (ms: number, stage: Stage | undefined) => {
    const { title, detail = '', fix } = networkMessages(timedOut(ms, stage), target);
    return { title, text: `${detail} ${fix?.text}` };
  };

  test.for([
    ['connected', 'connected to minio:9000, but got no response within 10 s'],
    ['responding', 'minio:9000 did not finish its response within 10 s'],
  ] as const)('%s: no firewall is blamed, and the way to wait longer is told', ([stage, title]) => {
    const told = words(10_000, stage);
    expect(told.title).toBe(title);
    expect(told.text).not.toMatch(/drops packets|nc -vz|firewall/);
    expect(told.text).toContain('--timeout');
  });

  test.for(['connecting', undefined] as const)('%s: nothing answered', (stage) => {
    const told = words(10_000, stage);
    expect(told.title).toBe('minio:9000 timed out');
    expect(told.text).toContain('nc -vz');
  });
});
