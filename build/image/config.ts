/** How the image runs; `Containerfile` says the same for those who build it with a container engine. */
import { USER } from './contents.ts';

export const EXECUTABLE_PATH = 'usr/bin/spacelift-preflight';

export const CONFIG = {
  User: `${USER}:${USER}`,
  // Node looks up the home directory of users that are unknown, which any user ID is here.
  Env: ['PATH=/usr/bin', 'HOME=/nonexistent'],
  Entrypoint: [`/${EXECUTABLE_PATH}`],
  WorkingDir: '/',
} as const;

export const labels = (description: string, license: string, version: string, revision: string) => ({
  'org.opencontainers.image.title': 'spacelift-preflight',
  'org.opencontainers.image.description': description,
  'org.opencontainers.image.licenses': license,
  'org.opencontainers.image.version': version,
  'org.opencontainers.image.revision': revision,
});
