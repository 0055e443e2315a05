/** Why the server rejects a step of a test although the role's privileges suffice; asked only after a failure. */
import type { Run } from '../../src/engine/check.ts';
import { advice, command, identifier, sql } from '../../src/outcome/fix.ts';
import type { Issue } from '../../src/outcome/outcome.ts';
import { asMemberOf } from './administrator.ts';
import type { Facts } from './facts.ts';
import { type FailedStep, transactionIssue } from './rolled-back-transaction.ts';
import { isServerError, sqlState } from './server-error.ts';

interface Obstacles {
  /** The default tablespace, if the role lacks CREATE on it. */
  readonly tablespace: string | null;
  /** Whether the role's default privileges deny it the use of its own new tables. */
  readonly defaults: boolean;
  /** The enabled event triggers. */
  readonly triggers: readonly string[];
}

/** Default privileges can take something from the owner only where they are for all schemas (manual, ALTER DEFAULT PRIVILEGES). */
const OBSTACLES = `SELECT json_build_object(
  'tablespace', (SELECT spcname FROM pg_tablespace WHERE spcname = current_setting('default_tablespace')
    AND NOT has_tablespace_privilege(oid, 'CREATE')),
  'defaults', EXISTS (SELECT FROM pg_default_acl d JOIN pg_roles r ON r.oid = d.defaclrole AND r.rolname = current_user
    WHERE d.defaclobjtype = 'r' AND d.defaclnamespace = 0 AND 4 > (SELECT count(DISTINCT privilege_type)
      FROM aclexplode(d.defaclacl) WHERE grantee = r.oid AND privilege_type IN ('SELECT', 'INSERT', 'UPDATE', 'DELETE'))),
  'triggers', (SELECT coalesce(json_agg(evtname ORDER BY evtname), '[]') FROM pg_event_trigger
    WHERE evtenabled IN ('O', 'A'))) AS facts`;

/** The failure of a step, with its reason if the catalog shows one. */
export async function rejectedStep(run: Run, facts: Facts, { failed, error }: FailedStep): Promise<Issue> {
  // Who is not allowed to use the catalog has no facts either.
  const role = await facts.server.then(
    (server) => server.role,
    () => facts.session.url.user,
  );
  const issue = transactionIssue(failed, error, role);
  const code = sqlState(error);
  if (code === undefined || !(code === '42501' || code.startsWith('P0'))) return issue;
  const obstacles = await obstaclesOf(run, facts);
  return obstacles === undefined ? issue : { ...issue, ...reasonIn(obstacles, failed.sql, code, role) };
}

async function obstaclesOf(run: Run, { session }: Facts): Promise<Obstacles | undefined> {
  try {
    const [row] = await session.query<{ facts: Obstacles }>(run, OBSTACLES);
    return row?.facts;
  } catch (error) {
    // It only explains the failure.
    if (isServerError(error)) return undefined;
    throw error;
  }
}

function reasonIn(
  { tablespace, defaults, triggers }: Obstacles,
  statement: string,
  code: string,
  role: string,
): Pick<Issue, 'detail' | 'fix'> | undefined {
  const name = identifier(role);
  if (code === '42501' && statement.startsWith('CREATE') && tablespace !== null) {
    return {
      detail: `The role lacks CREATE on tablespace "${tablespace}", where default_tablespace creates its tables.`,
      fix: command(sql`GRANT CREATE ON TABLESPACE ${identifier(tablespace)} TO ${name};`),
    };
  }
  if (code === '42501' && /^(INSERT|SELECT|DELETE)/.test(statement) && defaults) {
    return {
      detail: 'Its default privileges (ALTER DEFAULT PRIVILEGES) deny it the use of its own tables.',
      fix: command([asMemberOf(role), sql`ALTER DEFAULT PRIVILEGES FOR ROLE ${name} GRANT ALL ON TABLES TO ${name};`]),
    };
  }
  if (triggers.length === 0) return undefined;
  const names = triggers.map((trigger) => `"${trigger}"`).join(', ');
  return {
    detail: `${triggers.length === 1 ? 'An event trigger is' : 'Event triggers are'} enabled in the database: ${names}.`,
    fix: advice`change ${names} so that role "${role}" can create, alter, use and drop tables, or disable it: ${sql`ALTER EVENT TRIGGER ${identifier(triggers[0] ?? '')} DISABLE;`}`,
  };
}
