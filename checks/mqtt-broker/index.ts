/** The broker between Spacelift and its workers: AWS IoT Core, or the one built into the server. */
import { defineCheck } from '../../src/engine/check.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { RULES } from './rules.ts';

export { knownProvider as knownBroker } from './providers.ts';

export const mqttBroker = defineCheck({
  id: 'mqtt-broker',
  title: 'MQTT broker',
  rules: RULES,
  programs: Object.values(PROVIDERS).flatMap(({ programs }) => programs),

  expects: (run) => (run.deployment.service === 'scheduler' ? [] : (knownProvider(run)?.rules(run) ?? ['endpoint'])),

  plan: async (run) => providerOf(run).plan(run),

  run: async (context) => providerOf(context).run(context),
});
