/** Catalogs, views and functions that the role is not allowed to use: then a rule can't be checked, and nothing is broken. */
import { advice, command, identifier, sql } from '../../src/outcome/fix.ts';
import { type Skip, skip } from '../../src/outcome/outcome.ts';
import { ServerError, sqlState } from './server-error.ts';

/** `insufficient_privilege` (PostgreSQL manual, appendix A), as the answer to a query that changes nothing. */
export const isDenied = (error: unknown): boolean => sqlState(error) === '42501';

/** The outcome of a rule whose query was denied. @param role that lacks the permission */
export function deniedOutcome(error: unknown, role: string): Skip {
  const object = error instanceof ServerError && error.refusal.kind === 'sql' ? error.refusal.object : undefined;
  const permission =
    object === undefined
      ? 'a permission on the catalog'
      : `${object.isFunction ? 'EXECUTE' : 'SELECT'} on ${object.name}`;
  return skip(`not verified: role "${role}" lacks ${permission}`, {
    detail: 'By default, every role has it. Spacelift itself does not need it.',
    fix: fixFor(object, role),
    evidence: { role, lacking: [permission] },
  });
}

function fixFor(object: { name: string; isFunction: boolean } | undefined, role: string) {
  if (object === undefined) return advice`see the server log for the statement that was denied`;
  const [name, grantee] = [identifier(object.name), identifier(role)];
  return object.isFunction
    ? advice`grant EXECUTE on the function ${object.name} to role "${role}" in this database; see its arguments with: \\df ${object.name}`
    : command(sql`GRANT SELECT ON pg_catalog.${name} TO ${grantee};`);
}
