/** AWS IoT Core: Spacelift publishes over HTTPS, workers reply over MQTT, and a topic rule sends their messages to SQS. */
import type { Context, Run } from '../../../src/engine/check.ts';
import { type Outcome, pass } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import type { MqttRule } from '../rules.ts';
import { checkControlPlane } from './control-plane.ts';
import { checkDomain } from './custom-domain.ts';
import { checkDelivery } from './delivery.ts';
import { readIotEndpoint } from './endpoint.ts';
import { checkOwner } from './owner.ts';
import { published, reached } from './publish.ts';
import { checkRoundTrip } from './round-trip.ts';
import { findRule } from './rule.ts';

export async function run(context: Context<MqttRule>, rules: readonly MqttRule[]): Promise<void> {
  const { check } = context;
  await context.gate('endpoint', () => wellFormed(context));
  if (context.deployment.service === 'worker') {
    await check('iotcore/publish', () => reached(context));
    return;
  }
  await Promise.all([
    check('iotcore/publish', () => published(context)),
    check('iotcore/round-trip', () => checkRoundTrip(context)),
    check('iotcore/endpoint', () => checkOwner(context, () => published(context))),
    check('iotcore/topic-rule', async () => (await findRule(context)).outcome),
    check('iotcore/delivery', () => checkDelivery(context)),
    check('iotcore/control-plane', () => checkControlPlane(context)),
    ...(rules.includes('iotcore/custom-domain') ? [check('iotcore/custom-domain', () => checkDomain(context))] : []),
  ]);
}

function wellFormed(run: Run): Outcome {
  const region = run.deployment.lookup('AWS_REGION');
  const found = readIotEndpoint(run.require(ENDPOINT), region.state === 'set' ? region.value : undefined);
  if ('status' in found) return found;
  return pass(`IoT Core at ${found.host}`, {
    evidence: { host: found.host, ...(found.region !== undefined && { region: found.region }) },
  });
}
