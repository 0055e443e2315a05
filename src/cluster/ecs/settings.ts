/** What a run decides about all of its tasks. */
import type { Marks } from './names.ts';

export interface TaskSettings extends Marks {
  readonly image: string;
  /** For the command line in the container. */
  readonly args: readonly string[];
  /** CA certificates, PEM. */
  readonly authorities: string | undefined;
  /** The log group for our container, instead of the service's own. */
  readonly logGroup: string | undefined;
  /** Of the cluster. */
  readonly region: string | undefined;
}
