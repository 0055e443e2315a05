/** Spacelift's own message queue, which needs only its database. */
import type { Context, Run } from '../../../src/engine/check.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip } from '../../../src/outcome/outcome.ts';
import { factsOf, rejectedStep, type Step, testName, tryInTransaction } from '../../database/index.ts';
import { databaseFinding } from '../../database/rules.ts';
import type { QueueRule } from '../rules.ts';

export async function run(context: Context<QueueRule>): Promise<void> {
  await context.dependsOn(databaseFinding('privileges'));
  // Sent together with the test of create-table, which saves a round trip; the result counts only if that test passes.
  const trying = context.options.readOnly || !context.selected('postgres') ? untried : tryQueue(context);
  trying.catch(() => {});
  await context.dependsOn(databaseFinding('create-table'));
  await context.check('postgres', () => trying);
}

const untried = Promise.resolve(
  skip('not tested: --read-only writes nothing', { fix: advice`run this tool without --read-only` }),
);

async function tryQueue(run: Run): Promise<Outcome> {
  const facts = await factsOf(run);
  const queue = `public.${testName(run, 'queue')}`;
  const dequeue = `SELECT id, body FROM ${queue} ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED`;
  const steps: [Step, ...Step[]] = [
    { does: 'create a queue', sql: `CREATE TABLE ${queue} (id bigint PRIMARY KEY, body text NOT NULL)` },
    { does: 'enqueue a message', sql: `INSERT INTO ${queue} VALUES (1, 'first ${run.id}'), (2, 'second ${run.id}')` },
    { does: 'dequeue a message', sql: dequeue },
    { does: 'delete a message', sql: `DELETE FROM ${queue} WHERE id = 1` },
    { does: 'dequeue the next message', sql: dequeue },
  ];
  const result = await tryInTransaction(run, facts, steps);
  if (result.failed !== undefined) return rejectedStep(run, facts, result);
  const received = [result.rows[2], result.rows[4]].map((rows) => rows?.[0]?.body);
  if (received[0] === `first ${run.id}` && received[1] === `second ${run.id}`) {
    return pass('PostgreSQL works as a message queue', {
      detail: 'Messages were enqueued, dequeued in order, and deleted; all of it was rolled back.',
    });
  }
  return fail('a queue in the database returned messages that differ from those enqueued', {
    expected: 'the two messages, in order',
    fix: advice`bypass any proxy that changes statements or rows`,
  });
}
