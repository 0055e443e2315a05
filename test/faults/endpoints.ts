/** Faults of the endpoints beside the stores and queues: the MQTT broker, telemetry, and Spacelift's own names. */

import { OF_IMAGES } from './endpoints/images.ts';
import { OF_MQTT } from './endpoints/mqtt.ts';
import { OF_NETWORK } from './endpoints/network.ts';
import { OF_TELEMETRY } from './endpoints/telemetry.ts';
import { OF_VERSION_CONTROL } from './endpoints/version-control.ts';
import type { Fault } from './fault.ts';

export const ENDPOINTS: readonly Fault[] = [
  ...OF_MQTT,
  ...OF_TELEMETRY,
  ...OF_NETWORK,
  ...OF_VERSION_CONTROL,
  ...OF_IMAGES,
];
