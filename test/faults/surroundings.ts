/** Faults of what stands around Spacelift: its MQTT broker, telemetry and network. */
import type { Fault } from './fault.ts';
import { OF_MQTT } from './surroundings/mqtt.ts';
import { OF_NETWORK } from './surroundings/network.ts';
import { OF_TELEMETRY } from './surroundings/telemetry.ts';

export const SURROUNDINGS: readonly Fault[] = [...OF_MQTT, ...OF_TELEMETRY, ...OF_NETWORK];
