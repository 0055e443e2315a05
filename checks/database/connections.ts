/** Whether enough connections are free. */
import { identifier, sql } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { plural } from '../../src/util/format.ts';
import { asMemberOf } from './administrator.ts';
import type { Load, Server, Settings, Tables } from './facts.ts';
import { MANAGED } from './setting-sources.ts';
import { fixOf, type Step } from './steps.ts';

const FREE_CONNECTIONS = 20;
/** The default of `max_connections`. */
const DEFAULT_CONNECTIONS = 100;

/** @param settings `undefined` if the role is not allowed to read them */
export function judgeConnections(
  load: Load,
  { installed }: Tables,
  { database, login, role }: Server,
  settings: Settings | undefined,
): Outcome {
  const { maximum, reserved, roleLimit, databaseLimit, superuser } = load;
  // Connections that a running Spacelift already holds remain available to it.
  const own = installed ? { all: load.usedByRole, here: load.usedByRoleInDatabase } : { all: 0, here: 0 };
  // Only the server-wide limit applies to superusers; -1 means no limit.
  const within = (limit: number, used: number) =>
    limit < 0 || superuser ? Number.POSITIVE_INFINITY : Math.max(0, limit - used);
  const inServer = Math.max(0, maximum - (superuser ? 0 : reserved) - (load.used - own.all));
  const limits = [
    { of: 'max_connections', free: inServer, steps: moreConnections(maximum, inServer, settings) },
    {
      of: `the role ${login}`,
      free: within(roleLimit, load.usedByRole - own.all),
      steps: [sql`ALTER ROLE ${identifier(login)} CONNECTION LIMIT -1;`],
    },
    {
      of: `the database ${database}`,
      free: within(databaseLimit, load.usedInDatabase - own.here),
      steps: [asMemberOf(role), sql`ALTER DATABASE ${identifier(database)} CONNECTION LIMIT -1;`],
    },
  ];
  const free = Math.min(...limits.map((limit) => limit.free));
  const tight = limits.filter((limit) => limit.free < FREE_CONNECTIONS).toSorted((a, b) => a.free - b.free);
  const evidence = { free, limit: limits.find((limit) => limit.free === free)?.of ?? '', maximum, used: load.used };
  if (tight.length === 0) return pass(`${free} connections are free`, { evidence });
  return warn(
    `only ${plural(free, 'connection')} ${free === 1 ? 'is' : 'are'} free for role "${login}" (limited by ${tight[0]?.of})`,
    {
      expected: `${FREE_CONNECTIONS} or more: server, drain and scheduler each keep a connection pool`,
      fix: fixOf(tight.flatMap(({ steps }) => steps)),
      evidence,
    },
  );
}

/** ALTER SYSTEM changes a file, which the command line outranks. */
function moreConnections(maximum: number, free: number, settings: Settings | undefined): Step[] {
  const wanted = Math.max(DEFAULT_CONNECTIONS, maximum + FREE_CONNECTIONS - free);
  const { source, file } = settings?.named.max_connections ?? {};
  if (source === 'command line') {
    return [`as an administrator of the server, set max_connections=${wanted} in its command line, and restart it`];
  }
  if (settings?.alterSystem === false) {
    const where = `in ${file ?? 'postgresql.conf'} or in the server’s operator (allow_alter_system is off)`;
    return [`as an administrator of the server, set max_connections = ${wanted} ${where}, and restart it`];
  }
  return [sql`ALTER SYSTEM SET max_connections = ${wanted};`, `restart the server, ${MANAGED}`];
}
