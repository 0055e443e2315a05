import { expect, test } from 'vitest';
import { knownPhase, phaseOf } from '../../checks/phase.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';
import { rule } from '../fakes.ts';
import type { Options } from '../support/preflight.ts';
import { preflight } from '../support/preflight.ts';
import { install, postgres, spacelift } from './database/support.ts';

/** A check that does nothing but ask. */
const asking = defineCheck({
  id: 'asking',
  title: 'Asking',
  rules: { phase: rule('it knows'), reason: rule('it knows why') },
  expects: () => ['phase', 'reason'],
  async run(context) {
    await context.check('phase', async () => pass(await phaseOf(context)));
    await context.check('reason', async () => pass((await knownPhase(context)).reason));
  },
});

const phase = async (url: string | undefined, options: Options = {}) =>
  (await preflight([asking], { DATABASE_URL: url }, options)).finding('asking/phase').title;

const reason = async (url: string | undefined, options: Options = {}) =>
  (await preflight([asking], { DATABASE_URL: url }, options)).finding('asking/reason').title;

test('auto: what the database shows', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  expect(await phase(url)).toBe('pre-install');
  expect(await reason(url)).toBe('the database does not contain Spacelift’s tables');
  await install(server, { schema: 'app' });
  expect(await reason(url)).toBe('the database contains Spacelift’s tables');
  expect(await phase(url)).toBe('post-install');
  await server.query('DROP SCHEMA app CASCADE', [], 'spacelift');
  await install(server, { owner: 'postgres' });
  expect(await phase(url)).toBe('post-install');
  expect(await phase(url, { phase: 'pre-install' })).toBe('pre-install');
});

test('auto: tables of other applications are no installation', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  for (const table of ['public.accounts', 'public.message_queue_messages']) {
    await server.query(`CREATE TABLE ${table} ()`, [], 'spacelift');
    expect(await phase(url)).toBe('pre-install');
    await server.query(`ALTER TABLE ${table} OWNER TO spacelift`, [], 'spacelift');
    expect(await phase(url)).toBe('pre-install');
    await server.query(`CREATE SCHEMA IF NOT EXISTS app; ALTER TABLE ${table} SET SCHEMA app`, [], 'spacelift');
    await server.query(`DROP SCHEMA app CASCADE`, [], 'spacelift');
  }
  await server.query(
    'CREATE SCHEMA app; CREATE TABLE app.accounts (); CREATE TABLE public.message_queue_messages ()',
    [],
    'spacelift',
  );
  expect(await phase(url)).toBe('pre-install');
});

test('a database that can’t be read counts as not installed', async () => {
  expect(await phase(undefined)).toBe('pre-install');
  expect(await phase('postgres://u:p@127.0.0.1:1/d')).toBe('pre-install');
  expect(await phase('postgres://u:p/x@h/d')).toBe('pre-install');
  expect(await phase(undefined, { phase: 'post-install' })).toBe('post-install');
});
