/** Checks of images in registries on loopback. */
import { onTestFinished } from 'vitest';
import { images } from '../../../checks/images/index.ts';
import { registryLoginsIn } from '../../../src/config/registry-logins.ts';
import { type Registry, type RegistryOptions, startRegistry } from '../../services/registry.ts';
import { type Options, preflight, type Result, source, type Variables } from '../../support/preflight.ts';

export const IMAGE = 'spacelift/launcher';
export const USERS = { robot: 'a-long-registry-password' };
export const LOGIN = { username: 'robot', password: USERS.robot };

/** Until the end of the test. */
export async function registry(options: RegistryOptions = {}): Promise<Registry> {
  const server = await startRegistry(options);
  onTestFinished(() => server.close());
  return server;
}

/** @param auths by registry: the logins in a pull Secret */
export function check(
  variables: Variables,
  auths: Readonly<Record<string, unknown>> = {},
  options: Options = {},
): Promise<Result> {
  const logins = registryLoginsIn(JSON.stringify({ auths }), 'all.yaml (Secret regcred)');
  return preflight([images], [source(variables, 'all', { logins })], options);
}

export const launcher = ({ host }: Pick<Registry, 'host'>, tag = 'v4.3.0'): Variables => ({
  LAUNCHER_IMAGE: `${host}/${IMAGE}`,
  LAUNCHER_IMAGE_TAG: tag,
});

/** "HEAD registry", "GET token-server Basic". */
export const asked = ({ requests }: Pick<Registry, 'requests'>): string[] =>
  requests.map(({ method, at, scheme }) => [method, at, scheme].filter((part) => part !== undefined).join(' '));
