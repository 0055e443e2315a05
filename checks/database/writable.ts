/** Whether the database accepts writes, and where it was made read-only. */
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import { actingAs } from './acting.ts';
import type { Server } from './facts.ts';
import { type Sources, sourceOf, turnOff } from './setting-sources.ts';
import type { DatabaseUrl } from './url.ts';

const READ_ONLY = 'default_transaction_read_only';

/** @param askSources where settings come from; only needed if the database is read-only */
export async function judgeWritable(
  server: Server,
  url: Pick<DatabaseUrl, 'user'>,
  askSources: () => Promise<Sources>,
): Promise<Outcome> {
  if (server.recovery) {
    return fail('DATABASE_URL points to a read-only replica', {
      detail: 'pg_is_in_recovery() is true.',
      expected: 'the primary',
      fix: advice`set the host in DATABASE_URL to the primary (the writer endpoint); a replica belongs in DATABASE_READ_ONLY_URL`,
      evidence: { recovery: true },
    });
  }
  if (!server.readOnly) return pass('a primary that accepts writes');
  const sources = await askSources();
  const set = `${READ_ONLY} is on, set by ${sourceOf(READ_ONLY, sources)}.`;
  return fail(`transactions in database "${server.database}" are read-only by default`, {
    detail: [set, actingAs(server, url)].filter((part) => part !== undefined).join(' '),
    expected: `${READ_ONLY} = off`,
    fix: turnOff(READ_ONLY, server, sources),
    evidence: { source: sources.settings?.named[READ_ONLY].source ?? 'unknown' },
  });
}
