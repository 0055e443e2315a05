/** The broker through which Spacelift talks to its workers: AWS IoT Core, or the one that the server brings along. */
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { type MqttRule, RULES } from './rules.ts';

interface Broker {
  /** What is judged of it, in this run. */
  readonly rules: (run: Run) => readonly MqttRule[];
  run(context: Context<MqttRule>): Promise<void>;
}

const OF_IOTCORE = (Object.keys(RULES) as MqttRule[]).filter((key) => key.startsWith('iotcore/'));
const OF_WORKERS: readonly MqttRule[] = ['iotcore/publish'];

const BROKERS: Readonly<Record<string, Broker>> = {
  builtin: {
    rules: () => ['endpoint', 'builtin/reachable', 'builtin/protocol'],
    run: async (context) => (await import('./builtin/run.ts')).run(context),
  },
  iotcore: {
    // A worker's way is all that can be tried for it: its certificate is in no config.
    rules: ({ deployment: { service } }) => ['endpoint', ...(service === 'worker' ? OF_WORKERS : OF_IOTCORE)],
    run: async (context) => (await import('./iotcore/run.ts')).run(context),
  },
};

/** A port or a scheme: IoT Core's endpoint is a bare name, Amazon's or the user's own. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the kind of the broker: there the endpoint tells. `undefined` when the kind is not known. */
function brokerOf({ deployment }: Run): Broker | undefined {
  const type = deployment.lookup('MQTT_BROKER_TYPE');
  const endpoint = deployment.lookup('MQTT_BROKER_ENDPOINT');
  const inferred = deployment.service === 'worker' && type.state === 'default' && endpoint.state === 'set';
  if (inferred) return BROKERS[BUILTIN.test(endpoint.value) ? 'builtin' : 'iotcore'];
  return type.state === 'set' || type.state === 'default' ? BROKERS[type.value] : undefined;
}

export const mqttBroker = defineCheck({
  id: 'mqtt-broker',
  title: 'MQTT broker',
  rules: RULES,

  expects: (run) => (run.deployment.service === 'scheduler' ? [] : (brokerOf(run)?.rules(run) ?? ['endpoint'])),

  plan: async (run) => {
    run.require('MQTT_BROKER_TYPE');
    return (await import('./plan.ts')).plan(run, brokerOf(run) === BROKERS.builtin);
  },

  async run(context) {
    context.require('MQTT_BROKER_TYPE');
    await brokerOf(context)?.run(context);
  },
});
