/** A kind of object store: all that the check and its plan know of it. One folder each; `providers.ts` registers them. */

import type { SigningCredentials } from '../../src/clouds/signing.ts';
import type { Run } from '../../src/engine/check.ts';
import type { Grants } from './grants.ts';
import type { Store } from './store.ts';

export interface Provider {
  /** "Google Cloud". */
  readonly name: string;
  /** For the report's one line: "MinIO at minio.internal:9000". @throws CheckStopped when a variable for it is missing */
  where(run: Run): string;
  readonly signingCredentials: SigningCredentials;
  /**
   * Loads the provider's file and its library.
   * @param run as requests with these credentials travel
   */
  open(run: Run): Promise<Store>;
  /** What the store must permit for the probe. @throws CheckStopped when what it needs of the config is not known */
  grants(run: Run): Promise<Grants>;
  /** The programs that its fixes run. */
  readonly programs: readonly string[];
  /** For the table of rules: what looking takes; of a store that speaks S3's protocol, S3's own words do. */
  readonly permissions: Readonly<
    Partial<Record<'access' | 'presigned' | 'versioning' | 'retention' | 'public', string>>
  >;
}
