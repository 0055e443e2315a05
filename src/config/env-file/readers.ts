/** The programs that read env files, in the order in which reports name them. */
import type { Read } from './assignment.ts';
import { readBash } from './bash.ts';
import { readCompose } from './compose.ts';
import { readDocker, readKubectl } from './literal.ts';
import { readSystemd } from './systemd.ts';

/** The name in reports, and how a file is read. */
interface Reader {
  readonly name: string;
  readonly read: (text: string) => Read;
}

export const READERS = {
  compose: { name: 'Docker Compose', read: readCompose },
  bash: { name: 'bash', read: readBash },
  docker: { name: 'docker run --env-file', read: readDocker },
  kubectl: { name: 'kubectl create --from-env-file', read: readKubectl },
  systemd: { name: 'systemd', read: readSystemd },
} as const satisfies Record<string, Reader>;

export type ReaderName = keyof typeof READERS;
export const READER_NAMES = Object.keys(READERS) as readonly ReaderName[];
