/** The role in the URL, the role that is logged in, and the role that acts: usually one and the same. */
import type { Server } from './facts.ts';
import type { DatabaseUrl } from './url.ts';

/** How the user in the URL becomes the role that acts, as sentences; `undefined` if it is that role itself. */
export function actingAs({ role, login }: Server, { user }: Pick<DatabaseUrl, 'user'>): string | undefined {
  const steps = [
    ...(login === user ? [] : [`A pooler logs in as role "${login}" for user "${user}" in DATABASE_URL.`]),
    ...(role === login ? [] : [`Role "${login}" acts as role "${role}" (SET role).`]),
  ];
  return steps.length === 0 ? undefined : steps.join(' ');
}
