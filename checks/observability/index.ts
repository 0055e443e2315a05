/** The destination of Spacelift's traces: Datadog, AWS X-Ray, an OpenTelemetry collector, or none. */
import { type Context, defineCheck, type Run } from '../../src/engine/check.ts';
import { advice } from '../../src/outcome/fix.ts';
import { type Outcome, pass, warn } from '../../src/outcome/outcome.ts';
import { untilPhaseIsKnown } from '../phase.ts';
import { datadogEndpoint, otlpEndpoint, shown, xrayEndpoint } from './address.ts';
import { type ObservabilityRule, RULES } from './rules.ts';

interface Vendor {
  readonly rule: ObservabilityRule;
  /** Describes `ask`, for the plan. */
  readonly does: string;
  /** The address, for display. @throws CheckStopped when it is missing or malformed */
  readonly address: (run: Run) => string;
  readonly ask: (run: Run) => Promise<Outcome>;
}

const VENDORS: Readonly<Record<string, Vendor>> = {
  Datadog: {
    rule: 'datadog',
    does: 'sends GET /info to the trace agent, and an empty packet to DogStatsD',
    address: (run) => shown(datadogEndpoint(run)),
    ask: async (run) => (await import('./datadog.ts')).datadog(run),
  },
  AWS: {
    rule: 'xray',
    does: 'sends the daemon’s header without a segment over UDP, and opens a TCP connection',
    address: (run) => shown(xrayEndpoint(run).udp),
    ask: async (run) => (await import('./xray.ts')).xray(run),
  },
  OpenTelemetry: {
    rule: 'opentelemetry',
    does: 'sends an OTLP/gRPC export request without spans',
    address: (run) => shown(otlpEndpoint(run)),
    ask: async (run) => (await import('./opentelemetry.ts')).opentelemetry(run),
  },
};

const SET_BY_SPACELIFT = ['DD_SERVICE', 'AWS_XRAY_TRACING_NAME', 'OTEL_SERVICE_NAME'] as const;

function vendorOf({ deployment }: Run): string | undefined {
  const held = deployment.lookup('OBSERVABILITY_VENDOR');
  return held.state === 'set' || held.state === 'default' ? held.value : undefined;
}

export const observability = defineCheck({
  id: 'observability',
  title: 'Observability',
  rules: RULES,

  expects: (run): ObservabilityRule[] => {
    if (run.deployment.service === 'worker') return [];
    const vendor = vendorOf(run);
    if (vendor === 'Disabled') return ['service-name'];
    const rule = VENDORS[vendor ?? '']?.rule;
    return ['address', ...(rule === undefined ? [] : [rule]), 'service-name'];
  },

  plan: (run) => {
    const names = { rules: ['service-name'], does: 'looks for variables that Spacelift sets itself', at: [] };
    const vendor = VENDORS[run.require('OBSERVABILITY_VENDOR')];
    if (vendor === undefined) return [names];
    return [{ rules: ['address', vendor.rule], does: vendor.does, at: [vendor.address(run)] }, names];
  },

  async run(context) {
    await context.check('service-name', () => serviceName(context));
    const name = context.require('OBSERVABILITY_VENDOR');
    const vendor = VENDORS[name];
    if (vendor !== undefined) await judgeVendor(context, name, vendor);
  },

  summary: (run) => (vendorOf(run) === 'Disabled' ? 'telemetry is disabled' : undefined),
});

async function judgeVendor(context: Context<string>, name: string, { rule, address, ask }: Vendor): Promise<void> {
  await context.gate('address', () => pass(`traces go to ${name} at ${address(context)}`));
  await untilPhaseIsKnown(context);
  await context.check(rule, () => ask(context));
}

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
