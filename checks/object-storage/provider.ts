/** A type of object store, as the check and its plan see it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { Run } from '../../src/engine/check.ts';
import type { Grants } from './grants.ts';
import type { Store } from './store.ts';

export interface Provider {
  /** "Google Cloud". */
  readonly name: string;
  /** For the one-line summary in the report: "MinIO at minio.internal:9000". @throws CheckStopped if a variable for it is missing */
  where(run: Run): string;
  readonly signingCredentials: SigningCredentials;
  /**
   * Loads the provider's file and its library.
   * @param run the run for requests with these credentials
   */
  open(run: Run): Promise<Store>;
  /** The permissions that the probe needs. @throws CheckStopped if a variable that it needs is not known */
  grants(run: Run): Promise<Grants>;
  /** The programs that its fixes use. */
  readonly programs: readonly string[];
  /** The permissions for the table of rules, as the store names them; absent for stores with the S3 protocol, or without any. */
  readonly permissions?: Readonly<
    Partial<Record<'access' | 'presigned' | 'versioning' | 'retention' | 'public', string>>
  >;
}
