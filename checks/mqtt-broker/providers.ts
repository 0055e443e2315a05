/** The kinds of MQTT broker, by MQTT_BROKER_TYPE: the one place to register another. */

import type { MqttBrokerType } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { builtin } from './builtin/index.ts';
import { iotcore } from './iotcore/index.ts';
import type { Provider } from './provider.ts';

export const PROVIDERS = { builtin, iotcore } satisfies Record<MqttBrokerType, Provider>;

/** @throws CheckStopped when the choice is found wrong, or not known here */
export const providerOf = (run: Run): Provider => inferred(run) ?? PROVIDERS[run.choice('MQTT_BROKER_TYPE')];

/** As `providerOf`, but `undefined` where that stops. */
export function knownProvider(run: Run): Provider | undefined {
  const type = run.deployment.chosen('MQTT_BROKER_TYPE');
  return inferred(run) ?? (type && PROVIDERS[type]);
}

/** A port or a scheme: IoT Core's endpoint is a bare name, Amazon's or the user's own. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the kind of the broker: there the endpoint tells. */
function inferred({ deployment: { service, lookup } }: Run): Provider | undefined {
  const endpoint = lookup('MQTT_BROKER_ENDPOINT');
  const isOpen = service === 'worker' && lookup('MQTT_BROKER_TYPE').state === 'default';
  if (!isOpen || endpoint.state !== 'set') return undefined;
  return PROVIDERS[BUILTIN.test(endpoint.value) ? 'builtin' : 'iotcore'];
}
