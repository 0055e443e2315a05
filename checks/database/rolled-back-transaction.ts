/** Transactions that test what Spacelift does and are always rolled back. */
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice, command, type Fix, identifier, sql } from '../../src/outcome/fix.ts';
import { fail, type Issue } from '../../src/outcome/outcome.ts';
import { lookup } from '../../src/util/lookup.ts';
import type { Facts } from './facts.ts';
import { poolerMessages, silentSessionMessages } from './pooler-messages.ts';
import type { Scene } from './scene.ts';
import { ServerError, sqlState } from './server-error.ts';
import { isInUrl } from './setting-sources.ts';

/** If a run is killed, its transaction ends on its own; no statement waits long for other sessions' locks. */
const BEGIN = `BEGIN; SET LOCAL lock_timeout = '3s'; SET LOCAL statement_timeout = '15s';
SET LOCAL idle_in_transaction_session_timeout = '30s';`;

/** One statement of the transaction. */
export interface Step {
  /** Completes "could not …": "create a table in schema public". */
  readonly does: string;
  readonly sql: string;
}

type Row = Record<string, unknown>;

export interface FailedStep {
  readonly failed: Step;
  readonly error: unknown;
}

export type TransactionResult = { readonly failed: undefined; readonly rows: readonly (readonly Row[])[] } | FailedStep;

/** Unique per run: no existing table is touched, and no other session sees this one, since nothing is committed. */
export const testName = (run: Pick<Run, 'id'>, what: string): string =>
  `spacelift_preflight_${what}_${run.id.replaceAll('-', '').slice(0, 16)}`;

/**
 * Runs the steps in one transaction, sent at once, and rolls it back.
 * @returns the rows of each step but the first, or the first step that failed
 */
export async function tryInTransaction(
  run: Run,
  facts: Facts,
  steps: readonly [Step, ...Step[]],
): Promise<TransactionResult> {
  await facts.answered;
  const [first, ...others] = steps;
  // One message: if the transaction can't start, nothing is created either.
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

/** Causes of failure despite sufficient privileges, by SQLSTATE. */
const HINDRANCES: Readonly<Record<string, StepMessages>> = {
  '08P01': {
    title: 'the pooler in front of the database does not allow transactions',
    expected: 'a direct connection, or a pooler in session mode',
    fix: advice`set pool_mode = session for this database, or connect directly, without the pooler`,
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
  '25P04': {
    title: 'transaction_timeout ends transactions too early',
    expected: 'no transaction_timeout, or at least 120 s: migrations can be slow',
    fix: advice`raise or remove transaction_timeout where it is set, for the role, the database or the server: ${sql`SELECT setting, source FROM pg_settings WHERE name = 'transaction_timeout';`}`,
  },
  '25006': {
    title: 'the database does not accept writes',
    expected: 'a primary that accepts writes',
    fix: advice`set the host in DATABASE_URL to the primary (the writer endpoint)`,
  },
};

/** The failure of a step. */
export function transactionIssue(step: Step, error: unknown, role: string): Issue {
  const code = sqlState(error);
  if (code === undefined || (error instanceof ServerError && error.refusal.kind === 'pooler'))
    return sessionOutcome(error);
  const words = lookup(HINDRANCES, code) ?? {
    title: `role "${role}" could not ${step.does} (SQLSTATE ${code})`,
    expected: `role "${role}" can ${step.does}`,
    fix: advice`see the server log for the reason; event triggers and extensions can reject such statements`,
  };
  const { title, ...more } = words;
  return fail(title, { ...more, evidence: { step: step.does, code }, cause: cause.database('trial', code) });
}

/** `query_canceled`: these queries take milliseconds, and nobody knows of them, so a timeout is the reason. */
const CANCELED = '57014';

function canceled({ url }: Scene): Issue {
  const lift = sql`ALTER ROLE ${identifier(url.user)} IN DATABASE ${identifier(url.database)} SET statement_timeout = '120s';`;
  return fail(`the database canceled a catalog query (SQLSTATE ${CANCELED})`, {
    detail: 'The usual cause is a statement_timeout of milliseconds where seconds were meant.',
    expected: 'no statement_timeout, or at least 120 s: migrations can be slow',
    fix: isInUrl('statement_timeout', url) ? advice`remove statement_timeout from DATABASE_URL` : command(lift),
    evidence: { code: CANCELED },
    cause: cause.database('session', CANCELED),
  });
}

/** The failure of a query because the session ended or the server rejected it. */
export function sessionOutcome(error: unknown): Issue {
  if (error instanceof NetworkError) {
    const evidence = { observed: error.kind };
    const itself = cause.database('session', error.kind);
    if (error.kind === 'timeout') {
      const { title, ...words } = silentSessionMessages(error.silentMs ?? 0);
      return fail(title, { ...words, evidence, cause: itself });
    }
    return fail('the database ended the session', {
      detail: 'The connection was closed during the session.',
      expected: 'a stable session',
      fix: advice`see the logs of the server and of any proxy or pooler in front of it`,
      evidence,
      cause: itself,
    });
  }
  if (error instanceof ServerError && error.refusal.kind === 'pooler' && error.scene !== undefined) {
    const { code, reason } = error.refusal;
    const { title, ...words } = poolerMessages(error.refusal, error.scene);
    return fail(title, { ...words, evidence: { code }, cause: cause.database('session', reason) });
  }
  if (error instanceof ServerError && error.refusal.kind === 'not-postgres') {
    return fail('the database connection stopped following the PostgreSQL protocol', {
      detail: 'The login succeeded, but later responses are not valid: a proxy or pooler in between alters them.',
      expected: 'unaltered responses from the database',
      fix: advice`use the server’s own host and port in DATABASE_URL, without the proxy or pooler, or take the proxy or pooler out of service`,
      evidence: { observed: 'not-postgres' },
      cause: cause.database('session', 'not-postgres'),
    });
  }
  const code = sqlState(error);
  if (code === undefined) throw error;
  if (code === CANCELED && error instanceof ServerError && error.scene !== undefined) return canceled(error.scene);
  const ended = ['57P01', '57P02', '57P03', '57P05', '25P03'].includes(code);
  return fail(
    ended
      ? `the database ended the session (SQLSTATE ${code})`
      : `the database rejected a catalog query (SQLSTATE ${code})`,
    {
      expected: ended ? 'a stable session' : 'readable catalog views, which is the default',
      fix: ended
        ? advice`see the server log: the server was stopped, or an administrator terminated the session`
        : advice`see the server log for the rejected statement`,
      evidence: { code },
      cause: cause.database('session', code),
    },
  );
}
