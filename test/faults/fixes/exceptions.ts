/** The fixes that are not executed here, and why. One that is not needed any more fails the test of its fault. */
import type { Administrator } from './administrator.ts';

/** Programs, or commands of one, that fixes call and that no test can have. */
export const NO_CLIENT: Readonly<Record<string, string>> = {
  az: 'Azure Resource Manager and Microsoft Entra ID are not among the test servers',
  gcloud: 'Google Cloud’s control plane is not among the test servers',
  'aws configure': 'it asks the person who runs it',
  'aws sso': 'a person logs in in a browser',
  'aws login': 'a person logs in in a browser',
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

const forMaster = (why: string, ...faults: readonly string[]): Exception[] =>
  faults.map((fault) => ({ fault, who: 'master', why }));

export const EXCEPTIONS: readonly Exception[] = [
  ...forMaster(
    'customers of managed services set it elsewhere, which the comment says',
    'a small max_connections',
    'read-only by postgresql.conf',
    'read-only by ALTER SYSTEM',
  ),
  ...forMaster('only a superuser can set and reset something for all roles', 'read-only for all roles'),
];
