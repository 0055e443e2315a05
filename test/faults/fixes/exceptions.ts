/** The fixes that are not executed here, and why. One that is not needed any more fails the test of its fault. */
import type { Administrator } from './administrator.ts';

/** Programs that fixes call and that no test can have. */
export const NO_CLIENT: Readonly<Record<string, string>> = {
  az: 'Azure Resource Manager and Microsoft Entra ID are not among the test servers',
  gcloud: 'Google Cloud’s control plane is not among the test servers',
  timedatectl: 'it sets the clock of the machine',
};

export interface Exception {
  /** The name of the fault. */
  readonly fault: string;
  /** For one administrator alone; both unless told. */
  readonly who?: Administrator;
  /** What the fix does, or the test lacks, as a clause. */
  readonly why: string;
}

/** On a managed service, whoever created the role is no member of it, and doesn't own its database (PostgreSQL 16). */
const NO_OWNER = 'the statement is for the owner of the database or a member of the role';

const forMaster = (why: string, ...faults: readonly string[]): Exception[] =>
  faults.map((fault) => ({ fault, who: 'master', why }));

export const EXCEPTIONS: readonly Exception[] = [
  ...forMaster(
    NO_OWNER,
    'unknown database',
    'a database that admits no connections',
    'no CONNECT on the database',
    'no schema public',
    'a foreign table in the database',
    'the database of another application',
    'few connections for the database',
  ),
  ...forMaster('customers of managed services set it elsewhere', 'a small max_connections'),
  { fault: 'read-only by default', why: 'the session of whoever executes it is read-only too' },
  ...['one bucket missing', 'one bucket missing under --read-only', 'an S3 bucket that does not exist'].map(
    (fault) => ({
      fault,
      why: 'the bucket that it creates lacks its settings, which the next run reports',
    }),
  ),
  { fault: 'a database in LATIN1', why: 'the name for the new database is in use' },
];
