/** Everything that the services know, shared between them. */
import type { EcsStore } from './ecs/store.ts';
import type { Hub } from './iot/hub.ts';
import type { RuleStore } from './iot/rules.ts';
import type { KeyStore } from './kms/keys.ts';
import type { NamedStore } from './named.ts';
import type { QueueStore } from './sqs/queues.ts';
import type { AwsFaults, AwsRole, AwsUser, RequestRecord } from './types.ts';

export interface World {
  partition: string;
  account: string;
  region: string;
  regions: string[];
  users: AwsUser[];
  roles: AwsRole[] | undefined;
  faults: AwsFaults;
  requests: RequestRecord[];
  keys: KeyStore;
  queues: QueueStore;
  rules: RuleStore;
  hub: Hub;
  ecs: EcsStore;
  secrets: NamedStore;
  parameters: NamedStore;
  /** Milliseconds since the epoch, by the server's clock. */
  now(): number;
  /** Aborted when the server closes. */
  closed: AbortSignal;
}
