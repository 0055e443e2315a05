/** Whose credentials the other checks use, and for which clouds. */
import type { SigningCredentials } from '../../src/clouds/signing.ts';
import { USES_AWS } from '../../src/config/contract.ts';
import { GATEWAY } from '../../src/config/options.ts';
import type { Run } from '../../src/engine/check.ts';
import { knownEncryption } from '../encryption/index.ts';
import { knownQueue } from '../message-queues/index.ts';
import { knownBroker } from '../mqtt-broker/index.ts';
import { knownStore } from '../object-storage/index.ts';

export const asksAws = (run: Run): boolean =>
  run.deployment.service !== 'worker' &&
  USES_AWS.some(({ variable, is }) => is.includes(run.deployment.chosen(variable) ?? ''));

/** The backends that this tool tests with credentials. Only Spacelift itself uses the license and telemetry. */
export function tried(run: Run): SigningCredentials[] {
  const { service } = run.deployment;
  if (service === GATEWAY) return [];
  // The scheduler uses no bucket and no broker.
  const further = service === 'scheduler' ? [] : [knownBroker(run), knownStore(run)];
  return [knownEncryption(run), knownQueue(run), ...further].flatMap((provider) => provider?.signingCredentials ?? []);
}

/** The clouds that are tested with this process's credentials on behalf of a config. */
export function standsIn(run: Run): string[] {
  const { service, party } = run.deployment;
  if (service === 'worker' || party === 'process') return [];
  const clouds = tried(run).flatMap(({ cloud, standIn }) => (cloud !== undefined && standIn(run) ? [cloud] : []));
  return [...new Set(clouds)];
}
