/** The programs that ask the libraries: how each is built. */
import { globSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { PEERS } from '../peers/catalog.ts';
import { debian, goSources, goSourcesWith, libraries, type Way } from '../peers/ways.ts';

const ENV_FILES = new URL('envfile/', import.meta.url);

/** The reader of env files of docker/cli, that of compose-go, and that of kubectl, whose other files take minutes to build. */
const envFiles = goSourcesWith(
  ENV_FILES,
  { module: 'k8s.io/kubectl', version: 'v0.34.0', file: 'pkg/cmd/util/env_file.go' },
  'kubectl',
);

const SHARED = 'usr/lib/*/systemd/libsystemd-shared-*.so';

/** The library of systemd, asked by a Python program: `EnvironmentFile=` itself needs systemd as the first process. */
const systemd: Way = {
  ...debian('libsystemd-shared', 'libsystemd-shared'),
  found: () => globSync(SHARED, { cwd: '/' })[0],
  program: (directory) => {
    const [found] = globSync(SHARED, { cwd: '/' });
    const root = found === undefined ? join(directory, 'root') : '/';
    const [library] = globSync(SHARED, { cwd: root });
    if (library === undefined) throw new Error('libsystemd-shared has no library');
    const script = fileURLToPath(new URL('systemd.py', ENV_FILES));
    const env: Record<string, string> = found === undefined ? { LD_LIBRARY_PATH: libraries(root) } : {};
    return { command: 'python3', args: [script, join(root, library)], env };
  },
};

const awsSdk = goSources(new URL('aws-sdk/', import.meta.url));

const PGX = new URL('pgx/', import.meta.url);

/** In the order in which they are built. */
export const ORACLES = {
  envFiles,
  systemd,
  kubernetes: PEERS.kubernetes,
  awsSdk,
  proxy: goSources(new URL('proxy/', import.meta.url)),
  pgbouncer: PEERS.pgbouncer,
  'pgx-5.7': goSources(PGX),
  'pgx-5.13': goSources(PGX, 'latest.mod'),
} as const satisfies Record<string, Way>;

export type OracleName = keyof typeof ORACLES;
