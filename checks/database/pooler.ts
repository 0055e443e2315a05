/** Detects a transaction pooler, which can give each transaction a different backend. */
import type { Run } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip, warn } from '../../src/outcome/outcome.ts';
import type { Facts, Server } from './facts.ts';
import { openAnother } from './open.ts';
import { sqlState } from './server-error.ts';
import type { Session } from './session.ts';

const BACKEND = 'SELECT pg_backend_pid() AS pid';
const HOLD = ['BEGIN', BACKEND];
/** How long to wait for a pooler whose backends are all in use, in ms. */
const WAIT_MS = 1_500;
/** Other sessions can interfere, so one try can miss the pooler. */
const LOOKS = 2;

/** Whether the process that the session was told of at login is not the one that answers. */
export const isPooled = (session: Pick<Session, 'process'>, { process }: Pick<Server, 'process'>): boolean =>
  session.process !== process;

/**
 * A server reports its process ID when a session starts. A transaction pooler has no backend at that point, so it makes
 * one up. If the two differ, two more sessions show whether sessions keep their backends.
 */
export async function checkPooler(run: Run, { session, server }: Facts): Promise<Outcome> {
  if (!isPooled(session, await server)) {
    return pass('no pooler: the session is directly with the server');
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
    // In statement mode no transaction can hold a backend, and the session may end before the error is read. The
    // `create-table` rule reports what that means for Spacelift.
    if (sqlState(error) === '08P01' || (error instanceof NetworkError && error.kind === 'closed')) return unsure;
    throw error;
  } finally {
    await Promise.all(opened.map((one) => one?.close()));
  }
}

const unsure = skip('a pooler or proxy is in use, but it has no free connections for a closer test', {
  fix: advice`check its pool mode: migrations use session locks, which work only in session mode`,
});

function outcomeOf(shares: boolean): Outcome {
  const evidence = { transactionPooler: shares };
  if (!shares) return pass('the pooler or proxy keeps each session on one server process', { evidence });
  return warn('a transaction pooler is in front of the database', {
    detail: 'Transactions of one session ran in different server processes, so session locks and settings are lost.',
    expected: 'a direct connection, or a pooler in session mode: migrations use session locks',
    fix: advice`set pool_mode = session for this database (PgBouncer), or use the server’s own host and port in DATABASE_URL`,
    evidence,
  });
}

/**
 * Makes two sessions hold one backend each, release them in turn, and request one again: whether a pooler reuses the most
 * or the least recently released backend, one session gets the other's. `undefined` when no backends are free.
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
  // One at a time: statements that are sent together stay on the same backend.
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
    .withTimeout(WAIT_MS, () => answer)
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
