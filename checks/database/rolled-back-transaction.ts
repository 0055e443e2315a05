/** Transactions that try what Spacelift will do, and are always rolled back. */
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, type Fix } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import { lookup } from '../../src/util/lookup.ts';
import type { Facts } from './facts.ts';
import { ServerError, sqlState } from './server-error.ts';

/** What a killed run leaves hanging ends by itself, and nothing waits for another session's locks. */
const BEGIN = `BEGIN; SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '15s';
SET LOCAL idle_in_transaction_session_timeout = '30s';`;

/** One statement of a trial. */
export interface Step {
  /** Completes "may not …": "create a table in the schema public". */
  readonly does: string;
  readonly sql: string;
}

type Row = Record<string, unknown>;

export type Trial =
  | { readonly failed: undefined; readonly rows: readonly (readonly Row[])[] }
  | { readonly failed: Step; readonly error: unknown };

/** Unique to the run: nobody else's table is ever touched, and nobody sees this one, since nothing is committed. */
export const trialName = (run: Pick<Run, 'id'>, what: string): string =>
  `spacelift_preflight_${what}_${run.id.replaceAll('-', '').slice(0, 16)}`;

/**
 * Runs the steps in one transaction, sent at once, and rolls it back.
 * @returns the rows of each step but the first, or the first step that failed
 */
export async function tryInTransaction(run: Run, facts: Facts, steps: readonly [Step, ...Step[]]): Promise<Trial> {
  await facts.answered;
  const [first, ...others] = steps;
  // One message: where no transaction can begin, nothing is created either.
  const statements = [`${BEGIN} ${first.sql}`, ...others.map(({ sql }) => sql), 'ROLLBACK'];
  const results = await Promise.allSettled(facts.session.send<Row>(run, statements));
  run.signal.throwIfAborted();
  for (const [index, step] of steps.entries()) {
    const result = results[index];
    if (result?.status === 'rejected') return { failed: step, error: result.reason };
  }
  return {
    failed: undefined,
    rows: results.map((result) => (result.status === 'fulfilled' ? (result.value ?? []) : [])),
  };
}

interface StepMessages {
  readonly title: string;
  readonly expected: string;
  readonly fix: Fix;
}

/** By SQLSTATE, what hinders a role with the right privileges. */
const HINDRANCES: Readonly<Record<string, StepMessages>> = {
  '08P01': {
    title: 'the pooler in front of the database allows no transactions',
    expected: 'a direct connection, or a pooler in session mode',
    fix: advice`set pool_mode = session for this database, or connect past the pooler`,
  },
  '53100': {
    title: 'the database server’s disk is full',
    expected: 'free disk space',
    fix: advice`enlarge the server’s disk`,
  },
  '53200': {
    title: 'the database server is out of memory',
    expected: 'free memory',
    fix: advice`give the server more memory`,
  },
  '25006': {
    title: 'the database takes no writes',
    expected: 'a primary that takes writes',
    fix: advice`put the primary’s host (the writer endpoint) into DATABASE_URL`,
  },
};

/** The failure of a step. */
export function trialOutcome(step: Step, error: unknown, role: string): Issue {
  const code = sqlState(error);
  if (code === undefined) return sessionOutcome(error);
  const words = lookup(HINDRANCES, code) ?? {
    title: `${role} could not ${step.does} (SQLSTATE ${code})`,
    expected: `${role} may ${step.does}`,
    fix: advice`see the server’s log for its reason; event triggers and extensions can refuse such statements`,
  };
  const { title, ...more } = words;
  return fail(title, { ...more, evidence: { step: step.does, code }, cause: cause.database('trial', code) });
}

/** The failure of a question that the session or the server ended. */
export function sessionOutcome(error: unknown): Issue {
  if (error instanceof NetworkError) {
    const late = error.kind === 'timeout';
    return fail(late ? 'the database does not answer a question within 20 s' : 'the database ended the session', {
      detail: late
        ? 'The session was there; the server, or a proxy in front of it, went silent.'
        : 'The connection was closed in the middle of it.',
      expected: 'a session that lasts',
      fix: advice`see the server’s log, and that of a proxy or pooler in front of it`,
      evidence: { observed: error.kind },
      cause: cause.database('session', error.kind),
    });
  }
  if (error instanceof ServerError && error.refusal.kind === 'not-postgres') {
    return fail('what answers as the database stops speaking PostgreSQL’s protocol', {
      detail: 'The login went well, and what followed it makes no sense: something on the way changes it.',
      expected: 'the answers of the database as it sends them',
      fix: advice`put the server’s own host and port into DATABASE_URL: without the proxy or pooler, or take that out of service`,
      evidence: { observed: 'not-postgres' },
      cause: cause.database('session', 'not-postgres'),
    });
  }
  const code = sqlState(error);
  if (code === undefined) throw error;
  const ended = ['57P01', '57P02', '57P03', '57P05', '25P03'].includes(code);
  return fail(
    ended
      ? `the database ended the session (SQLSTATE ${code})`
      : `the database refuses a question about itself (SQLSTATE ${code})`,
    {
      expected: ended ? 'a session that lasts' : 'the catalogue’s views readable, as they are by default',
      fix: ended
        ? advice`see the server’s log: it was stopped, or somebody ended the session`
        : advice`see the server’s log for the statement that it refused`,
      evidence: { code },
      cause: cause.database('session', code),
    },
  );
}
