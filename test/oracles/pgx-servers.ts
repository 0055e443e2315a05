/** The servers that generated database URLs lead to: PostgreSQL with and without TLS, and PgBouncer. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startPgbouncer } from '../peers/pgbouncer.ts';
import { type PostgresServer, startPostgres } from '../services/postgres.ts';
import { makeCa } from '../services/tls.ts';

/** The roles, by the way in which they log in; the password that the server stores. */
export const ROLES = {
  spacelift: 'pl%a/i#n:se@cret?&=+',
  'sa@project.iam': 'pla@in',
  digest: 'by md5',
  clear: 'sent as it is',
  trusted: '',
  certified: '',
  encrypted: 'over tls only',
  guarded: 'without tls only',
  'name with ü': 'pässwörd',
  compatible: 'x²',
  spaces: 'a\u00a0b',
  modern: '😀²',
  decomposed: 'e\u0301a\u0308',
} as const;

const HBA = [
  'all all digest all md5',
  'all all clear all password',
  'all all trusted all trust',
  'ssl all certified all cert',
  'nossl all encrypted all reject',
  'ssl all guarded all reject',
  'all all all all scram-sha-256',
];

/** Only TCP has TLS. */
const hbaLines = (tls: boolean): string[] =>
  HBA.flatMap((line) => {
    const [kind = '', ...rest] = line.split(' ');
    const [database, role, , ...method] = rest;
    const lines = kind === 'all' ? [`local ${database} ${role} ${method.join(' ')}`] : [];
    const tcp = { all: 'host', ssl: 'hostssl', nossl: 'hostnossl' }[kind];
    return kind === 'ssl' && !tls ? lines : [...lines, `${tcp} ${rest.join(' ')}`];
  });

export interface Servers {
  /** Ports by name. */
  readonly ports: { readonly plain: number; readonly tls: number; readonly other: number; readonly pooler: number };
  /** The directory of the Unix socket of `plain`. */
  readonly socketDirectory: string;
  /** Paths of PEM files by name: authorities, a client certificate and its key, and what is none of these. */
  readonly files: Readonly<
    Record<'authority' | 'anotherAuthority' | 'certificate' | 'key' | 'passwords' | 'services', string>
  >;
  stop(): Promise<void>;
}

async function prepare(server: PostgresServer): Promise<void> {
  await server.query("SET password_encryption = 'scram-sha-256'");
  for (const [role, password] of Object.entries(ROLES)) {
    const stored = role === 'digest' ? 'md5' : 'scram-sha-256';
    const name = `"${role}"`;
    const secret = `'${password.replaceAll("'", "''")}'`;
    await server.query(
      `SET password_encryption = '${stored}'; CREATE ROLE ${name} LOGIN PASSWORD ${password === '' ? 'NULL' : secret}`,
    );
    await server.query(`CREATE DATABASE ${name} OWNER ${name}`);
  }
  await server.query('CREATE ROLE "no-login"; CREATE ROLE member; GRANT member TO spacelift');
  await server.query('ALTER ROLE digest SET default_transaction_read_only = on');
}

export async function startServers(): Promise<Servers> {
  const [ca, another] = await Promise.all([makeCa(), makeCa({ name: 'Another authority' })]);
  const own = await ca.issue({ names: ['localhost', '127.0.0.1'] });
  const elsewhere = await ca.issue({ names: ['db.example.com'] });
  const client = await ca.issue({ names: ['certified'], commonName: 'certified', clientAuth: true });
  const pem = ({ chainPem, keyPem }: typeof own) => ({ cert: chainPem, key: keyPem });
  const [plain, tls, other] = await Promise.all([
    startPostgres({ hba: hbaLines(false), ipv6: true }),
    startPostgres({ hba: hbaLines(true), tls: pem(own), ca: ca.certPem }),
    startPostgres({ hba: hbaLines(true), tls: pem(elsewhere), ca: ca.certPem, version: 18 }),
  ]);
  for (const server of [plain, tls, other]) await prepare(server);
  const users = { user: 'spacelift', password: ROLES.spacelift, database: 'spacelift' };
  const pooler = await startPgbouncer(plain.url(users), 'session', ['auth_type = scram-sha-256']);
  const directory = await mkdtemp(join(tmpdir(), 'preflight-pgx-'));
  const contents = {
    authority: ca.certPem,
    anotherAuthority: another.certPem,
    certificate: client.certPem,
    key: client.keyPem,
    passwords: [
      '# host:port:database:user:password',
      'nowhere:*:*:*:wrong',
      `127.0.0.1:*:*:spacelift:${ROLES.spacelift.replaceAll(':', '\\:')}`,
      `localhost:*:*:digest:${ROLES.digest}`,
      `*:*:*:clear:${ROLES.clear}`,
    ].join('\n'),
    services: [
      '[plain]',
      'host=127.0.0.1',
      `port=${plain.port}`,
      'user=trusted',
      '',
      '[digest]',
      'user = digest',
      'dbname = digest',
    ].join('\n'),
  };
  const files = Object.fromEntries(Object.keys(contents).map((name) => [name, join(directory, name)]));
  await Promise.all(Object.entries(contents).map(([name, text]) => writeFile(join(directory, name), text)));
  return {
    ports: { plain: plain.port, tls: tls.port, other: other.port, pooler: Number(new URL(pooler.url).port) },
    socketDirectory: plain.socketDirectory,
    files: files as Servers['files'],
    stop: async () => {
      await pooler.stop();
      await Promise.all([plain, tls, other].map((server) => server.stop()));
      await rm(directory, { recursive: true });
    },
  };
}
