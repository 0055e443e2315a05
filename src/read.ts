/** From where a config is to what the checks read. */
import { type Deployment, makeDeployment } from './config/deployment.ts';
import { readSources } from './config/sources/index.ts';
import type { Perspective, RunOptions } from './options.ts';

export interface Where {
  /** Without any, the environment is the config. */
  readonly files: readonly string[];
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly stdin: AsyncIterable<Uint8Array>;
  readonly service: Perspective | undefined;
  readonly resolveSecrets: boolean;
}

/**
 * @param options how long reading may take, and how to reach where secrets are kept
 * @throws InputError when there is no config to read
 */
export async function readDeployment(
  { files, environment, stdin, service, resolveSecrets }: Where,
  options: RunOptions,
): Promise<Deployment> {
  const sources = await readSources(files, { stdin, env: environment, timeoutMs: options.timeoutMs });
  const more = { service, environment };
  const deployment = makeDeployment(sources, more);
  if (!resolveSecrets) return deployment;
  const { readSecrets } = await import('../checks/aws/secrets.ts');
  return makeDeployment(await readSecrets(sources, deployment, options), more);
}
