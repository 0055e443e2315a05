/** The destination of Spacelift's traces: Datadog, AWS X-Ray, an OpenTelemetry collector, or none. */
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { untilPhaseIsKnown } from '../phase.ts';
import type { Provider, Receiver } from './provider.ts';
import { knownProvider, PROVIDERS, providerOf } from './providers.ts';
import { type ObservabilityRule, RULES } from './rules.ts';

export const observability = defineCheck({
  id: 'observability',
  title: 'Observability',
  rules: RULES,
  variable: 'OBSERVABILITY_VENDOR',

  expects: (run): ObservabilityRule[] => {
    if (run.deployment.service === 'worker') return [];
    const provider = knownProvider(run);
    if (provider === undefined) return ['address', 'service-name'];
    return [...(provider.receiver === undefined ? [] : (['address', provider.receiver.rule] as const)), 'service-name'];
  },

  plan: (run) => {
    const names = { rules: ['service-name'], does: 'looks for variables that Spacelift sets itself', at: [] };
    const { receiver } = providerOf(run);
    if (receiver === undefined) return [names];
    return [{ rules: ['address', receiver.rule], does: receiver.does, at: [receiver.address(run)] }, names];
  },

  async run(context) {
    await context.check('service-name', () => serviceName(context));
    const { receiver } = providerOf(context);
    if (receiver !== undefined) await checkReceiver(context, receiver);
  },

  summary: (run) => knownProvider(run)?.summary,
});

async function checkReceiver(context: Context<ObservabilityRule>, { rule, address, ask }: Receiver): Promise<void> {
  const vendor = context.choice('OBSERVABILITY_VENDOR');
  await context.gate('address', () => pass(`traces go to ${vendor} at ${address(context)}`));
  await untilPhaseIsKnown(context);
  await context.check(rule, () => ask(context));
}

const SET_BY_SPACELIFT = Object.values<Provider>(PROVIDERS).flatMap(({ serviceName }) => serviceName ?? []);

function serviceName({ deployment }: Run): Outcome {
  const set = SET_BY_SPACELIFT.filter((name) => deployment.set.includes(name));
  if (set.length === 0) return pass('service names are left to Spacelift');
  const names = set.join(' and ');
  return warn(
    `${names} ${set.length === 1 ? 'is' : 'are'} set, but Spacelift sets ${set.length === 1 ? 'it' : 'them'} itself`,
    {
      expected: 'no value: the server, drain, and scheduler each have their own name',
      fix: advice`remove ${names}`,
      evidence: { variables: set },
    },
  );
}
