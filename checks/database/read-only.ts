/** `DATABASE_READ_ONLY_URL`: a second URL for the same data. */
import type { Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass } from '../../src/outcome/outcome.ts';
import type { Databases, Facts, Server } from './facts.ts';
import { openReadOnly } from './open.ts';

const IDENTITY = `SELECT split_part(current_setting('server_version'), ' ', 1) AS version, current_setting('server_version_num')::int AS number,
  datname AS database, oid::text AS oid FROM pg_database WHERE datname = current_database()`;

type Identity = Pick<Server, 'version' | 'number' | 'database'> & Pick<Databases, 'oid'>;
const NOBODY: Identity = { version: '', number: 0, database: '', oid: '' };

/** Whether the variable is set; its value may still be unusable, or not known here. */
export const hasReplica = ({ deployment }: Pick<Run, 'deployment'>): boolean =>
  deployment.lookup('DATABASE_READ_ONLY_URL').state !== 'unset';

/** Whether it differs from `DATABASE_URL`; if not, the results for one apply to the other. */
export function isAnotherUrl({ deployment }: Pick<Run, 'deployment'>): boolean {
  const [replica, primary] = [deployment.lookup('DATABASE_READ_ONLY_URL'), deployment.lookup('DATABASE_URL')];
  return replica.state === 'set' && primary.state === 'set' && replica.value !== primary.value;
}

export async function checkReadOnlyUrl(run: Run, { server, databases }: Facts): Promise<Outcome> {
  run.require('DATABASE_READ_ONLY_URL');
  if (!isAnotherUrl(run)) return pass('DATABASE_READ_ONLY_URL equals DATABASE_URL');
  const opened = await openReadOnly(run);
  if ('outcome' in opened) return opened.outcome;
  const { session } = opened;
  const [replica = NOBODY] = await session.query<Identity>(run, IDENTITY);
  const primary = { ...(await server), oid: (await databases).oid };
  const at = `${session.endpoint.host}:${session.endpoint.port}`;
  const differences = differencesOf(primary, replica);
  if (differences.length === 0 && opened.warning !== undefined) return opened.warning;
  if (differences.length === 0) {
    return pass(`PostgreSQL ${replica.version} at ${at} has the same database`, { evidence: { host: at } });
  }
  return fail(`DATABASE_READ_ONLY_URL points to a different database than DATABASE_URL`, {
    detail: `${differences.map(({ says }) => says).join('; ')}.`,
    expected: `a replica of ${primary.database}, PostgreSQL ${majorOf(primary)}`,
    fix: advice`set DATABASE_READ_ONLY_URL to the reader endpoint of the same server, or leave it empty`,
    evidence: { host: at, differs: differences.map(({ what }) => what) },
  });
}

const majorOf = ({ number }: Pick<Server, 'number'>) => Math.floor(number / 10_000);

function differencesOf(primary: Identity, replica: Identity): { what: string; says: string }[] {
  if (majorOf(primary) !== majorOf(replica)) {
    return [{ what: 'version', says: `it is PostgreSQL ${replica.version}, not ${primary.version}` }];
  }
  if (primary.database !== replica.database) {
    return [{ what: 'name', says: `the database is "${replica.database}", not "${primary.database}"` }];
  }
  if (primary.oid === replica.oid) return [];
  return [
    {
      what: 'oid',
      says: `the database has the same name but is a different one: its oid is ${replica.oid}, not ${primary.oid}`,
    },
  ];
}
