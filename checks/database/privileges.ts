/** The privileges that Spacelift's migrations need. */
import { command, identifier, type Sql, sql } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import { asMemberOf } from './administrator.ts';
import type { Role, Server } from './facts.ts';

/** The privileges that a role lacks, each with the statement that grants it. `what` goes into the evidence. */
export function lackingPrivileges(role: Role, database: string): { what: string; named: string; statement: Sql }[] {
  const name = identifier(role.name);
  const lacks = [
    {
      has: role.createRole,
      what: 'create roles',
      named: 'CREATEROLE',
      statement: sql`ALTER ROLE ${name} CREATEROLE;`,
    },
    {
      has: role.createInDatabase,
      what: `create schemas in the database ${database}`,
      named: `CREATE on database "${database}"`,
      statement: sql`GRANT CREATE ON DATABASE ${identifier(database)} TO ${name};`,
    },
    {
      has: role.publicExists,
      what: 'find a schema public',
      named: 'a schema named public',
      statement: sql`${asMemberOf(role.name)}\nCREATE SCHEMA public AUTHORIZATION ${name};`,
    },
    {
      has: role.createInPublic || !role.publicExists,
      what: 'create tables in schema public',
      named: 'CREATE and USAGE on schema public',
      statement: sql`GRANT CREATE, USAGE ON SCHEMA public TO ${name};`,
    },
  ];
  return lacks.filter(({ has }) => !has);
}

/** @param acting how the role in the URL becomes the role that acts, if it is another */
export function judgePrivileges(role: Role, { database }: Server, acting: string | undefined): Outcome {
  const lacking = lackingPrivileges(role, database);
  if (lacking.length === 0) {
    return pass(`role "${role.name}" can create roles, schemas and tables`, {
      evidence: { superuser: role.superuser },
    });
  }
  return fail(`role "${role.name}" lacks ${lacking.map(({ named }) => named).join(', ')}`, {
    detail: [acting, `Run the fix in database "${database}" as its administrator.`].filter(Boolean).join(' '),
    expected: 'a role that owns its database and has CREATEROLE',
    fix: command(lacking.map(({ statement }) => statement)),
    evidence: { role: role.name, database, lacking: lacking.map(({ what }) => what) },
  });
}
