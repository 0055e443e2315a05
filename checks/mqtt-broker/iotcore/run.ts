/** AWS IoT Core: Spacelift publishes over HTTPS, workers answer by MQTT, and a topic rule brings the answers into SQS. */
import { type Context, type Outcome, pass, type Run } from '../../../src/engine/check.ts';
import { ENDPOINT } from '../endpoint.ts';
import { judgeDelivery } from './delivery.ts';
import { readIotEndpoint } from './endpoint.ts';
import { judgeOwner } from './owner.ts';
import { published, reached } from './publish.ts';
import { findRule } from './rule.ts';
import { judgeTrip } from './round-trip.ts';
import type { MqttRule } from '../rules.ts';

export async function run(context: Context<MqttRule>): Promise<void> {
  const { judge, share } = context;
  await context.must('endpoint', () => wellFormed(context));
  if (context.deployment.service === 'worker') {
    await judge('iotcore/publish', () => reached(context));
    return;
  }
  await Promise.all([
    judge('iotcore/publish', () => share(published)),
    judge('iotcore/round-trip', () => judgeTrip(context)),
    judge('iotcore/endpoint', () => judgeOwner(context, () => share(published))),
    judge('iotcore/topic-rule', async () => (await share(findRule)).outcome),
    judge('iotcore/delivery', () => judgeDelivery(context)),
  ]);
}

function wellFormed(run: Run): Outcome {
  const region = run.deployment.lookup('AWS_REGION');
  const found = readIotEndpoint(run.need(ENDPOINT), region.state === 'set' ? region.value : undefined);
  if ('status' in found) return found;
  return pass(`IoT Core at ${found.host}`, {
    evidence: { host: found.host, ...(found.region !== undefined && { region: found.region }) },
  });
}
