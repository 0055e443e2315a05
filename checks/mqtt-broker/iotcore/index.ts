/** AWS IoT Core. */
import { AWS_CREDENTIALS } from '../../../src/clouds/signing.ts';
import { usesSecondaryRegion } from '../../../src/config/secondary-region.ts';
import type { Run } from '../../../src/engine/check.ts';
import type { Provider } from '../provider.ts';
import type { MqttRule } from '../rules.ts';

function rulesOf({ deployment }: Run): readonly MqttRule[] {
  const { service } = deployment;
  // For a worker, only the connection can be tested: its certificate is not in the config.
  if (service === 'worker') return ['endpoint', 'iotcore/publish'];
  return [
    'endpoint',
    'iotcore/publish',
    'iotcore/round-trip',
    'iotcore/endpoint',
    'iotcore/topic-rule',
    'iotcore/control-plane',
    'iotcore/delivery',
    ...(usesSecondaryRegion(deployment) ? (['iotcore/custom-domain'] as const) : []),
  ];
}

export const iotcore: Provider = {
  rules: rulesOf,
  plan: async (run) => (await import('./plan.ts')).plan(run, rulesOf(run)),
  run: async (context) => (await import('./run.ts')).run(context, rulesOf(context)),
  signingCredentials: AWS_CREDENTIALS,
  programs: ['aws'],
};
