/** The variables that select a backend: their effective values, and defaults that can't be intended. */

import { advice, setting } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import { CONTRACT, DOCS, QUEUES, USES_AWS, type VariableName, type When } from './contract.ts';
import type { Entry } from './entry.ts';

/** A choice as conditions see it; `open` when it is unknown or invalid, so that nothing depends on it. */
export type Choice = { readonly value: string; readonly byDefault: boolean } | 'open';

export interface View {
  /** The known value; `undefined` when unset or not known here. */
  value(name: VariableName): string | undefined;
  isSet(name: string): boolean;
  choice(name: VariableName): Choice;
}

/** Whether any condition holds; `undefined` when that depends on an open choice. */
export function holds(conditions: readonly When[], view: View): boolean | undefined {
  const results = conditions.map(({ variable, is }) => {
    const choice = view.choice(variable as VariableName);
    return choice === 'open' ? undefined : is.includes(choice.value);
  });
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

export function choiceOf(name: VariableName, entry: Entry | undefined, wrong: boolean): Choice {
  if (wrong || entry?.kind === 'secret' || entry?.kind === 'not-a-string') return 'open';
  if (entry !== undefined) return { value: entry.value, byDefault: false };
  return { value: CONTRACT[name].default ?? '', byDefault: true };
}

interface Contradiction {
  readonly variable: VariableName;
  /** The value to set instead of the default. */
  readonly meant: string;
  /** The evidence that the default is not intended, for the report; `undefined` without such evidence. */
  readonly shown: (view: View) => string | undefined;
}

const anySet =
  (...names: readonly VariableName[]) =>
  (view: View) => {
    const found = names.filter((name) => view.isSet(name));
    return found.length === 0 ? undefined : `${found.join(', ')} ${found.length === 1 ? 'is' : 'are'} set`;
  };
const KMS_KEYS = ['ENCRYPTION_KMS_ENCRYPTION_KEY_ID', 'ENCRYPTION_KMS_SIGNING_KEY_ID'] as const;

const CONTRADICTIONS: readonly Contradiction[] = [
  {
    variable: 'OBJECT_STORAGE_TYPE',
    meant: 'minio',
    shown: anySet(
      'OBJECT_STORAGE_MINIO_ENDPOINT',
      'OBJECT_STORAGE_MINIO_ACCESS_KEY_ID',
      'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY',
    ),
  },
  { variable: 'OBJECT_STORAGE_TYPE', meant: 'azure', shown: anySet('OBJECT_STORAGE_AZURE_ACCOUNT_URL') },
  {
    variable: 'OBJECT_STORAGE_TYPE',
    meant: 'gcp',
    shown: (view) => (view.isSet('AWS_ACCOUNT_ID') ? undefined : anySet('GCP_PROJECT')(view)),
  },
  {
    variable: 'ENCRYPTION_TYPE',
    meant: 'rsa',
    shown: (view) => (KMS_KEYS.some(view.isSet) ? undefined : anySet('ENCRYPTION_RSA_PRIVATE_KEY')(view)),
  },
  {
    variable: 'MESSAGE_QUEUE_TYPE',
    meant: 'postgres',
    shown: (view) =>
      Object.values(QUEUES).some(view.isSet) || view.value('MQTT_BROKER_TYPE') === 'iotcore'
        ? undefined
        : 'no MESSAGE_QUEUE_SQS_… variable is set',
  },
  {
    variable: 'MQTT_BROKER_TYPE',
    meant: 'builtin',
    shown: (view) =>
      /^tls:\/\/|:(?!443$|8443$|8883$)\d+$/.test(view.value('MQTT_BROKER_ENDPOINT') ?? '')
        ? 'MQTT_BROKER_ENDPOINT looks like the endpoint of a built-in broker'
        : undefined,
  },
  { variable: 'LICENSE_TYPE', meant: 'jwt', shown: anySet('LICENSE_TOKEN') },
  {
    variable: 'LICENSE_TYPE',
    meant: 'jwt',
    shown: (view) => {
      const others = USES_AWS.filter(({ variable }) => variable !== 'LICENSE_TYPE');
      const aws = ['AWS_ACCOUNT_ID', 'AWS_REGION', 'AWS_DEFAULT_REGION'].some(view.isSet);
      return aws || holds(others, view) !== false ? undefined : 'nothing else in this config uses AWS';
    },
  },
];

/** IoT Core without SQS, explicitly or by default (Spacelift docs, "MQTT broker", "Message queue type"). */
export function judgePairing(view: View): Issue | undefined {
  const broker = view.choice('MQTT_BROKER_TYPE');
  const queue = view.choice('MESSAGE_QUEUE_TYPE');
  if (broker === 'open' || queue === 'open' || broker.value !== 'iotcore' || queue.value === 'sqs') return undefined;
  const says = (name: string, { value, byDefault }: { value: string; byDefault: boolean }) =>
    byDefault ? `${name} is not set and defaults to ${value}` : `${name} is ${value}`;
  return fail(`IoT Core needs SQS, but the message queue is ${queue.value}`, {
    detail: `${says('MQTT_BROKER_TYPE', broker)}; ${says('MESSAGE_QUEUE_TYPE', queue)}.`,
    expected: 'MQTT_BROKER_TYPE=builtin with any message queue, or iotcore with MESSAGE_QUEUE_TYPE=sqs',
    fix: broker.byDefault
      ? setting('MQTT_BROKER_TYPE', 'builtin')
      : advice`set MQTT_BROKER_TYPE=builtin, or MESSAGE_QUEUE_TYPE=sqs and the eight MESSAGE_QUEUE_SQS_… URLs`,
    docs: `${DOCS.mqtt}#message-queue-type`,
    evidence: { broker: broker.value, queue: queue.value, brokerByDefault: broker.byDefault },
    cause: { key: 'pairing:iotcore-needs-sqs' },
  });
}

/** Defaults that other values contradict, by the unset variable. */
export function judgeDefaults(view: View): Map<VariableName, Issue> {
  const found = new Map<VariableName, Issue>();
  for (const { variable, meant, shown } of CONTRADICTIONS) {
    const choice = view.choice(variable);
    if (choice === 'open' || !choice.byDefault || found.has(variable)) continue;
    const evidence = shown(view);
    if (evidence === undefined) continue;
    found.set(
      variable,
      fail(`${variable} is not set and defaults to ${choice.value}, but ${evidence}`, {
        expected: `${variable}=${meant}, or a config for ${choice.value}`,
        fix: setting(variable, meant),
        docs: CONTRACT[variable].docs,
        evidence: { variable, default: choice.value },
        cause: { key: `configuration:${variable}` },
      }),
    );
  }
  return found;
}
