/** Whether the role can act as the owner of Spacelift's tables: after a rotation of users, the new one often can't. */
import { block, command, identifier, literal, type Sql, sql } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import type { Owner, Owners, Role, Server } from './facts.ts';
import { lackingPrivileges } from './privileges.ts';

/** GRANT … WITH INHERIT exists since then. */
const WITH_INHERIT = 160_000;

/** @param acting how the role in the URL becomes the role that acts, if it is another */
export function judgeOwnership(
  { owners, schema, usable }: Owners,
  role: Role,
  server: Server,
  acting: string | undefined,
): Outcome {
  if (schema === null) return pass(`Spacelift’s tables do not exist yet: role "${server.role}" will own them`);
  if (owners.length === 0) return pass(`role "${server.role}" can use and alter Spacelift’s tables`);
  const names = owners.map(({ name }) => `"${name}"`).join(', ');
  const belong = `which belong to ${owners.length === 1 ? 'role' : 'roles'} ${names}`;
  const details = [`In schema ${schema}.`, acting].filter((detail) => detail !== undefined);
  const more = {
    expected: 'the role that owns Spacelift’s tables, or a member of it',
    evidence: { role: role.name, owners: owners.map(({ name }) => name), schema },
  };
  const grants = owners.flatMap((owner) => membership(owner, schema, role, server));
  const notes = { after: noteFor(owners, role) };
  if (usable) {
    return warn(`role "${role.name}" can use but not alter Spacelift’s tables, ${belong}`, {
      ...more,
      detail: [...details, 'The migrations of the next release alter them.'].join(' '),
      fix: command(grants, notes),
    });
  }
  // The rest of what a new role usually lacks: what it gets from the owner is not asked for twice.
  const isMoved = owners.some((owner) => isTransfer(owner));
  const lacking = lackingPrivileges(
    {
      ...role,
      createInDatabase: role.createInDatabase || (!isMoved && owners.some((owner) => owner.createInDatabase)),
      createInPublic: role.createInPublic || (!isMoved && owners.some((owner) => owner.createInPublic)),
    },
    server.database,
  );
  if (lacking.length > 0) details.push(`It also lacks ${lacking.map(({ named }) => named).join(', ')}.`);
  return fail(`role "${role.name}" can’t use Spacelift’s tables, ${belong}`, {
    ...more,
    detail: details.join(' '),
    fix: command([...grants, ...lacking.map(({ statement }) => statement)], notes),
  });
}

/** A superuser must not be granted, and a role can't be a member of its own member. */
const isTransfer = ({ superuser, hasMember }: Owner): boolean => superuser || hasMember;

function noteFor(owners: readonly Owner[], role: Role): string {
  if (owners.some(isTransfer)) return 'as a superuser: it moves only what is in this schema';
  const [owner] = owners;
  return `REASSIGN OWNED BY ${owner?.name} TO ${role.name} instead would move every object of that role in this database, those of other applications too`;
}

function membership(owner: Owner, schema: string, role: Role, { number }: Server): Sql[] {
  const [name, member] = [identifier(owner.name), identifier(role.name)];
  if (isTransfer(owner)) return [transfer(owner.name, schema, role.name)];
  const asks = !role.inherits || owner.isMember;
  if (asks && number >= WITH_INHERIT) return [sql`GRANT ${name} TO ${member} WITH INHERIT TRUE;`];
  return [sql`GRANT ${name} TO ${member};`, ...(role.inherits ? [] : [sql`ALTER ROLE ${member} INHERIT;`])];
}

/** Gives a role what another one owns in a schema, but not what belongs to an extension or follows its table. */
function transfer(from: string, schema: string, to: string): Sql {
  const [owner, namespace, member] = [literal(from), literal(schema), literal(to)];
  const own = sql`= (SELECT oid FROM pg_roles WHERE rolname = ${owner})`;
  const here = sql`= (SELECT oid FROM pg_namespace WHERE nspname = ${namespace})`;
  const depends = sql`EXISTS (SELECT FROM pg_depend d WHERE d.classid = o.tableoid AND d.objid = o.oid AND d.deptype`;
  const tables = sql`SELECT 'TABLE ' || o.oid::regclass FROM pg_class o WHERE relkind IN ('r', 'p', 'v', 'm', 'S') AND relowner ${own} AND relnamespace ${here} AND NOT ${depends} = 'e') AND NOT (relkind = 'S' AND ${depends} IN ('a', 'i')))`;
  const routines = sql`SELECT 'ROUTINE ' || o.oid::regprocedure FROM pg_proc o WHERE proowner ${own} AND pronamespace ${here} AND NOT ${depends} = 'e')`;
  const types = sql`SELECT 'TYPE ' || o.oid::regtype FROM pg_type o WHERE typtype IN ('e', 'd') AND typowner ${own} AND typnamespace ${here} AND NOT ${depends} = 'e')`;
  return block(
    sql`DECLARE what text; BEGIN FOR what IN ${tables} UNION ALL ${routines} UNION ALL ${types} LOOP EXECUTE format('ALTER %s OWNER TO %I', what, ${member}); END LOOP; END`,
  );
}
