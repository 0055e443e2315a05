/** Does to a table of its own what Spacelift's migrations do, in one transaction that is rolled back. */
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import type { Facts } from './facts.ts';
import { type Step, trialName, trialOutcome, tryInTransaction } from './rolled-back-transaction.ts';

export async function tryTable(run: Run, facts: Facts): Promise<Outcome> {
  const name = trialName(run, 'table');
  const table = `public.${name}`;
  const steps: [Step, ...Step[]] = [
    {
      does: 'create a table in the schema public',
      sql: `CREATE TABLE ${table} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, body jsonb NOT NULL)`,
    },
    { does: 'add a column to its table', sql: `ALTER TABLE ${table} ADD COLUMN at timestamptz NOT NULL DEFAULT now()` },
    { does: 'create an index on its table', sql: `CREATE INDEX ON ${table} (at)` },
    { does: 'insert into its table', sql: `INSERT INTO ${table} (body) VALUES ('{"run": "${run.id}"}')` },
    { does: 'read from its table', sql: `SELECT body->>'run' AS run FROM ${table}` },
    { does: 'drop its table', sql: `DROP TABLE ${table}` },
  ];
  const trial = await tryInTransaction(run, facts, steps);
  if (trial.failed !== undefined) return trialOutcome(trial.failed, trial.error, (await facts.role).name);
  const read = trial.rows[4]?.[0]?.run;
  if (read === run.id)
    return pass('a table can be created and used', {
      detail: 'Created, altered, indexed, written, read, dropped; rolled back.',
    });
  return fail('a table gives back something else than was written to it', {
    expected: 'the row that was written',
    fix: advice`connect past whatever changes statements or rows on their way`,
  });
}

/** Whether a role without the attribute may create roles after all, as managed services arrange it. */
export async function mayCreateRole(run: Run, facts: Facts): Promise<boolean> {
  const trial = await tryInTransaction(run, facts, [
    { does: 'create a role', sql: `CREATE ROLE ${trialName(run, 'role')} NOLOGIN` },
  ]);
  return trial.failed === undefined;
}
