/** The variables that select a backend: their effective values, and defaults that can't be intended. */

import { cause } from '../outcome/cause.ts';
import { advice, setting } from '../outcome/fix.ts';
import { fail, type Issue } from '../outcome/outcome.ts';
import {
  type ChoiceName,
  type ChoiceOf,
  CONTRACT,
  type DefaultOf,
  DOCS,
  isChosen,
  QUEUES,
  USES_AWS,
  type VariableName,
  type When,
} from './contract.ts';
import type { Entry } from './entry.ts';
import type { Misspellings } from './misspelled.ts';

/** A choice as conditions see it; `open` when it is unknown or invalid, so that nothing depends on it. */
export type InForce<Name extends ChoiceName = ChoiceName> =
  | { readonly value: ChoiceOf<Name>; readonly byDefault: boolean }
  | 'open';

export interface View {
  /** The known value; `undefined` when unset or not known here. */
  value(name: VariableName): string | undefined;
  isSet(name: string): boolean;
  choice<Name extends ChoiceName>(name: Name): InForce<Name>;
  readonly misspellings: Misspellings;
}

/** Whether any condition holds; `undefined` when that depends on an open choice. */
export function holds(conditions: readonly When[], view: View): boolean | undefined {
  const results = conditions.map(({ variable, is }) => {
    const choice = view.choice(variable);
    return choice === 'open' ? undefined : is.includes(choice.value);
  });
  if (results.includes(true)) return true;
  return results.includes(undefined) ? undefined : false;
}

export function choiceOf<Name extends ChoiceName>(name: Name, entry: Entry | undefined, wrong: boolean): InForce<Name> {
  if (wrong || entry?.kind === 'secret' || entry?.kind === 'not-a-string') return 'open';
  const value = entry === undefined ? CONTRACT[name].default : entry.value;
  return isChosen(name, value) ? { value, byDefault: entry === undefined } : 'open';
}

/** The evidence that a value is intended although it is not set, for the report; `undefined` without such evidence. */
type Shown = (view: View) => string | undefined;

const anySet =
  (...names: readonly VariableName[]): Shown =>
  (view) => {
    const found = names.filter((name) => view.isSet(name));
    return found.length === 0 ? undefined : `${found.join(', ')} ${found.length === 1 ? 'is' : 'are'} set`;
  };
const nothing: Shown = () => undefined;
const KMS_KEYS = ['ENCRYPTION_KMS_ENCRYPTION_KEY_ID', 'ENCRYPTION_KMS_SIGNING_KEY_ID'] as const;

/**
 * Evidence against the default, by choice and value, in the order of precedence. Not in the providers in `checks`, because
 * it depends only on the contract's variables, and the config is checked without any provider.
 */
const CONTRADICTIONS: {
  readonly [Name in ChoiceName]: Readonly<Record<Exclude<ChoiceOf<Name>, DefaultOf<Name>>, Shown>>;
} = {
  OBJECT_STORAGE_TYPE: {
    minio: anySet(
      'OBJECT_STORAGE_MINIO_ENDPOINT',
      'OBJECT_STORAGE_MINIO_ACCESS_KEY_ID',
      'OBJECT_STORAGE_MINIO_SECRET_ACCESS_KEY',
    ),
    azure: anySet('OBJECT_STORAGE_AZURE_ACCOUNT_URL'),
    gcp: (view) => (view.isSet('AWS_ACCOUNT_ID') ? undefined : anySet('GCP_PROJECT')(view)),
  },
  ENCRYPTION_TYPE: {
    rsa: (view) => (KMS_KEYS.some(view.isSet) ? undefined : anySet('ENCRYPTION_RSA_PRIVATE_KEY')(view)),
  },
  MESSAGE_QUEUE_TYPE: {
    postgres: (view) =>
      Object.values(QUEUES).some(view.isSet) || view.value('MQTT_BROKER_TYPE') === 'iotcore'
        ? undefined
        : 'no MESSAGE_QUEUE_SQS_… variable is set',
  },
  MQTT_BROKER_TYPE: {
    builtin: (view) =>
      /^tls:\/\/|:(?!443$|8443$|8883$)\d+$/.test(view.value('MQTT_BROKER_ENDPOINT') ?? '')
        ? 'MQTT_BROKER_ENDPOINT looks like the endpoint of a built-in broker'
        : undefined,
  },
  LICENSE_TYPE: {
    jwt: (view) => anySet('LICENSE_TOKEN')(view) ?? nothingElseOnAws(view),
  },
  OBSERVABILITY_VENDOR: { Datadog: nothing, AWS: nothing, OpenTelemetry: nothing },
};

const isForAws = (view: View): boolean => ['AWS_ACCOUNT_ID', 'AWS_REGION', 'AWS_DEFAULT_REGION'].some(view.isSet);

function nothingElseOnAws(view: View): string | undefined {
  const others = USES_AWS.filter(({ variable }) => variable !== 'LICENSE_TYPE');
  return isForAws(view) || holds(others, view) !== false ? undefined : 'nothing else in this config uses AWS';
}

/** IoT Core without SQS, explicitly or by default (Spacelift docs, "MQTT broker", "Message queue type"). */
export function judgePairing(view: View): Issue | undefined {
  const broker = view.choice('MQTT_BROKER_TYPE');
  const queue = view.choice('MESSAGE_QUEUE_TYPE');
  if (broker === 'open' || queue === 'open' || broker.value !== 'iotcore' || queue.value === 'sqs') return undefined;
  const says = (name: string, { value, byDefault }: { value: string; byDefault: boolean }) =>
    byDefault ? `${name} is not set and defaults to ${value}` : `${name} is ${value}`;
  const held = `${says('MQTT_BROKER_TYPE', broker)}; ${says('MESSAGE_QUEUE_TYPE', queue)}.`;
  const { detail, fix } = broker.byDefault
    ? view.misspellings.fixFor('MQTT_BROKER_TYPE', setting('MQTT_BROKER_TYPE', 'builtin'))
    : { fix: advice`set MQTT_BROKER_TYPE=builtin, or MESSAGE_QUEUE_TYPE=sqs and the eight MESSAGE_QUEUE_SQS_… URLs` };
  return fail(`IoT Core needs SQS, but the message queue is ${queue.value}`, {
    detail: detail === undefined ? held : `${held} ${detail}`,
    expected: 'MQTT_BROKER_TYPE=builtin with any message queue, or iotcore with MESSAGE_QUEUE_TYPE=sqs',
    fix,
    docs: `${DOCS.mqtt}#message-queue-type`,
    evidence: { broker: broker.value, queue: queue.value, brokerByDefault: broker.byDefault },
    cause: cause.finding('pairing/iotcore-needs-sqs'),
  });
}

/** Defaults that other values contradict, by the unset variable. */
export function judgeDefaults(view: View): Map<ChoiceName, Issue> {
  const found = new Map<ChoiceName, Issue>();
  for (const [variable, shownBy] of Object.entries(CONTRADICTIONS) as [ChoiceName, Record<string, Shown>][]) {
    const choice = view.choice(variable);
    if (choice === 'open' || !choice.byDefault) continue;
    for (const [meant, shown] of Object.entries(shownBy)) {
      const evidence = shown(view);
      if (evidence === undefined) continue;
      found.set(variable, contradicted(variable, { meant, byDefault: choice.value, evidence }, view));
      break;
    }
  }
  return found;
}

/** Choices for AWS in a config that has nothing for AWS, but everything for another value; by the variable. */
export function judgeForeignChoices(view: View): Map<ChoiceName, Issue> {
  const found = new Map<ChoiceName, Issue>();
  if (isForAws(view)) return found;
  for (const variable of ['OBJECT_STORAGE_TYPE', 'ENCRYPTION_TYPE'] as const) {
    const choice = view.choice(variable);
    if (choice === 'open' || choice.byDefault || choice.value !== CONTRACT[variable].default) continue;
    const shownBy = Object.entries<Shown>(CONTRADICTIONS[variable]);
    const [other] = shownBy.flatMap(([meant, shown]) => {
      const evidence = shown(view);
      return evidence === undefined ? [] : [{ meant, evidence }];
    });
    if (other === undefined) continue;
    const outcome = fail(`${variable} is ${choice.value}, but ${other.evidence}, and no AWS_REGION`, {
      expected: `${variable}=${other.meant}, or a config for ${choice.value}`,
      fix: setting(variable, other.meant),
      docs: CONTRACT[variable].docs,
      evidence: { variable, value: choice.value },
      cause: cause.variable(variable),
    });
    found.set(variable, outcome);
  }
  return found;
}

function contradicted(
  variable: ChoiceName,
  { meant, byDefault, evidence }: { meant: string; byDefault: string; evidence: string },
  view: View,
): Issue {
  return fail(`${variable} is not set and defaults to ${byDefault}, but ${evidence}`, {
    expected: `${variable}=${meant}, or a config for ${byDefault}`,
    ...view.misspellings.fixFor(variable, setting(variable, meant)),
    docs: CONTRACT[variable].docs,
    evidence: { variable, default: byDefault },
    cause: cause.variable(variable),
  });
}
