/** The round trip, which takes an operator: what came of it, in words. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { generalOutcome } from '../../../src/clouds/aws/messages.ts';
import type { Run } from '../../../src/engine/check.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { iotArn, notPermitted, openData } from './clients.ts';
import { otherRegion } from './owner.ts';
import { namespaceOf, readTopic } from './publish.ts';
import { SocketStepError, type Step, thereAndBack } from './socket.ts';

/** What the permissions are asked for. */
const RESOURCES: Readonly<Record<Step, (namespace: string) => string>> = {
  Connect: () => 'client/spacelift-preflight-*',
  Subscribe: (namespace) => `topicfilter/${namespace}/readonly/preflight/*`,
  Publish: (namespace) => `topic/${namespace}/readonly/preflight/*`,
  Receive: (namespace) => `topic/${namespace}/readonly/preflight/*`,
};

export async function judgeTrip(run: Run): Promise<Outcome> {
  const { service } = run.deployment;
  if (service !== undefined) {
    return skip(`not tried: the ${service}’s role may not connect by MQTT`, {
      detail: 'No role of Spacelift may connect, subscribe or receive: workers do, with certificates of their own.',
      fix: advice`verified without --service, with an operator’s credentials`,
    });
  }
  const elsewhere = otherRegion(run);
  if (elsewhere !== undefined) throw new CheckStopped(elsewhere);
  if (run.options.readOnly)
    return skip('nothing was published: --read-only', { fix: advice`run it without --read-only` });
  // Not that of `publish`, whose message may come at any time.
  const topic = `${readTopic(run)}/mqtt`;
  const data = await openData(run);
  const message = JSON.stringify({ preflight: run.id, by: 'mqtt' });
  const { host } = data.target;
  let back: string;
  try {
    back = await thereAndBack(run, data, topic, message);
  } catch (error) {
    return refused(run, error);
  }
  const evidence = { endpoint: host, topic };
  if (back === message) return pass(`${host} delivers by MQTT what is published`, { evidence });
  return fail(`${host} delivers another message than was published`, {
    expected: 'the same bytes',
    fix: advice`find out what stands between this machine and IoT Core`,
    evidence,
  });
}

async function refused(run: Run, error: unknown): Promise<Issue | Skip> {
  const denied = error instanceof AwsError && error.kind === 'denied' ? 'Connect' : undefined;
  const step = error instanceof SocketStepError ? error.step : denied;
  if (step !== undefined) {
    const title = step === 'Receive' ? 'no message came back' : 'IoT Core ended the connection';
    return notPermitted(title, `iot:${step}`, iotArn(run, RESOURCES[step](namespaceOf(run))));
  }
  const { target } = await openData(run);
  const at = `${target.host}:${target.port}`;
  const { kind, status, code } = error instanceof AwsError ? error : {};
  if (kind === undefined || kind === 'scope' || kind === 'throttled') {
    const outcome = await generalOutcome(run, error, target);
    if (outcome !== undefined) return outcome;
  }
  return fail(`${at} opens no WebSocket${status === undefined ? '' : ` (HTTP ${status})`}`, {
    detail: 'What stands in between, such as a proxy, may not let WebSockets through.',
    expected: 'HTTP 101, and MQTT from then on',
    fix: advice`let requests with Upgrade: websocket pass to ${at}; or see https://health.aws.amazon.com/health/status`,
    evidence: { endpoint: at, ...(status !== undefined && { status }), ...(code !== undefined && { code }) },
    cause: cause.awsService(kind ?? 'no-answer', at),
  });
}
