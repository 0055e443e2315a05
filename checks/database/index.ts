/** PostgreSQL: connection, login, and everything Spacelift needs from the server. */
import { defineCheck, type MaybeOutcome } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, skip } from '../../src/outcome/outcome.ts';
import { mayCreateRole, tryTable } from './create-table.ts';
import { type Facts, factsOf } from './facts.ts';
import {
  judgeClock,
  judgeConnections,
  judgeDedicated,
  judgeEncoding,
  judgePrivileges,
  judgeProduct,
  judgeSettings,
  judgeVersion,
  judgeWritable,
} from './judge.ts';
import { openDatabase, openReadOnly } from './open.ts';
import { judgePlaintext } from './plaintext.ts';
import { checkPooler } from './pooler.ts';
import { checkReadOnlyUrl, hasReplica, isAnotherUrl } from './read-only.ts';
import { sessionOutcome } from './rolled-back-transaction.ts';
import { RULES } from './rules.ts';
import { isServerError, ServerError } from './server-error.ts';
import { socketPath } from './socket.ts';

export { factsOf } from './facts.ts';
export { type Step, testName, transactionIssue, tryInTransaction } from './rolled-back-transaction.ts';

export const database = defineCheck({
  id: 'database',
  title: 'Database',
  rules: RULES,

  expects: (run) =>
    run.deployment.service === 'worker'
      ? []
      : Object.keys(RULES).filter((rule) => rule !== 'read-only' || hasReplica(run)),

  plan: async (run) => (await import('./plan.ts')).plan(run),

  async run(context) {
    const { check, gate, options, selected } = context;
    const judging = (how: (facts: Facts) => MaybeOutcome) => async (): Promise<Outcome> => {
      try {
        return await how(await factsOf(context));
      } catch (error) {
        if (isServerError(error)) return sessionOutcome(error);
        throw error;
      }
    };

    // Both logins take equally long, so they run at the same time.
    if ((selected('read-only') || selected('plaintext')) && isAnotherUrl(context))
      openReadOnly(context).catch(() => {});

    await gate('connect', async () => {
      const opened = await openDatabase(context);
      return 'outcome' in opened ? opened.outcome : judging(connected)();
    });
    await gate(
      'product',
      judging(async ({ product }) => judgeProduct(await product)),
    );

    const chain = async () => {
      await gate(
        'writable',
        judging(async ({ server, session }) => judgeWritable(await server, session.url.user)),
      );
      await gate(
        'privileges',
        judging(async (facts) => {
          const [role, server] = await Promise.all([facts.role, facts.server]);
          const createRole = role.createRole || (!options.readOnly && (await mayCreateRole(context, facts)));
          return judgePrivileges({ ...role, createRole }, server);
        }),
      );
      await check(
        'create-table',
        judging((facts) => (options.readOnly ? untried : tryTable(context, facts))),
      );
    };
    const results = await Promise.allSettled([
      chain(),
      check(
        'version',
        judging(async ({ server }) => judgeVersion(await server)),
      ),
      check(
        'dedicated',
        judging(async ({ tables, server, session }) => judgeDedicated(await tables, await server, session.url.user)),
      ),
      check(
        'plaintext',
        judging(async ({ session }) => {
          const reading = isAnotherUrl(context) ? await openReadOnly(context) : undefined;
          return judgePlaintext({
            DATABASE_URL: session,
            ...(reading !== undefined && 'session' in reading && { DATABASE_READ_ONLY_URL: reading.session }),
          });
        }),
      ),
      check(
        'encoding',
        judging(async ({ server, session }) => judgeEncoding(await server, session.url.user)),
      ),
      check(
        'pooler',
        judging((facts) => checkPooler(context, facts)),
      ),
      check(
        'connections',
        judging(async ({ load, tables, role, server }) =>
          judgeConnections(await load, await tables, await role, await server),
        ),
      ),
      check(
        'settings',
        judging(async ({ settings, role, server }) => judgeSettings(await settings, await role, await server)),
      ),
      check(
        'clock',
        judging(async ({ server, asked }) => judgeClock(await server, await asked)),
      ),
      hasReplica(context) &&
        check(
          'read-only',
          judging((facts) => checkReadOnlyUrl(context, facts)),
        ),
    ]);
    for (const result of results) if (result.status === 'rejected') throw result.reason;
  },
});

const untried = skip('not tested: --read-only writes nothing', { fix: advice`run this tool without --read-only` });

/** The summary line of the check when everything passes: "PostgreSQL 16.4 at db.internal:5432 over TLS 1.3". */
async function connected({ session, server }: Facts): Promise<Outcome> {
  const { endpoint, tls, url } = session;
  const { host, port } = endpoint;
  // Another product accepts the login but not this query.
  const what = await server.then(
    ({ version }) => `PostgreSQL ${version}`,
    (error: unknown) => {
      if (error instanceof NetworkError || (error instanceof ServerError && error.refusal.kind === 'pooler'))
        throw error;
      return 'a session';
    },
  );
  const way = host.startsWith('/')
    ? `at the socket ${socketPath(endpoint)}`
    : `at ${host}:${port} ${tls ? `over ${tls}` : 'without TLS'}`;
  return pass(`${what} ${way}`, {
    evidence: { host, port, database: url.database, user: url.user, sslmode: url.tls.mode, ...(tls && { tls }) },
  });
}
