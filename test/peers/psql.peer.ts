/** Fixes in SQL, as the true psql executes them. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, onTestFinished, test } from 'vitest';
import { redactor } from '../../src/config/redact.ts';
import { command, identifier, literal, quoted, type Sql, sql } from '../../src/outcome/fix.ts';
import { fail } from '../../src/outcome/outcome.ts';
import { renderAs } from '../../src/report/index.ts';
import { makeReport } from '../../src/report/report.ts';
import { fakeCheck, runFakes } from '../fakes.ts';
import { DATABASE } from '../faults/database.ts';
import { describeFaults } from '../faults/harness.ts';
import { startPostgres } from '../services/postgres.ts';
import { ended, writePrograms } from '../support/programs.ts';
import { hasFix, trueClients } from './clients.ts';
import { program } from './install.ts';

const clients = trueClients();
afterAll(clients.remove);

describeFaults(DATABASE.filter(hasFix), clients);

/** Names that want to end a string, a document or a line of psql's. */
const ROLES = [
  "it's",
  'a"b',
  'SQL',
  '\\! touch owned',
  '$(touch owned)',
  ':x :"x"',
  'é’ $$ $x$',
  '--',
  "E'\\n",
] as const;

test('the script of fixes executes its SQL, and stops at the first error', async () => {
  const [server, folder] = await Promise.all([startPostgres(), mkdtemp(join(tmpdir(), 'preflight-script-'))]);
  onTestFinished(async () => void (await Promise.all([server.stop(), rm(folder, { recursive: true })])));
  const { command: psql, args, env } = program('psql');
  const settings = Object.entries(env).map(([name, value]) => `export ${name}=${quoted(value)}`);
  await writePrograms(folder, { psql: [...settings, `exec ${[psql, ...args].map(quoted).join(' ')} "$@"`].join('\n') });
  const play = async (statements: readonly Sql[]) => {
    const rules = statements.map((_, index) => `rule-${index}`);
    const check = fakeCheck('check', rules, async (context) => {
      for (const [index, statement] of statements.entries())
        await context.check(`rule-${index}`, () => fail('x', { fix: command(statement) }));
    });
    const about = { phase: 'pre-install', service: undefined, accept: new Map(), redact: redactor([]) } as const;
    const path = join(folder, 'fixes.sh');
    await writeFile(path, await renderAs(makeReport(await runFakes([check]), about), 'fixes'));
    return ended('bash', [path], {
      env: { PATH: `${folder}:${process.env.PATH}`, HOME: folder, ADMIN_DATABASE_URL: server.url() },
      cwd: folder,
    });
  };
  const rolesIn = async () => {
    const roles = await server.query<{ name: string; comment: string }>(
      `SELECT rolname AS name, shobj_description(oid, 'pg_authid') AS comment FROM pg_roles WHERE shobj_description(oid, 'pg_authid') IS NOT NULL`,
    );
    return roles.map(({ name, comment }) => [name, comment]).toSorted();
  };

  const made = await play(
    ROLES.flatMap((role) => [
      sql`CREATE ROLE ${identifier(role)};`,
      sql`COMMENT ON ROLE ${identifier(role)} IS ${literal(role)};`,
    ]),
  );
  expect(made).toMatchObject({ code: 0, stderr: '' });
  expect(await rolesIn()).toEqual(ROLES.map((role) => [role, role]).toSorted());

  const [first, second] = [sql`CREATE ROLE it_is_there_already;`, sql`CREATE ROLE never;`];
  await server.query('CREATE ROLE it_is_there_already');
  const stopped = await play([first, second]);
  expect(stopped).toMatchObject({ code: 3, stdout: '' });
  expect(await server.query(`SELECT FROM pg_roles WHERE rolname = 'never'`)).toEqual([]);
});
