/** AWS IoT Core. */
import { AWS_CREDENTIALS } from '../../../src/clouds/signing.ts';
import type { Provider } from '../provider.ts';
import { type MqttRule, RULES } from '../rules.ts';

const OF_IOTCORE = (Object.keys(RULES) as MqttRule[]).filter((key) => key.startsWith('iotcore/'));
const OF_WORKERS: readonly MqttRule[] = ['iotcore/publish'];

export const iotcore: Provider = {
  // For a worker, only the connection can be tested: its certificate is not in the config.
  rules: ({ deployment: { service } }) => ['endpoint', ...(service === 'worker' ? OF_WORKERS : OF_IOTCORE)],
  plan: async (run) => (await import('./plan.ts')).plan(run),
  run: async (context) => (await import('./run.ts')).run(context),
  signingCredentials: AWS_CREDENTIALS,
  programs: ['aws'],
};
