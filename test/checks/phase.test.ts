import { expect, test } from 'vitest';
import { phaseOf } from '../../checks/phase.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { pass } from '../../src/outcome/outcome.ts';
import { rule } from '../fakes.ts';
import type { Options } from '../support/preflight.ts';
import { preflight } from '../support/preflight.ts';
import { postgres, spacelift } from './database/support.ts';

/** A check that does nothing but ask. */
const asking = defineCheck({
  id: 'asking',
  title: 'Asking',
  rules: { phase: rule('it knows') },
  expects: () => ['phase'],
  async run(context) {
    await context.check('phase', async () => pass(await phaseOf(context)));
  },
});

const phase = async (url: string | undefined, options: Options = {}) =>
  (await preflight([asking], { DATABASE_URL: url }, options)).finding('asking/phase').title;

test('auto: what the database shows', async () => {
  const server = await postgres();
  const url = await spacelift(server);
  expect(await phase(url)).toBe('pre-install');
  await server.query('CREATE SCHEMA app; CREATE TABLE app.message_queue_messages ()', [], 'spacelift');
  expect(await phase(url)).toBe('post-install');
  await server.query('DROP SCHEMA app CASCADE; CREATE TABLE public.accounts ()', [], 'spacelift');
  expect(await phase(url)).toBe('post-install');
  expect(await phase(url, { phase: 'pre-install' })).toBe('pre-install');
});

test('a database that can’t be read counts as not installed', async () => {
  expect(await phase(undefined)).toBe('pre-install');
  expect(await phase('postgres://u:p@127.0.0.1:1/d')).toBe('pre-install');
  expect(await phase('postgres://u:p/x@h/d')).toBe('pre-install');
  expect(await phase(undefined, { phase: 'post-install' })).toBe('post-install');
});
