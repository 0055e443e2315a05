/** The checks, in report order. A check may depend on the findings of an earlier one, never on a later one. */
import type { Check } from '../src/engine/check.ts';
import { configuration } from './configuration/index.ts';
import { database } from './database/index.ts';
import { encryption } from './encryption/index.ts';
import { identity } from './identity/index.ts';
import { images } from './images/index.ts';
import { license } from './license/index.ts';
import { login } from './login/index.ts';
import { messageQueues } from './message-queues/index.ts';
import { mqttBroker } from './mqtt-broker/index.ts';
import { network } from './network/index.ts';
import { objectStorage } from './object-storage/index.ts';
import { observability } from './observability/index.ts';
import { pairing } from './pairing/index.ts';
import { versionControl } from './version-control/index.ts';
import { workerPool } from './worker-pool/index.ts';

export const CHECKS: readonly Check[] = [
  configuration,
  pairing,
  identity,
  database,
  objectStorage,
  encryption,
  messageQueues,
  mqttBroker,
  observability,
  network,
  versionControl,
  images,
  license,
  login,
  workerPool,
];
