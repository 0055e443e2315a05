/** The broker through which Spacelift talks to its workers: AWS IoT Core, or the one that the server brings along. */
import { type Context, defineCheck, type Run, skip } from '../../src/check.ts';
import { type MqttRule, RULES } from './rules.ts';

interface Broker {
  readonly rules: readonly MqttRule[];
  run(context: Context<MqttRule>): Promise<void>;
}

const BROKERS: Readonly<Record<string, Broker>> = {
  builtin: {
    rules: ['endpoint', 'builtin/reachable', 'builtin/protocol'],
    run: async (context) => (await import('./builtin.ts')).run(context),
  },
};

/** While the kind is not known, and for one that this version does not check. */
const OTHERS: Broker = {
  rules: ['endpoint'],
  run: async ({ judge }) => {
    await judge('endpoint', () =>
      skip('this version does not check AWS IoT Core', { evidence: { broker: 'iotcore' } }),
    );
  },
};

/** A port or a scheme: IoT Core's endpoint is a bare name, Amazon's or the user's own. */
const BUILTIN = /^tls:\/\/|:\d+$/;

/** A worker has no variable for the kind of the broker: there the endpoint tells. */
function brokerOf({ deployment }: Run): Broker {
  const type = deployment.lookup('MQTT_BROKER_TYPE');
  const endpoint = deployment.lookup('MQTT_BROKER_ENDPOINT');
  const inferred = deployment.service === 'worker' && type.state === 'default' && endpoint.state === 'set';
  if (inferred) return (BUILTIN.test(endpoint.value) ? BROKERS.builtin : undefined) ?? OTHERS;
  return (type.state === 'set' || type.state === 'default' ? BROKERS[type.value] : undefined) ?? OTHERS;
}

export const mqttBroker = defineCheck({
  id: 'mqtt-broker',
  title: 'MQTT broker',
  rules: RULES,

  expects: (run) => (run.deployment.service === 'scheduler' ? [] : brokerOf(run).rules),

  async run(context) {
    context.need('MQTT_BROKER_TYPE');
    await brokerOf(context).run(context);
  },
});
