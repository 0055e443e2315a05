/** The broker between Spacelift and its workers: AWS IoT Core, or the one built into the server. */
import { GATEWAY, type Perspective } from '../../src/config/options.ts';
import { defineCheck } from '../../src/engine/check.ts';
import { COMPARES, isPinned, pinned } from './pinned.ts';
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

  expects: (run) => {
    if (WITHOUT_BROKER.includes(run.deployment.service)) return [];
    const rules = knownProvider(run)?.rules(run) ?? ['endpoint'];
    return isPinned(run) ? [...rules, 'pinned'] : rules;
  },

  plan: async (run) => [...(await providerOf(run).plan(run)), ...(isPinned(run) ? [COMPARES] : [])],

  planned: async () => {
    const { plannedRules } = await import('./iotcore/planned.ts');
    return (run) => (WITHOUT_BROKER.includes(run.deployment.service) ? [] : plannedRules(run));
  },

  run: async (context) => {
    if (isPinned(context)) await context.check('pinned', () => pinned(context));
    await providerOf(context).run(context);
  },
});
