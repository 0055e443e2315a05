/** Databases that can't be used as they are: the fix creates another one. */
import {
  block,
  command,
  type Fix,
  type Identifier,
  identifier,
  literal,
  type Sql,
  sql,
} from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { asMemberOf } from './administrator.ts';
import type { Databases, Override, Server, Tables } from './facts.ts';

/** What a new database needs to know; `undefined` if the role is not allowed to read it. */
export interface Surroundings {
  readonly databases: Databases | undefined;
  readonly overrides: readonly Override[] | undefined;
}

export function judgeDedicated(
  { installed, others, schemas, alone }: Tables,
  server: Server,
  surroundings: Surroundings,
): Outcome {
  const { database } = server;
  if (installed) return pass(`database "${database}" contains Spacelift’s tables`);
  if (others === 0 && alone.length === 0) return pass(`database "${database}" contains no tables owned by other roles`);
  const incomplete = `Spacelift’s own tables, message_queue_messages and accounts, would be in one schema: ${alone.join(', ')} ${alone.length === 1 ? 'is' : 'are'} not Spacelift’s.`;
  const details = [
    ...(others === 0 ? [] : [`In ${schemas.length === 1 ? 'schema' : 'schemas'} ${schemas.join(', ')}.`]),
    ...(alone.length === 0 ? [] : [incomplete]),
  ];
  const title =
    others === 0
      ? `database "${database}" contains ${alone.join(', ')} of another application`
      : `database "${database}" contains ${others} ${others === 1 ? 'table' : 'tables'} owned by other roles`;
  return warn(title, {
    detail: details.join(' '),
    expected: 'a dedicated database for Spacelift',
    fix: newDatabase(server, surroundings, sql``),
    evidence: { tables: others, schemas, ...(alone.length > 0 && { named: alone }) },
  });
}

export function judgeEncoding(server: Server, surroundings: Surroundings): Outcome {
  const { encoding, database } = server;
  if (encoding === 'UTF8') return pass(`database "${database}" uses UTF-8`);
  return fail(`the encoding of database "${database}" is ${encoding}`, {
    detail: 'The encoding of an existing database can’t be changed: create a new one.',
    expected: 'UTF8',
    fix: newDatabase(
      server,
      surroundings,
      sql` ENCODING 'UTF8'${localeFor(surroundings.databases)} TEMPLATE template0`,
    ),
    evidence: { encoding },
  });
}

/** A locale of another encoding can't be used with UTF-8; the C locale can be used with any. */
function localeFor(databases: Databases | undefined): Sql {
  const { encoding = 'UTF8', locale = 'C' } = databases?.template ?? {};
  return encoding === 'UTF8' || ['C', 'POSIX'].includes(locale) ? sql`` : sql` LOCALE 'C'`;
}

/** A database that the role owns, with a name that is free. */
function newDatabase(server: Server, { databases, overrides = [] }: Surroundings, options: Sql): Fix {
  const other = databases?.free ?? (server.database === 'spacelift' ? 'spacelift_2' : 'spacelift');
  const [name, owner] = [identifier(other), identifier(server.role)];
  const statements = [
    grantToCreator(server.role, databases?.mayCreate === true),
    sql`CREATE DATABASE ${name}${options} OWNER ${owner};`,
    ...overrides.flatMap((override) => roleSetting(override, server, name)),
  ];
  return command(statements, { after: 'point DATABASE_URL to it' });
}

/**
 * Only a member of a role can create a database that it owns; the administrator of a managed service, which is no superuser,
 * is not one yet. The role itself can't be made one: where it can create databases, it may be the one who runs this.
 */
function grantToCreator(role: string, mayCreate: boolean): Sql {
  const grant = asMemberOf(role);
  if (!mayCreate) return grant;
  return block(sql`BEGIN IF NOT pg_has_role(${literal(role)}, 'USAGE') THEN ${grant} END IF; END`);
}

/** The role that acts, where it is set for the old database. */
function roleSetting({ name, value, ofRole, ofDatabase }: Override, { login }: Server, database: Identifier): Sql[] {
  if (name !== 'role' || !ofDatabase) return [];
  const role = identifier(value);
  return ofRole
    ? [sql`ALTER ROLE ${identifier(login)} IN DATABASE ${database} SET role = ${role};`]
    : [sql`ALTER DATABASE ${database} SET role = ${role};`];
}
