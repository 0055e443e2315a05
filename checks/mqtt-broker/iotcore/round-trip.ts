/** The round trip, which requires an operator's credentials, and its findings. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { generalOutcome } from '../../../src/clouds/aws/messages.ts';
import type { Run } from '../../../src/engine/check.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { iotArn, notPermitted, openData } from './clients.ts';
import { otherRegion } from './owner.ts';
import { namespaceOf, readTopic } from './publish.ts';
import { roundTrip, SocketStepError, type Step } from './socket.ts';

/** The resource that each permission is checked for. */
const RESOURCES: Readonly<Record<Step, (namespace: string) => string>> = {
  Connect: () => 'client/spacelift-preflight-*',
  Subscribe: (namespace) => `topicfilter/${namespace}/readonly/preflight/*`,
  Publish: (namespace) => `topic/${namespace}/readonly/preflight/*`,
  Receive: (namespace) => `topic/${namespace}/readonly/preflight/*`,
};

export async function checkRoundTrip(run: Run): Promise<Outcome> {
  const { service } = run.deployment;
  if (service !== undefined) {
    return skip(`not tested: the ${service}’s role is not allowed to connect over MQTT`, {
      detail:
        'No Spacelift role is allowed to connect, subscribe, or receive: workers do, with their own certificates.',
      fix: advice`run this tool without --service, with an operator’s credentials`,
    });
  }
  const elsewhere = otherRegion(run);
  if (elsewhere !== undefined) throw new CheckStopped(elsewhere);
  if (run.options.readOnly)
    return skip('nothing was published: --read-only', { fix: advice`run this tool without --read-only` });
  // Not the topic of `publish`, whose message may arrive at any time.
  const topic = `${readTopic(run)}/mqtt`;
  const data = await openData(run);
  const message = JSON.stringify({ preflight: run.id, by: 'mqtt' });
  const { host } = data.target;
  let back: string;
  try {
    back = await roundTrip(run, data, topic, message);
  } catch (error) {
    return refused(run, error);
  }
  const evidence = { endpoint: host, topic };
  if (back === message) return pass(`${host} delivers published messages over MQTT`, { evidence });
  return fail(`the message delivered by ${host} differs from the one published`, {
    expected: 'the same bytes',
    fix: advice`look for a proxy between this machine and IoT Core`,
    evidence,
  });
}

async function refused(run: Run, error: unknown): Promise<Issue | Skip> {
  const denied = error instanceof AwsError && error.kind === 'denied' ? 'Connect' : undefined;
  const step = error instanceof SocketStepError ? error.step : denied;
  if (step !== undefined) {
    const title = step === 'Receive' ? 'no message came back' : 'IoT Core closed the connection';
    return notPermitted(title, `iot:${step}`, iotArn(run, RESOURCES[step](namespaceOf(run))));
  }
  const { target } = await openData(run);
  const at = `${target.host}:${target.port}`;
  const { kind, status, code } = error instanceof AwsError ? error : {};
  if (kind === undefined || kind === 'scope' || kind === 'throttled') {
    const outcome = await generalOutcome(run, error, target);
    if (outcome !== undefined) return outcome;
  }
  return fail(`${at} did not open a WebSocket connection${status === undefined ? '' : ` (HTTP ${status})`}`, {
    detail: 'A proxy in between may block WebSocket connections.',
    expected: 'HTTP 101, followed by MQTT',
    fix: advice`allow requests with Upgrade: websocket to ${at}; or check https://health.aws.amazon.com/health/status`,
    evidence: { endpoint: at, ...(status !== undefined && { status }), ...(code !== undefined && { code }) },
    cause: cause.awsService(kind ?? 'no-answer', at),
  });
}
