import { createHash, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { beforeAll, describe, expect, test } from 'vitest';
import { encryption } from '../../../checks/encryption/index.ts';
import { makeCa } from '../../services/tls.ts';
import { preflight, source } from '../../support/preflight.ts';
import { altered, base64, partsOf, pkcs1, pkcs8, rsa, threePrimes } from './keys.ts';

let good: KeyObject;
beforeAll(() => {
  good = rsa(4096);
});

const run = (value: string, options = {}) =>
  preflight([encryption], { ENCRYPTION_TYPE: 'rsa', ENCRYPTION_RSA_PRIVATE_KEY: value }, options);

const RULES = ['choice', 'rsa/key', 'rsa/size', 'rsa/round-trip', 'rsa/exposure'].map((rule) => `encryption/${rule}`);

describe('a sound key', () => {
  const wrapped = (text: string, width: number, end: string) =>
    text.replace(new RegExp(`.{${width}}`, 'g'), `$&${end}`);
  const forms: Record<string, () => string> = {
    'PKCS#8': () => base64(pkcs8(good)),
    'PKCS#1': () => base64(pkcs1(good)),
    'line breaks in the base64': () => `${wrapped(base64(pkcs8(good)), 76, '\n')}\n`,
    'DOS line breaks in the base64': () => `${wrapped(base64(pkcs8(good)), 64, '\r\n')}\r\n`,
    'DOS line ends in the PEM': () => base64(pkcs8(good).replaceAll('\n', '\r\n')),
    'no line end at the end': () => base64(pkcs1(good).trim()),
    'text before the PEM': () => base64(`Bag Attributes\n    friendlyName: spacelift\n${pkcs8(good)}`),
    'three primes': () => base64(threePrimes()),
    'numbers written anew': () => base64(altered(good, () => ({}))),
    'the PEM’s body on one line': () => base64(pkcs8(good).replace(/(?<=[^-])\n(?=[^-])/g, '')),
  };
  test.each(Object.keys(forms))('passes without a warning: %s', async (form) => {
    const result = await run(forms[form]?.() ?? '');
    expect(result.ids('pass')).toEqual(RULES);
    expect(result.findings).toHaveLength(RULES.length);
  });

  test('is stated so that two reports can be compared', async () => {
    const { finding } = await run(base64(pkcs8(good)));
    const spki = createPublicKey(good).export({ format: 'der', type: 'spki' });
    expect(finding('encryption/choice')).toMatchObject({
      title: 'built-in RSA 4096 + AES-256; cannot be changed later',
      evidence: { method: 'rsa', publicKeySha256: createHash('sha256').update(spki).digest('hex') },
    });
    expect(finding('encryption/rsa/size').evidence).toEqual({ bits: 4096, publicExponent: '65537' });
    expect(finding('encryption/rsa/exposure').evidence).toMatchObject({ origin: 'test (all)' });
  });

  test('judges what was selected alone', async () => {
    const result = await run(base64(pkcs8(good)), { only: ['encryption/rsa/round-trip'] });
    expect(result.ids('pass')).toEqual(['encryption/rsa/round-trip']);
    expect(result.ids('skip')).toHaveLength(4);
  });
});

describe('a value that is no key', () => {
  let small: KeyObject;
  let certificate: string;
  beforeAll(async () => {
    small = rsa(2048);
    certificate = (await makeCa()).certPem;
  });
  const ec = () => generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
  const sec1 = (key: KeyObject) => String(key.export({ format: 'pem', type: 'sec1' }));
  const encrypted = (type: 'pkcs1' | 'pkcs8') =>
    String(small.export({ format: 'pem', type, cipher: 'aes-256-cbc', passphrase: 'correct horse' }));
  const der = (key: KeyObject) => key.export({ format: 'der', type: 'pkcs8' });
  const relabelled = (text: string, label: string) => text.replaceAll('PRIVATE KEY', label);
  const publicPem = () => String(createPublicKey(small).export({ format: 'pem', type: 'spki' }));
  const without = (text: string, from: number) => text.slice(0, from);

  const faults: Record<string, [fault: string, value: () => string]> = {
    'a placeholder': ['placeholder', () => '<base64-encoded-key>'],
    'a template’s variable': ['placeholder', () => '${SPACELIFT_RSA_KEY}'],
    'raw PEM': ['raw-pem', () => pkcs8(small)],
    'raw PEM on one line': ['raw-pem', () => pkcs8(small).replaceAll('\n', ' ')],
    'raw PEM of an EC key': ['algorithm', () => pkcs8(ec())],
    'a raw certificate': ['certificate', () => certificate],
    'raw PEM with \\n': ['literal-newlines', () => pkcs8(small).replaceAll('\n', '\\n')],
    'PEM with \\n, encoded': ['literal-newlines', () => base64(pkcs8(small).replaceAll('\n', '\\n'))],
    'base64 with \\n': ['literal-newlines', () => base64(pkcs8(small)).replace(/.{76}/g, '$&\\n')],
    'base64 in quotes': ['quoted', () => `"${base64(pkcs8(small))}"`],
    'base64 with spaces': ['spaces', () => base64(pkcs8(small)).replace(/.{76}/g, '$& ')],
    'base64 with a space at the end': ['spaces', () => `${base64(pkcs8(small))} `],
    'URL-safe base64': ['url-alphabet', () => Buffer.from(`${'~?>'.repeat(9)}\n${pkcs8(small)}`).toString('base64url')],
    'base64 without its padding': [
      'unpadded',
      () =>
        base64(`${pkcs8(small)}\n`.slice(0, pkcs8(small).length + (pkcs8(small).length % 3 === 0 ? 1 : 0))).replace(
          /=+$/,
          '',
        ),
    ],
    'double base64': ['double-base64', () => base64(base64(pkcs8(small)))],
    'double base64, in lines': ['double-base64', () => base64(`${base64(pkcs1(small)).replace(/.{76}/g, '$&\n')}\n`)],
    'base64 of DER': ['der', () => base64(der(small))],
    'base64 of PKCS#1 DER': ['der', () => base64(small.export({ format: 'der', type: 'pkcs1' }))],
    'base64 of an EC key’s DER': ['algorithm', () => base64(der(ec()))],
    'base64 of a public key’s DER': [
      'public-key',
      () => base64(createPublicKey(small).export({ format: 'der', type: 'spki' })),
    ],
    'a certificate': ['certificate', () => base64(certificate)],
    'a certificate’s body': ['certificate', () => certificate.replace(/-----.*-----|\n/g, '')],
    'a certificate signing request': [
      'certificate-request',
      () => base64(relabelled(pkcs8(small), 'CERTIFICATE REQUEST')),
    ],
    'a public key': ['public-key', () => base64(publicPem())],
    'a PKCS#1 public key': [
      'public-key',
      () => base64(String(createPublicKey(small).export({ format: 'pem', type: 'pkcs1' }))),
    ],
    'an EC key': ['algorithm', () => base64(pkcs8(ec()))],
    'an EC key, SEC 1': ['algorithm', () => base64(sec1(ec()))],
    'an EC key with its parameters': [
      'algorithm',
      () => base64(`-----BEGIN EC PARAMETERS-----\nBggqhkjOPQMBBw==\n-----END EC PARAMETERS-----\n${sec1(ec())}`),
    ],
    'an Ed25519 key': ['algorithm', () => base64(pkcs8(generateKeyPairSync('ed25519').privateKey))],
    'an RSA-PSS key': [
      'algorithm',
      () => base64(pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey)),
    ],
    'a PKCS#8 key with a passphrase': ['encrypted', () => base64(encrypted('pkcs8'))],
    'a PKCS#1 key with a passphrase': ['encrypted', () => base64(encrypted('pkcs1'))],
    'an OpenSSH key': ['openssh', () => base64(relabelled(pkcs8(small), 'OPENSSH PRIVATE KEY'))],
    'a key and a certificate': ['several-blocks', () => base64(pkcs8(small) + certificate)],
    'two keys': ['several-blocks', () => base64(pkcs8(small) + pkcs1(small))],
    'base64 that is cut off': ['truncated', () => without(base64(pkcs8(small)), 1000)],
    'base64 that is cut off mid-byte': ['truncated', () => without(base64(pkcs8(small)), 1001)],
    'base64 whose first line alone is left': ['truncated', () => without(base64(pkcs8(small)), 76)],
    'base64 without its beginning': ['truncated', () => base64(pkcs8(small)).slice(400)],
    'a PEM without END': ['truncated', () => base64(pkcs8(small).replace(/-----END.*\n/, ''))],
    'a PEM on one line': ['lines', () => base64(pkcs8(small).replaceAll('\n', ' '))],
    'a PEM with indented lines': ['lines', () => base64(pkcs8(small).replace(/^/gm, '  '))],
    'a PEM with the line ends of old Macs': ['lines', () => base64(pkcs8(small).replaceAll('\n', '\r'))],
    'a PEM with a byte order mark': ['encoding', () => base64(`\ufeff${pkcs8(small)}`)],
    'a PEM in UTF-16': ['encoding', () => base64(Buffer.from(`\ufeff${pkcs8(small)}`, 'utf16le'))],
    'a PEM with lines missing': ['damaged', () => base64(pkcs8(small).split('\n').toSpliced(3, 2).join('\n'))],
    'a PEM with a letter missing': ['damaged', () => base64(pkcs8(small).replace(/\n(.{20})./, '\n$1'))],
    'another private exponent': ['inconsistent', () => base64(altered(small, ({ d }) => ({ d: d + 2n })))],
    'another modulus': ['inconsistent', () => base64(altered(small, ({ n }) => ({ n: n + 2n })))],
    'another prime': ['inconsistent', () => base64(altered(small, ({ p }) => ({ p: p + 2n })))],
    'another CRT exponent': ['inconsistent', () => base64(altered(small, ({ dp }) => ({ dp: dp + 2n })))],
    'another CRT coefficient': ['inconsistent', () => base64(altered(small, ({ qi }) => ({ qi: qi + 2n })))],
    'another public exponent': ['inconsistent', () => base64(altered(small, () => ({ e: 3n })))],
    'the modulus of another key': ['inconsistent', () => base64(altered(small, () => ({ n: partsOf(rsa(2048)).n })))],
    'the halves of two keys': [
      'inconsistent',
      () => base64(altered(small, () => ({ ...partsOf(rsa(2048)), n: partsOf(small).n }))),
    ],
    'another coefficient of a third prime': ['inconsistent', () => base64(threePrimes(2n))],
    'primes of zero': ['inconsistent', () => base64(altered(small, () => ({ p: 0n, q: 0n })))],
    'a modulus that is a prime': [
      'inconsistent',
      () => base64(altered(small, ({ n }) => ({ p: n, q: 1n, dq: 0n, qi: 1n }))),
    ],
    'a path': ['path', () => '/etc/spacelift/rsa.pem'],
    'a path of base64 characters alone': ['path', () => '/etc/spacelift/rsakeyy'],
    'a file URL': ['path', () => 'file:///run/secrets/spacelift'],
    'a file’s name': ['path', () => 'spacelift.key'],
    text: ['not-base64', () => 'not a key at all!'],
    'base64 of text': ['not-pem', () => base64('a long enough passphrase, for what it is worth')],
    'base64 of a PEM of something else': ['not-pem', () => base64(relabelled(pkcs8(small), 'PGP MESSAGE'))],
  };

  test.each(Object.keys(faults))('is one failure that says what it is: %s', async (name) => {
    const [fault, value] = faults[name] ?? ['', () => ''];
    const secret = value();
    const result = await run(secret);
    expect(result.ids('fail')).toEqual(['encryption/rsa/key']);
    const failure = result.finding('encryption/rsa/key');
    expect(failure.evidence).toMatchObject({ variable: 'ENCRYPTION_RSA_PRIVATE_KEY', fault });
    expect(failure.title).toContain('ENCRYPTION_RSA_PRIVATE_KEY');
    expect(failure.expected).toBeTruthy();
    expect(failure.fix).toMatch(/base64|ENCRYPTION_RSA_PRIVATE_KEY/);
    for (const id of RULES.filter((rule) => rule !== failure.id)) {
      expect(result.finding(id)).toMatchObject({ status: 'skip', dependsOn: failure.id });
    }
    expect(leaks(JSON.stringify(result.findings), secret)).toEqual([]);
  });

  /** Runs of 12 characters of the value, or of what it decodes to, that a report has; the words of PEM aside. */
  function leaks(report: string, value: string): string[] {
    const decoded = Buffer.from(value, 'base64').toString('latin1');
    const runs = [value, decoded].flatMap((text) => text.match(/[A-Za-z0-9+/_-]{12}/g) ?? []);
    return runs.filter((part) => report.includes(part) && !'-----BEGIN PRIVATE KEY-----'.includes(part));
  }

  test('names the algorithm that it is of', async () => {
    const title = async (key: KeyObject) => (await run(base64(pkcs8(key)))).finding('encryption/rsa/key').title;
    const is = (name: string) => `ENCRYPTION_RSA_PRIVATE_KEY is ${name} key, not an RSA key`;
    expect(await title(ec())).toBe(is('an EC'));
    expect(await title(generateKeyPairSync('ed25519').privateKey)).toBe(is('an Ed25519'));
    expect(await title(generateKeyPairSync('x25519').privateKey)).toBe(is('an X25519'));
    expect(await title(generateKeyPairSync('rsa-pss', { modulusLength: 1024 }).privateKey)).toBe(is('an RSA-PSS'));
  });

  test('is what any of its rules finds when it is judged alone', async () => {
    const result = await run(pkcs8(small), { only: ['encryption/rsa/size'] });
    expect(result.ids('fail')).toEqual(['encryption/rsa/size']);
    expect(result.finding('encryption/rsa/size').evidence).toMatchObject({ fault: 'raw-pem' });
  });
});

describe('a key’s size', () => {
  test.each([2048, 3072])('of %i bits is a warning', async (bits) => {
    const result = await run(base64(pkcs8(rsa(bits))));
    expect(result.ids('warn')).toEqual(['encryption/rsa/size']);
    expect(result.ids('pass')).toHaveLength(4);
    expect(result.finding('encryption/rsa/size')).toMatchObject({
      title: `the RSA key has ${bits} bits, not 4096`,
      fix: expect.stringContaining('openssl genrsa 4096 | base64 -w0'),
    });
  });

  test.each([512, 1024, 2047])('of %i bits is one failure', async (bits) => {
    const result = await run(base64(pkcs8(rsa(bits))));
    expect(result.ids('fail')).toEqual(['encryption/rsa/size']);
    expect(result.finding('encryption/rsa/round-trip').dependsOn).toBe('encryption/rsa/size');
    expect(result.ids('warn')).toEqual([]);
  });

  test('with the public exponent 3 is good, and with one that Go refuses a failure', async () => {
    expect((await run(base64(pkcs8(rsa(2048, 3))))).ids('fail')).toEqual([]);
    const refused = await run(base64(pkcs8(rsa(2048, 2 ** 31 + 11))));
    expect(refused.ids('fail')).toEqual(['encryption/rsa/size']);
  });
});

describe('what is in force', () => {
  test('a key that is not known here leaves the method certain', async () => {
    const key = {
      name: 'ENCRYPTION_RSA_PRIVATE_KEY',
      kind: 'secret',
      value: 'arn:aws:ssm:…',
      service: 'all',
      origin: 't',
    } as const;
    const known = source({ ENCRYPTION_TYPE: 'rsa' });
    const result = await preflight([encryption], [{ ...known, entries: [...known.entries, key] }]);
    expect(result.ids('pass')).toEqual(['encryption/choice']);
    expect(result.finding('encryption/choice').title).toBe('built-in RSA + AES-256; cannot be changed later');
    expect(result.ids('skip')).toHaveLength(4);
    expect(result.finding('encryption/rsa/key').title).toContain('not known here');
  });

  test('a method that is wrong is judged elsewhere', async () => {
    const result = await preflight([encryption], { ENCRYPTION_TYPE: 'rot13' });
    expect(result.findings.map(({ id }) => id)).toEqual(['encryption/choice']);
    expect(result.finding('encryption/choice').title).toContain('ENCRYPTION_TYPE');
  });

  test('a worker has no keys', async () => {
    expect((await run(base64(pkcs8(good)), { service: 'worker' })).findings).toEqual([]);
  });
});
