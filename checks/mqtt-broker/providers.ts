/** The MQTT broker types, keyed by MQTT_BROKER_TYPE: the one place to register another. */

import type { MqttBrokerType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { builtin } from './builtin/index.ts';
import { iotcore } from './iotcore/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = { builtin, iotcore } satisfies Record<MqttBrokerType, Provider>;

/** @throws CheckStopped if the choice is invalid, or not known here */
export const providerOf = (run: Run): Provider => inferred(run) ?? PROVIDERS[run.choice('MQTT_BROKER_TYPE')];

/** Like `providerOf`, but returns `undefined` instead of throwing. */
export function knownProvider(run: Run): Provider | undefined {
  const type = run.deployment.chosen('MQTT_BROKER_TYPE');
  return inferred(run) ?? (type && PROVIDERS[type]);
}

/** A port or a scheme: IoT Core's endpoint is a bare host name, Amazon's or a custom domain. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the broker type, so the endpoint determines it. */
function inferred({ deployment: { service, lookup } }: Run): Provider | undefined {
  const endpoint = lookup('MQTT_BROKER_ENDPOINT');
  const isOpen = service === 'worker' && lookup('MQTT_BROKER_TYPE').state === 'default';
  if (!isOpen || endpoint.state !== 'set') return undefined;
  return PROVIDERS[BUILTIN.test(endpoint.value) ? 'builtin' : 'iotcore'];
}
