/** The broker between Spacelift and its workers: AWS IoT Core, or the one built into the server. */
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { type MqttRule, RULES } from './rules.ts';

interface Broker {
  /** The rules that apply to it in this run. */
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
    // For a worker, only the connection can be tested: its certificate is not in the config.
    rules: ({ deployment: { service } }) => ['endpoint', ...(service === 'worker' ? OF_WORKERS : OF_IOTCORE)],
    run: async (context) => (await import('./iotcore/run.ts')).run(context),
  },
};

/** A port or a scheme: IoT Core's endpoint is a bare host name, Amazon's or a custom domain. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the broker type, so the endpoint determines it. `undefined` if the type is unknown. */
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
