/** Each way of pgx to ask for TLS, against each kind of certificate. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Party } from '../../../src/config/options.ts';
import type { PostgresOptions } from '../../services/postgres.ts';
import { type Certificate, type IssueOptions, makeCa, selfSigned } from '../../services/tls.ts';
import { source } from '../../support/preflight.ts';
import type { Arrange, Fault } from '../fault.ts';
import { parameters, server } from './arrange.ts';

const CONNECT = ['database/connect'];
const DAY = 86_400_000;
const ca = await makeCa({ name: 'Corp CA' });
const other = await makeCa({ name: 'Another CA' });
const CAS = Buffer.from(JSON.stringify({ caCertificates: [Buffer.from(ca.certPem).toString('base64')] }));

const issued = async (options: IssueOptions) => {
  const { chainPem, keyPem } = await ca.issue(options);
  return { certPem: chainPem, keyPem };
};

/** A server with this certificate, and a URL with this sslmode; the corporate authority is trusted unless told. */
const tls = (
  sslmode: string,
  make: Promise<Certificate> | (() => Promise<Certificate>) = () => issued({ names: ['localhost'] }),
  { trusted = true, ...options }: PostgresOptions & { trusted?: boolean } = {},
): Arrange =>
  server(
    async () => {
      const { certPem, keyPem } = await (typeof make === 'function' ? make() : make);
      return { tls: { cert: certPem, key: keyPem }, ...options };
    },
    { params: { sslmode } },
    () => ({ variables: trusted ? { ADDITIONAL_ROOT_CAS: CAS.toString('base64') } : {} }),
  );

/** Files that the URL names by these parameters, for as long as the fault lasts; the caller's own, unless told. */
const withFiles =
  (
    arrange: Arrange,
    files: Readonly<Record<string, () => string | Promise<string>>>,
    trust: Party = 'process',
  ): Arrange =>
  async (there) => {
    const directory = await mkdtemp(join(tmpdir(), 'preflight-faults-'));
    const { variables, undo, ...rest } = await arrange(there);
    const url = new URL(variables?.DATABASE_URL ?? '');
    for (const [name, content] of Object.entries(files)) {
      const path = join(directory, `${name}.pem`);
      await writeFile(path, await content());
      url.searchParams.set(name, path);
    }
    const changed = { ...there.variables, ...variables, DATABASE_URL: url.href };
    return {
      ...rest,
      variables: changed,
      sources: [source(changed, 'all', { trust })],
      undo: async () => {
        await undo?.();
        await rm(directory, { recursive: true });
      },
    };
  };

const EXPIRED = () =>
  issued({ names: ['localhost'], notBefore: new Date('2020-01-01'), notAfter: new Date('2021-01-01') });
const CLIENT_CERTIFICATES = { ca: ca.certPem, hba: ['hostssl all all all cert'] };

export const TLS: readonly Fault[] = [
  {
    name: 'TLS required of a server without',
    arrange: parameters({ sslmode: 'require' }),
    fail: CONNECT,
    says: /^127\.0\.0\.1:\d+ does not support TLS, but sslmode=require in DATABASE_URL requires it$/m,
  },
  {
    name: 'sslmode=verify-full and a database certificate of an authority that nobody trusts',
    arrange: tls('verify-full', undefined, { trusted: false }),
    fail: CONNECT,
    says: /^TLS to localhost:\d+ failed: its certificate is signed by Corp CA, a certificate authority \(CA\) that is not trusted here$/m,
  },
  {
    name: 'sslmode=verify-ca and a self-signed database certificate',
    arrange: tls('verify-ca', () => selfSigned({ names: ['localhost'] })),
    fail: CONNECT,
    says: /^TLS to localhost:\d+ failed: its certificate is self-signed and not trusted here$/m,
  },
  {
    name: 'sslmode=verify-full and an expired database certificate',
    arrange: tls('verify-full', EXPIRED),
    fail: CONNECT,
    says: /^TLS to localhost:\d+ failed: its certificate expired on 2021-01-01$/m,
  },
  {
    name: 'sslmode=verify-ca and a database certificate that is not valid yet',
    arrange: tls('verify-ca', () => issued({ names: ['localhost'], notBefore: new Date(Date.now() + 10 * DAY) })),
    fail: CONNECT,
    says: /^TLS to localhost:\d+ failed: its certificate is not valid until \d{4}-\d\d-\d\d$/m,
  },
  {
    name: 'sslmode=verify-full and a database certificate of another name',
    arrange: tls('verify-full', () => issued({ names: ['db.corp.internal', '10.0.0.7'] })),
    fail: CONNECT,
    says: /failed: its certificate is for db\.corp\.internal, 10\.0\.0\.7, not for localhost$/m,
  },
  {
    name: 'a database certificate with its name in the subject only, which Go does not read',
    arrange: tls('verify-full', () => issued({ names: [], commonName: 'localhost' })),
    fail: CONNECT,
    says: /failed: its certificate is for no name, not for localhost$/m,
  },
  {
    name: 'a database that speaks TLS 1.1 at most',
    arrange: tls('require', undefined, {
      settings: { ssl_min_protocol_version: 'TLSv1', ssl_max_protocol_version: 'TLSv1.1' },
    }),
    fail: CONNECT,
    says: /^TLS to localhost:\d+ failed: it does not support a TLS version that is in use here$/m,
  },
  {
    name: 'a database that admits TLS only, and sslmode=disable',
    arrange: tls('disable', undefined, { hba: ['hostssl all all all scram-sha-256'] }),
    fail: CONNECT,
    says: /no pg_hba\.conf rule at localhost:\d+ allows role "spacelift" for database "spacelift" from here without TLS\n.*not encrypted \(sslmode=disable\)/,
  },
  {
    name: 'a database that admits no TLS, and sslmode=require',
    arrange: tls('require', undefined, { hba: ['hostnossl all all all scram-sha-256'] }),
    fail: CONNECT,
    says: /no pg_hba\.conf rule at localhost:\d+ allows role "spacelift" for database "spacelift" from here over TLS/,
  },
  {
    name: 'a database that asks for a client certificate',
    arrange: tls('require', undefined, CLIENT_CERTIFICATES),
    fail: CONNECT,
    says: /^localhost:\d+ requires a client certificate for role "spacelift"$/m,
  },
  {
    name: 'a client certificate for the database with the key of another',
    arrange: withFiles(tls('require', undefined, CLIENT_CERTIFICATES), {
      sslcert: () => ca.certPem,
      sslkey: () => other.keyPem,
    }),
    fail: CONNECT,
    says: /^the client certificate in DATABASE_URL can’t be used$/m,
  },
  {
    name: 'sslrootcert of another authority',
    arrange: withFiles(tls('verify-full'), { sslrootcert: () => other.certPem }),
    fail: CONNECT,
    says: /failed: its certificate is signed by Corp CA, a certificate authority \(CA\) that is not trusted here$/m,
  },
  {
    name: 'TLS from the first byte, and a server before PostgreSQL 17',
    arrange: server(
      async () => {
        const { certPem, keyPem } = await issued({ names: ['localhost'] });
        return { tls: { cert: certPem, key: keyPem } };
      },
      { params: { sslmode: 'require', sslnegotiation: 'direct' } },
    ),
    fail: CONNECT,
    says: /sslnegotiation=direct/,
  },
  { name: 'a private authority in ADDITIONAL_ROOT_CAS, and sslmode=verify-full', arrange: tls('verify-full') },
  {
    name: 'a private authority in --ca-file, and sslmode=verify-full',
    arrange: tls('verify-full', undefined, { trusted: false }),
    options: { authorities: ca.certPem },
  },
  {
    name: 'a private authority in sslrootcert, and sslmode=verify-full',
    arrange: withFiles(tls('verify-full', undefined, { trusted: false }), { sslrootcert: () => ca.certPem }),
  },
  {
    name: 'sslrootcert of another authority in a config, which is a file of Spacelift’s container, and --ca-file',
    arrange: withFiles(
      tls('verify-full', undefined, { trusted: false }),
      { sslrootcert: () => other.certPem },
      'config',
    ),
    options: { authorities: ca.certPem },
  },
  {
    name: 'a client certificate that the database accepts',
    arrange: async (there) => {
      const own = await ca.issue({ names: [], commonName: 'spacelift', clientAuth: true });
      const files = { sslcert: () => own.certPem, sslkey: () => own.keyPem };
      return withFiles(tls('require', undefined, CLIENT_CERTIFICATES), files)(there);
    },
  },
  {
    name: 'a database password in clear text, over TLS',
    arrange: tls('prefer', undefined, { hba: ['host all all all password'] }),
  },
  { name: 'sslmode=require and an expired database certificate', arrange: tls('require', EXPIRED) },
  {
    name: 'sslmode=prefer and a self-signed database certificate of another name',
    arrange: tls('prefer', () => selfSigned({ names: ['elsewhere'] }), { trusted: false }),
  },
  {
    name: 'sslmode=verify-ca and a database certificate of another name',
    arrange: tls('verify-ca', () => issued({ names: ['db.corp.internal'] })),
  },
  {
    name: 'sslmode=allow and a database that admits TLS only',
    arrange: tls('allow', undefined, { hba: ['hostssl all all all scram-sha-256'] }),
  },
];
