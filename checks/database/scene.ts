/** What the messages about a server's errors have in common. */
import type { Issue } from '../../src/outcome/outcome.ts';
import type { DatabaseUrl } from './url.ts';

/** The connection that the message is about. */
export interface Scene {
  readonly variable: string;
  readonly url: DatabaseUrl;
  /** "db.internal:5432" */
  readonly at: string;
  /** Whether the connection was encrypted. */
  readonly tls: boolean;
}

export type ServerErrorMessages = Pick<Issue, 'detail' | 'expected' | 'fix'> & { title: string };
