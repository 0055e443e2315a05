/** Runs what Spacelift's migrations run on a test table, in one transaction that is rolled back. */
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import type { Facts } from './facts.ts';
import { rejectedStep } from './rejected-step.ts';
import { type Step, testName, tryInTransaction } from './rolled-back-transaction.ts';

export async function tryTable(run: Run, facts: Facts): Promise<Outcome> {
  const name = testName(run, 'table');
  const table = `public.${name}`;
  const steps: [Step, ...Step[]] = [
    {
      does: 'create a table in schema public',
      sql: `CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb NOT NULL)`,
    },
    { does: 'add a column to its table', sql: `ALTER TABLE ${table} ADD COLUMN at timestamptz NOT NULL DEFAULT now()` },
    { does: 'create an index on its table', sql: `CREATE INDEX ON ${table} (at)` },
    { does: 'insert into its table', sql: `INSERT INTO ${table} (body) VALUES ('{"run": "${run.id}"}')` },
    { does: 'read from its table', sql: `SELECT body->>'run' AS run FROM ${table}` },
    { does: 'drop its table', sql: `DROP TABLE ${table}` },
  ];
  const result = await tryInTransaction(run, facts, steps);
  if (result.failed !== undefined) return rejectedStep(run, facts, result);
  const read = result.rows[4]?.[0]?.run;
  if (read === run.id)
    return pass('a table can be created and used', {
      detail: 'Created, altered, indexed, written, read, and dropped a table; rolled back.',
    });
  return fail('a table returned different data than was written to it', {
    expected: 'the row that was written',
    fix: advice`connect directly, without the proxy that changes statements or rows in transit`,
  });
}

/** Whether a role without CREATEROLE can create roles anyway, as on some managed services. */
export async function mayCreateRole(run: Run, facts: Facts): Promise<boolean> {
  const result = await tryInTransaction(run, facts, [
    { does: 'create a role', sql: `CREATE ROLE ${testName(run, 'role')} NOLOGIN` },
  ]);
  return result.failed === undefined;
}
