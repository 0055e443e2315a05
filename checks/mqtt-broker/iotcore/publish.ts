/** Publishing over HTTPS: how Spacelift sends messages to its workers, and the only message permission that its roles have. */

import { AwsError } from '../../../src/clouds/aws/call.ts';
import { callerIdentity, explainedByAccount } from '../../../src/clouds/aws/caller.ts';
import { deniedMessages, roleOf } from '../../../src/clouds/aws/denial.ts';
import { CredentialError, credentialIssue } from '../../../src/clouds/aws/errors.ts';
import { generalOutcome } from '../../../src/clouds/aws/messages.ts';
import type { Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { skipIfOutside } from '../../../src/net/location.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { connectVia, routeMessages } from '../../../src/net/proxy-tunnel.ts';
import { openTls } from '../../../src/net/tls.ts';
import { cause } from '../../../src/outcome/cause.ts';
import { advice, setting } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { ENDPOINT } from '../endpoint.ts';
import { brokerAt, iotArn, openData } from './clients.ts';
import { iotEndpoint } from './endpoint.ts';
import { foreignEndpoint, otherRegion } from './owner.ts';

const DEADLINE_MS = 10_000;
const NAMESPACE = 'MQTT_BROKER_IOTCORE_NAMESPACE';

/** @throws CheckStopped when the namespace can't start a topic: everything that depends on it fails */
export function namespaceOf(run: Run): string {
  const namespace = run.require(NAMESPACE);
  if (!/[/+#\s]|^\$/.test(namespace)) return namespace;
  throw new CheckStopped(
    fail(`${NAMESPACE} is not a single topic level: ${JSON.stringify(namespace.slice(0, 60))}`, {
      detail: 'The topic rule expects the worker pool and the worker at the third and fourth levels.',
      expected: 'one level, without /, +, #, or whitespace, such as spacelift',
      fix: advice`set ${NAMESPACE}=spacelift, or remove it, and make sure that the topic rule and the roles’ policies use the same namespace`,
      evidence: { variable: NAMESPACE },
      cause: cause.variable(NAMESPACE),
    }),
  );
}

/** A topic in the range that Spacelift writes and workers read; nobody reads this one. */
export const readTopic = (run: Run): string => `${namespaceOf(run)}/readonly/preflight/${run.id}`;

export const published = oncePerRun(async (run): Promise<Outcome> => {
  const elsewhere = otherRegion(run);
  if (elsewhere !== undefined) throw new CheckStopped(elsewhere);
  if (run.options.readOnly) {
    return skip('nothing was published: --read-only', { fix: advice`run this tool without --read-only` });
  }
  const topic = readTopic(run);
  const data = await openData(run);
  try {
    await data.publish(run, topic, { preflight: run.id });
  } catch (error) {
    return refusal(run, error, topic);
  }
  return pass(`a message was published through ${data.target.host}`, {
    evidence: { endpoint: data.target.host, topic },
  });
});

/** Workers have their own certificates, which are not in the config, so only the connection can be tested for them. */
export async function reached(run: Run): Promise<Outcome> {
  const { url, target } = brokerAt(run);
  const at = `${target.host}:${target.port}`;
  try {
    const through = await connectVia(run, target, DEADLINE_MS);
    if (url.protocol === 'https:') {
      const { socket, distrust } = await openTls(run, target, { verify: true, through }, DEADLINE_MS);
      socket.destroy();
      if (distrust !== undefined) throw distrust;
    }
    through.destroy();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const { title, ...words } = routeMessages(error, target);
    const explained = await skipIfOutside(run, target.host, error);
    return explained ?? asLegacy(run, error, fail(title, words));
  }
  return skip(`${at} responds${url.protocol === 'https:' ? ' over TLS' : ''}; nothing was published`, {
    detail: 'A worker connects with the certificate of its worker pool, which is not in this config.',
    fix: advice`run this tool with --service server or --service drain`,
    evidence: { endpoint: at },
  });
}

async function refusal(run: Run, error: unknown, topic: string): Promise<Issue | Skip> {
  const { target } = await openData(run);
  const outcome = await generalOutcome(run, error, target);
  if (outcome !== undefined) return asLegacy(run, error, outcome);
  if (error instanceof AwsError && error.kind === 'denied') return forbidden(run, topic);
  const code = (error instanceof AwsError && error.code) || 'no reason given';
  return fail(`IoT Core rejected a message: ${code}`, {
    expected: `IoT Core accepts a message on ${topic}`,
    fix: advice`look up the code in the IoT data plane API reference: Publish`,
    evidence: { endpoint: target.host, topic, code },
  });
}

/** Hardly any system still trusts Symantec's certificate authorities. */
function asLegacy(run: Run, error: unknown, outcome: Issue | Skip): Issue | Skip {
  const { instead } = iotEndpoint(run);
  const distrusted = error instanceof NetworkError && error.tls === 'untrusted' && outcome.status === 'fail';
  if (instead === undefined || !distrusted) return outcome;
  return {
    ...outcome,
    detail: 'It is the account’s legacy endpoint, with a certificate that Symantec issued.',
    expected: 'the endpoint with a certificate from Amazon: iot:Data-ATS',
    fix: setting(ENDPOINT, instead),
  };
}

/** A denial says only "Forbidden", and so does the endpoint of another account. */
async function forbidden(run: Run, topic: string): Promise<Issue> {
  const asked = await callerIdentity(run);
  if ('error' in asked && asked.error instanceof CredentialError) {
    return credentialIssue(asked.error.kind, asked.error.facts);
  }
  const wrongAccount = await explainedByAccount(run);
  if (wrongAccount !== undefined) return wrongAccount;
  const foreign = await foreignEndpoint(run);
  if (foreign !== undefined) throw new CheckStopped(foreign);
  const resource = iotArn(run, `topic/${namespaceOf(run)}/readonly/*`);
  const principal = 'caller' in asked ? roleOf(asked.caller.arn) : undefined;
  const { fix } = deniedMessages({
    actions: ['iot:Publish'],
    resource,
    resourcePolicy: '',
    denial: { policy: undefined, explicit: false, principal },
  });
  return fail(`the credentials lack iot:Publish on ${topic.replace(run.id, '…')}`, {
    detail: 'IoT Core gives no reason, and returns the same error at the endpoint of another account.',
    expected: 'iot:Publish for Spacelift’s server and drain',
    fix,
    evidence: { denied: 'iot:Publish', topic, ...(principal !== undefined && { principal }) },
  });
}
