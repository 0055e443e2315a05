/** The broker between Spacelift and its workers: AWS IoT Core, or the one built into the server. */
import { GATEWAY, type Perspective } from '../../src/config/options.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { plannedRules } from './iotcore/planned.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { RULES } from './rules.ts';

export { knownProvider as knownBroker } from './providers.ts';

const WITHOUT_BROKER: readonly (Perspective | undefined)[] = ['scheduler', GATEWAY];

export const mqttBroker = defineCheck({
  id: 'mqtt-broker',
  title: 'MQTT broker',
  rules: RULES,
  variable: 'MQTT_BROKER_ENDPOINT',
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) =>
    WITHOUT_BROKER.includes(run.deployment.service) ? [] : (knownProvider(run)?.rules(run) ?? ['endpoint']),

  plan: async (run) => providerOf(run).plan(run),

  planned: (run) => (WITHOUT_BROKER.includes(run.deployment.service) ? [] : plannedRules(run)),

  run: async (context) => providerOf(context).run(context),
});
