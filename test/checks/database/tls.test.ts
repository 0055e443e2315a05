import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, describe, expect, test } from 'vitest';
import type { PostgresServer } from '../../services/postgres.ts';
import { type CertificateAuthority, makeCa, selfSigned } from '../../services/tls.ts';
import { check, postgres, spacelift, withParameters } from './support.ts';

let ca: CertificateAuthority;
let other: CertificateAuthority;
let directory: string;
beforeAll(async () => {
  [ca, other] = await Promise.all([makeCa(), makeCa({ name: 'Another authority' })]);
  directory = await mkdtemp(join(tmpdir(), 'preflight-tls-'));
  return () => rm(directory, { recursive: true });
});

const MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'] as const;
type Mode = (typeof MODES)[number];

/** "TLS", "plain", or how it fails. */
type Expected = Record<Mode, string>;

const CASES: Record<
  string,
  { server: () => Promise<Parameters<typeof postgres>[0]>; options?: object; expected: Expected }
> = {
  'a server without TLS': {
    server: async () => ({}),
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'plain',
      require: 'not-tls',
      'verify-ca': 'not-tls',
      'verify-full': 'not-tls',
    },
  },
  'a private authority that is trusted': {
    server: () => tls({ names: ['localhost'] }),
    options: { trusted: true },
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'TLS',
      'verify-full': 'TLS',
    },
  },
  'a private authority that is not trusted': {
    server: () => tls({ names: ['localhost'] }),
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'untrusted',
      'verify-full': 'untrusted',
    },
  },
  'a certificate for another name': {
    server: () => tls({ names: ['db.internal'] }),
    options: { trusted: true },
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'TLS',
      'verify-full': 'name',
    },
  },
  'a certificate with its name in the subject only, which Go does not read': {
    server: () => tls({ names: [], commonName: 'localhost' }),
    options: { trusted: true },
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'TLS',
      'verify-full': 'name',
    },
  },
  'an expired certificate': {
    server: () => tls({ names: ['localhost'], notBefore: new Date(0), notAfter: new Date(1e12) }),
    options: { trusted: true },
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'expired',
      'verify-full': 'expired',
    },
  },
  'a server that admits TLS only': {
    server: async () => ({ ...(await tls({ names: ['localhost'] })), hba: ['hostssl all all all scram-sha-256'] }),
    options: { trusted: true },
    expected: {
      disable: '28000',
      allow: 'TLS',
      prefer: 'TLS',
      require: 'TLS',
      'verify-ca': 'TLS',
      'verify-full': 'TLS',
    },
  },
  'a server that admits plain connections only': {
    server: async () => ({ ...(await tls({ names: ['localhost'] })), hba: ['hostnossl all all all scram-sha-256'] }),
    options: { trusted: true },
    expected: {
      disable: 'plain',
      allow: 'plain',
      prefer: 'plain',
      require: '28000',
      'verify-ca': '28000',
      'verify-full': '28000',
    },
  },
};

async function tls(issue: Parameters<CertificateAuthority['issue']>[0]) {
  const { chainPem, keyPem } = await ca.issue(issue);
  return { tls: { cert: chainPem, key: keyPem } };
}

const local = (url: string, parameters: Record<string, string>) =>
  withParameters(url.replace('@127.0.0.1', '@localhost'), parameters);

describe.for(Object.entries(CASES))('%s', ([, { server, options, expected }]) => {
  test('each sslmode', async () => {
    const running = await postgres(await server());
    const url = await spacelift(running);
    const found: Record<string, string> = {};
    for (const mode of MODES) {
      const result = await check(
        local(url, { sslmode: mode }),
        {},
        options === undefined ? {} : { authorities: ca.certPem },
      );
      const { status, title, evidence, fix } = result.finding('database/connect');
      found[mode] = status === 'pass' ? (evidence.tls === undefined ? 'plain' : 'TLS') : failureOf(evidence, title);
      if (status === 'pass') {
        expect(result.troubles).toEqual([]);
        expect(title).toMatch(evidence.tls === undefined ? /without TLS$/ : /over TLS 1\.3$/);
      } else {
        expect(result.troubles).toEqual(['fail database/connect']);
        expect(fix).toBeTruthy();
      }
    }
    expect(found).toEqual(expected);
  });
});

function failureOf({ observed, code }: Record<string, unknown>, title: string): string {
  if (observed !== 'tls') return String(observed ?? code);
  return SAYS.find(([says]) => says.test(title))?.[1] ?? title;
}

/** What each title says of the certificate, in its own dates and names. */
const SAYS: readonly (readonly [RegExp, string])[] = [
  [/is for (db\.internal|no name), not for localhost$/, 'name'],
  [/expired on 2001-09-09$/, 'expired'],
  [/signed by Preflight test authority, a certificate authority \(CA\) that is not trusted here$/, 'untrusted'],
];

describe('files that the URL names', () => {
  /** The URL is in the job's own environment: its paths are this machine's. */
  const OWN = { trust: 'process' } as const;
  const file = async (name: string, content: string) => {
    const path = join(directory, name);
    await writeFile(path, content);
    return path;
  };
  const serving = async (): Promise<{ server: PostgresServer; url: string }> => {
    const server = await postgres(await tls({ names: ['localhost'] }));
    return { server, url: await spacelift(server) };
  };

  test('sslrootcert is trusted alone, and makes `require` verify', async () => {
    const { url } = await serving();
    const [good, bad] = await Promise.all([file('good.pem', ca.certPem), file('bad.pem', other.certPem)]);
    for (const sslmode of ['require', 'verify-ca', 'verify-full']) {
      expect((await check(local(url, { sslmode, sslrootcert: good }), {}, OWN)).troubles).toEqual([]);
      const refused = await check(local(url, { sslmode, sslrootcert: bad }), {}, { ...OWN, authorities: ca.certPem });
      expect(refused.troubles).toEqual(['fail database/connect']);
      expect(refused.finding('database/connect').fix).toContain(bad);
    }
  });

  test('sslrootcert that holds only the issuing intermediate authority', async () => {
    const below = await ca.issueAuthority('Issuing authority');
    const { certPem, chainPem, keyPem } = await below.issue({ names: ['localhost'] });
    const path = await file('issuing.pem', below.certPem);
    for (const cert of [certPem, chainPem]) {
      const url = await spacelift(await postgres({ tls: { cert, key: keyPem } }));
      for (const sslmode of ['verify-ca', 'verify-full']) {
        expect((await check(local(url, { sslmode, sslrootcert: path }), {}, OWN)).troubles).toEqual([]);
        expect((await check(local(url, { sslmode }), {}, { authorities: below.certPem })).troubles).toEqual([]);
      }
    }
  });

  test('sslrootcert that only Spacelift’s container has', async () => {
    const { url } = await serving();
    const away = { sslmode: 'verify-full', sslrootcert: '/etc/rds/global-bundle.pem' };
    for (const trust of ['config', 'process'] as const) {
      const result = await check(local(url, away), {}, { trust });
      expect(result.ids('fail')).toEqual([]);
      expect(result.finding('database/connect')).toMatchObject({
        status: 'skip',
        title: expect.stringContaining('/etc/rds/global-bundle.pem'),
        fix: expect.stringContaining('--ca-file'),
      });
      expect(result.ids('pass')).toEqual([]);
      expect((await check(local(url, away), {}, { trust, authorities: ca.certPem })).troubles).toEqual([]);
      const wrong = await check(local(url, away), {}, { trust, authorities: other.certPem });
      expect(wrong.troubles).toEqual(['fail database/connect']);
      // Nothing is verified, so nothing is missing.
      expect((await check(local(url, { ...away, sslmode: 'prefer' }), {}, { trust })).troubles).toEqual([]);
    }
  });

  test('ADDITIONAL_ROOT_CAS is trusted', async () => {
    const { url } = await serving();
    const cas = Buffer.from(JSON.stringify({ caCertificates: [Buffer.from(ca.certPem).toString('base64')] })).toString(
      'base64',
    );
    const strict = local(url, { sslmode: 'verify-full' });
    expect((await check(strict, { ADDITIONAL_ROOT_CAS: cas })).troubles).toEqual([]);
    expect((await check(strict)).troubles).toEqual(['fail database/connect']);
  });

  test('client certificates', async () => {
    const server = await postgres({
      ...(await tls({ names: ['localhost'] })),
      ca: ca.certPem,
      hba: ['hostssl all all all cert'],
    });
    const url = (await spacelift(server)).replace(/:[^:@/]+@/, '@');
    const own = await ca.issue({ names: [], commonName: 'spacelift', clientAuth: true });
    const sslcert = await file('client.pem', own.certPem);
    const sslkey = await file('client.key', own.keyPem);
    expect((await check(local(url, { sslmode: 'require', sslcert, sslkey }), {}, OWN)).troubles).toEqual([]);

    const without = await check(local(url, { sslmode: 'require' }));
    expect(without.troubles).toEqual(['fail database/connect']);
    expect(without.finding('database/connect').title).toContain('client certificate');

    const gone = { sslmode: 'require', sslcert, sslkey: '/secrets/client.key' };
    const away = await check(local(url, gone), {}, OWN);
    expect(away.finding('database/connect')).toMatchObject({
      status: 'skip',
      title: expect.stringContaining('/secrets/client.key'),
    });

    const unpaired = await check(
      local(url, { sslmode: 'require', sslcert, sslkey: await file('other.key', other.keyPem) }),
      {},
      OWN,
    );
    expect(unpaired.troubles).toEqual(['fail database/connect']);
    expect(unpaired.finding('database/connect').title).toContain('can’t be used');
  });

  test('TLS from the first byte on', async () => {
    const { cert, key } = await selfSigned({ names: ['localhost'] }).then(({ certPem, keyPem }) => ({
      cert: certPem,
      key: keyPem,
    }));
    const [new17, old16] = await Promise.all(
      [17, 16].map((version) => postgres({ version: version as 16 | 17, tls: { cert, key } })),
    );
    const direct = { sslmode: 'require', sslnegotiation: 'direct' };
    if (new17 === undefined || old16 === undefined) throw new Error('unreachable');
    expect((await check(local(await spacelift(new17), direct))).troubles).toEqual(['warn database/version']);
    expect((await check(local(await spacelift(old16), direct))).troubles).toEqual(['fail database/connect']);
  });
});
