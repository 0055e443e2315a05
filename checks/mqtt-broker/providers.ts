/** The MQTT broker types, keyed by MQTT_BROKER_TYPE: the one place to register another. */

import type { MqttBrokerType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { registry } from '../../src/engine/registry.ts';
import { builtin } from './builtin/index.ts';
import { iotcore } from './iotcore/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = { builtin, iotcore } satisfies Record<MqttBrokerType, Provider>;

const chosen = registry<'MQTT_BROKER_TYPE', Provider>('MQTT_BROKER_TYPE', PROVIDERS);

/** @throws CheckStopped if the choice is invalid, or not known here */
export const providerOf = (run: Run): Provider => inferred(run) ?? chosen.providerOf(run);

/** Like `providerOf`, but returns `undefined` instead of throwing. */
export const knownProvider = (run: Run): Provider | undefined => inferred(run) ?? chosen.knownProvider(run);

/** A port or a scheme: IoT Core's endpoint is a bare host name, Amazon's or a custom domain. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the broker type, so the endpoint determines it. */
function inferred({ deployment: { service, lookup } }: Run): Provider | undefined {
  const endpoint = lookup('MQTT_BROKER_ENDPOINT');
  const isOpen = service === 'worker' && lookup('MQTT_BROKER_TYPE').state === 'default';
  if (!isOpen || endpoint.state !== 'set') return undefined;
  return PROVIDERS[BUILTIN.test(endpoint.value) ? 'builtin' : 'iotcore'];
}
