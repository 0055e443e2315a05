/** Whether a transaction pooler stands between: one that gives each transaction another backend. */
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import type { Facts } from './facts.ts';
import { openAnother } from './open.ts';
import { sqlState } from './server-error.ts';
import type { Session } from './session.ts';

const BACKEND = 'SELECT pg_backend_pid() AS pid';
const HOLD = ['BEGIN', BACKEND];
/** How long a pooler whose backends are all taken is waited for, ms. */
const PATIENCE_MS = 1_500;
/** Other sessions come in between, so that a single look can miss it. */
const LOOKS = 2;

/**
 * A server names its own process when a session begins. A transaction pooler can't: there is no backend yet, so it makes
 * a number up. Where the two differ, two further sessions see whether they keep their backends.
 */
export async function judgePooler(run: Run, { session, server }: Facts): Promise<Outcome> {
  if (session.process === (await server).process) {
    return pass('no pooler in between: the server itself holds the session');
  }
  const opening = ['a', 'b'].map(() => openAnother(run, session.url, 'DATABASE_URL'));
  const opened = (await Promise.allSettled(opening)).map((result) =>
    result.status === 'fulfilled' ? result.value : undefined,
  );
  const [first, second] = opened;
  try {
    if (first === undefined || second === undefined) return unsure;
    let shares: boolean | undefined = false;
    for (let look = 0; look < LOOKS && shares === false; look++) shares = await changeBackends(run, first, second);
    return shares === undefined ? unsure : outcomeOf(shares);
  } catch (error) {
    // In statement mode there are no transactions to hold a backend in, and the session may end before the refusal is
    // read. What that means for Spacelift, the table's trial tells.
    if (sqlState(error) === '08P01' || (error instanceof NetworkError && error.kind === 'closed')) return unsure;
    throw error;
  } finally {
    await Promise.all(opened.map((one) => one?.close()));
  }
}

const unsure = skip('a pooler or proxy is in between, and has no room for further sessions to look closer', {
  fix: advice`see its pool mode: migrations take session locks, which last in session mode only`,
});

function outcomeOf(shares: boolean): Outcome {
  const evidence = { transactionPooler: shares };
  if (!shares) return pass('a pooler or proxy in between keeps sessions together', { evidence });
  return warn('a transaction pooler stands between Spacelift and the database', {
    detail: 'Transactions of one session ran in different server processes: session locks and settings do not last.',
    expected: 'a direct connection, or a pooler in session mode: migrations take session locks',
    fix: advice`set pool_mode = session for this database (PgBouncer), or put the server’s own host and port into DATABASE_URL`,
    evidence,
  });
}

/**
 * Lets two sessions hold a backend each, give them back in turn, and ask for one again: whichever a pooler prefers, the
 * one given back last or first, one of them gets the other's. `undefined` when the pooler has no backends to give.
 */
async function changeBackends(run: Run, first: Session, second: Session): Promise<boolean | undefined> {
  const holding = backends(run, first, HOLD);
  if (await isLate(run, holding)) return undefined;
  const [mine] = await holding;
  const holdingToo = backends(run, second, HOLD);
  const waits = await isLate(run, holdingToo);
  await backends(run, first, ['ROLLBACK']);
  if (waits && (await isLate(run, holdingToo))) return undefined;
  const [yours] = await holdingToo;
  await backends(run, second, ['ROLLBACK']);
  if (mine === yours) return true;
  // One after the other: statements that are sent together stay together.
  for (const [session, before] of [
    [first, mine],
    [first, mine],
    [second, yours],
    [second, yours],
  ] as const) {
    const [now] = await backends(run, session, [BACKEND]);
    if (now !== before) return true;
  }
  return false;
}

async function isLate(run: Run, answer: Promise<unknown>): Promise<boolean> {
  return run
    .withTimeout(PATIENCE_MS, () => answer)
    .then(
      () => false,
      (error) => {
        if (error instanceof NetworkError && error.kind === 'timeout') return true;
        throw error;
      },
    );
}

async function backends(run: Run, session: Session, statements: readonly string[]): Promise<number[]> {
  const results = await Promise.all(session.send<{ pid?: number }>(run, statements));
  return results.flatMap((rows) => rows.flatMap(({ pid }) => pid ?? []));
}
