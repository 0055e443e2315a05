/** Reads a config into the deployment that the checks use. */
import { type Deployment, makeDeployment } from '../config/deployment.ts';
import type { Party, Perspective, RunOptions } from '../config/options.ts';
import type { Release } from '../config/release.ts';
import { readSources } from '../config/sources/index.ts';
import { traceSecrets } from '../util/trace.ts';

export interface Where {
  /** If empty, the environment is the config. */
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin?: AsyncIterable<Uint8Array> | undefined;
  /** How far the files are trusted; `config` by default. */
  readonly trust?: Party | undefined;
  readonly service: Perspective | undefined;
  /** The release that the caller named. */
  readonly release: Release | undefined;
  readonly resolveSecrets: boolean;
}

/**
 * @param options the time limit, and how to reach the secret stores
 * @throws InputError if there is no config to read
 */
export async function readDeployment(
  { files, environment, stdin, trust, service, release, resolveSecrets }: Where,
  options: RunOptions,
): Promise<Deployment> {
  const read = await readSources(files, { stdin, env: environment, timeoutMs: options.timeoutMs, service });
  const sources = trust === undefined || files.length === 0 ? read : read.map((source) => ({ ...source, trust }));
  const more = { service, release, environment };
  const deployment = makeDeployment(sources, more);
  traceSecrets(deployment.secrets);
  if (!resolveSecrets) return deployment;
  const { readSecrets } = await import('../clouds/aws/secret-stores.ts');
  const resolved = makeDeployment(await readSecrets(sources, deployment, options), more);
  traceSecrets(resolved.secrets);
  return resolved;
}
