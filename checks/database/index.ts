/** PostgreSQL: connection, login, and everything Spacelift needs from the server. */
import { defineCheck, type MaybeOutcome } from '../../src/engine/check.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, pass, skip } from '../../src/outcome/outcome.ts';
import { actingAs } from './acting.ts';
import { judgeConnections } from './connections.ts';
import { mayCreateRole, tryTable } from './create-table.ts';
import { deniedOutcome, isDenied } from './denied.ts';
import { type Facts, factsOf, ifReadable } from './facts.ts';
import { judgeClock, judgeProduct, judgeVersion } from './judge.ts';
import { judgeDedicated, judgeEncoding } from './new-database.ts';
import { openDatabase, openReadOnly } from './open.ts';
import { judgeOwnership } from './ownership.ts';
import { judgePlaintext } from './plaintext.ts';
import { checkPooler, isPooled } from './pooler.ts';
import { judgePrivileges } from './privileges.ts';
import { checkReadOnlyUrl, hasReplica, isAnotherUrl } from './read-only.ts';
import { sessionOutcome } from './rolled-back-transaction.ts';
import { type DatabaseRule, RULES } from './rules.ts';
import { isServerError, ServerError } from './server-error.ts';
import { judgeSettings } from './settings.ts';
import { socketPath } from './socket.ts';
import { judgeWritable } from './writable.ts';

export { factsOf } from './facts.ts';
export { rejectedStep } from './rejected-step.ts';
export { type Step, testName, tryInTransaction } from './rolled-back-transaction.ts';

export const database = defineCheck({
  id: 'database',
  title: 'Database',
  rules: RULES,
  variable: 'DATABASE_URL',

  expects: (run) =>
    run.deployment.service === 'worker'
      ? []
      : Object.keys(RULES).filter((rule) => rule !== 'read-only' || hasReplica(run)),

  plan: async (run) => (await import('./plan.ts')).plan(run),
  planned: async () => (await import('./planned.ts')).plannedFindings,

  async run(context) {
    const { check, gate, options, selected, deployment } = context;
    const judging = (how: (facts: Facts) => MaybeOutcome) => async (): Promise<Outcome> => {
      let facts: Facts | undefined;
      try {
        facts = await factsOf(context);
        return await how(facts);
      } catch (error) {
        if (facts !== undefined && isDenied(error)) return deniedOutcome(error, await deniedRole(error, facts));
        if (isServerError(error)) return sessionOutcome(error);
        throw error;
      }
    };
    /** Like `gate`, but not for a skip: what the role is not allowed to read is no condition for the rest. */
    const unlessFailed = async (rule: DatabaseRule, how: (facts: Facts) => MaybeOutcome) => {
      const outcome = await check(rule, judging(how));
      if (outcome.status === 'fail') throw new CheckStopped(outcome);
    };

    // Both logins take equally long, so they run at the same time.
    if ((selected('read-only') || selected('plaintext')) && isAnotherUrl(context))
      openReadOnly(context).catch(() => {});

    await gate('connect', async () => {
      const opened = await openDatabase(context);
      if ('outcome' in opened) return opened.outcome;
      return opened.warning ?? judging(connected)();
    });
    await unlessFailed('product', async ({ product }) => judgeProduct(await product, deployment.release));

    const owning = unlessFailed('ownership', async (facts) => {
      const [owners, role, server] = await Promise.all([facts.owners, facts.role, facts.server]);
      return judgeOwnership(owners, role, server, actingAs(server, facts.session.url));
    });
    const chain = async () => {
      await unlessFailed('writable', async ({ server, settings, overrides, session }) =>
        judgeWritable(await server, session.url, async () => ({
          settings: await ifReadable(settings),
          overrides: await ifReadable(overrides),
          url: session.url,
          isPooled: isPooled(session, await server),
        })),
      );
      await owning;
      await unlessFailed('privileges', async (facts) => {
        const [role, server] = await Promise.all([facts.role, facts.server]);
        const createRole = role.createRole || (!options.readOnly && (await mayCreateRole(context, facts)));
        return judgePrivileges({ ...role, createRole }, server, actingAs(server, facts.session.url));
      });
      await check(
        'create-table',
        judging((facts) => (options.readOnly ? untried : tryTable(context, facts))),
      );
    };
    const surroundings = async ({ databases, overrides }: Facts) => ({
      databases: await ifReadable(databases),
      overrides: await ifReadable(overrides),
    });
    const results = await Promise.allSettled([
      owning,
      chain(),
      check(
        'version',
        judging(async ({ server }) => judgeVersion(await server, deployment.release)),
      ),
      check(
        'dedicated',
        judging(async (facts) => judgeDedicated(await facts.tables, await facts.server, await surroundings(facts))),
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
        judging(async (facts) => judgeEncoding(await facts.server, await surroundings(facts))),
      ),
      check(
        'pooler',
        judging((facts) => checkPooler(context, facts)),
      ),
      check(
        'connections',
        judging(async ({ load, tables, server, settings }) =>
          judgeConnections(await load, await tables, await server, await ifReadable(settings)),
        ),
      ),
      check(
        'settings',
        judging(async ({ settings, overrides, path, role, server, tables, owners, session }) => {
          const [known, acts] = [await server, await role];
          return judgeSettings(
            {
              settings: await settings,
              overrides: await ifReadable(overrides),
              path: await path,
              role: acts,
              server: known,
              tables: (await ifReadable(tables)) ?? { schema: null },
              ownedByOthers: ((await ifReadable(owners))?.owners.length ?? 0) > 0,
              url: session.url,
              isPooled: isPooled(session, known),
            },
            actingAs(known, session.url),
          );
        }),
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

/** The role that a permission is missing for: the one that acts, or that of another URL. */
async function deniedRole(error: unknown, { server, session: { url } }: Facts): Promise<string> {
  const asked = error instanceof ServerError ? (error.scene?.url ?? url) : url;
  if (asked !== url) return asked.user;
  return server.then(
    ({ role }) => role,
    () => url.user,
  );
}

/** The summary line of the check when everything passes: "PostgreSQL 16.4 at db.internal:5432 over TLS 1.3". */
async function connected({ session, server }: Facts): Promise<Outcome> {
  const { endpoint, tls, url } = session;
  const { host, port } = endpoint;
  // Another product accepts the login but not this query.
  const known = await server.catch((error: unknown) => {
    // A pooler accepts logins although no server is behind it.
    const isSilent = error instanceof NetworkError && error.kind === 'timeout';
    if (isSilent || (error instanceof ServerError && error.refusal.kind === 'pooler')) throw error;
    return undefined;
  });
  const what = known === undefined ? 'a session' : `PostgreSQL ${known.version}`;
  const others =
    known === undefined || actingAs(known, url) === undefined ? {} : { login: known.login, role: known.role };
  const way = host.startsWith('/')
    ? `at the socket ${socketPath(endpoint)}`
    : `at ${host}:${port} ${tls ? `over ${tls}` : 'without TLS'}`;
  return pass(`${what} ${way}`, {
    evidence: {
      host,
      port,
      database: url.database,
      user: url.user,
      ...others,
      sslmode: url.tls.mode,
      ...(tls && { tls }),
    },
  });
}
