/** Who runs a fix: a superuser, or the administrator of a managed service, who is no superuser. */
import { identifier, type Sql, sql } from '../../src/outcome/fix.ts';

/**
 * Makes the administrator a member of the role, which comes before a statement for an owner: managed services let only the
 * owner of a database alter it, and since PostgreSQL 16 whoever created a role is not a member of it (manual, 22.3).
 */
export const asMemberOf = (role: string): Sql => sql`GRANT ${identifier(role)} TO CURRENT_USER;`;
