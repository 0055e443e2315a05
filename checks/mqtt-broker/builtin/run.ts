/** The built-in broker: it is part of Spacelift's server, and workers connect to it. */
import type { Context, Run } from '../../../src/engine/check.ts';
import { oncePerRun } from '../../../src/engine/once-per-run.ts';
import { skipIfOutside } from '../../../src/net/location.ts';
import { networkMessages, WAIT_LONGER } from '../../../src/net/messages.ts';
import { NetworkError } from '../../../src/net/network-error.ts';
import { unbracketed } from '../../../src/net/tcp.ts';
import { advice, type Fix, setting, sh } from '../../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Outcome, pass, type Skip, skip } from '../../../src/outcome/outcome.ts';
import { span } from '../../../src/util/format.ts';
import { phaseOf } from '../../phase.ts';
import { ENDPOINT, type Endpoint, readEndpoint } from '../endpoint.ts';
import type { MqttRule } from '../rules.ts';
import { identifyListener, type Listener, type Other } from './identify-listener.ts';

/** @throws CheckStopped with the failure of `endpoint`, if the endpoint is malformed */
function endpointOf(run: Run): Endpoint {
  const found = readEndpoint(run.require(ENDPOINT));
  if ('status' in found) throw new CheckStopped(found);
  return found;
}

const answer = oncePerRun(async (run): Promise<Listener> => identifyListener(run, endpointOf(run)));

export async function run(context: Context<MqttRule>): Promise<void> {
  await context.gate('endpoint', () => {
    const found = readEndpoint(context.require(ENDPOINT));
    if ('status' in found) return found;
    const { host, port, tls, at } = found;
    return pass(`built-in broker at ${at}${tls ? ' over TLS' : ''}`, { evidence: { host, port, tls } });
  });
  await context.gate('builtin/reachable', async () => {
    const missing = await absence(context);
    return missing ?? pass(`${endpointOf(context).at} accepts connections`);
  });
  await context.check('builtin/protocol', async () => {
    const missing = await absence(context);
    if (missing !== undefined) throw new CheckStopped(missing);
    return protocol(endpointOf(context), await answer(context));
  });
}

/** The finding if no server responds; `undefined` if one does. */
async function absence(run: Run): Promise<Issue | Skip | undefined> {
  try {
    const found = await answer(run);
    return found.speaks === 'nothing' ? unreachable(run, found.problem) : undefined;
  } catch (error) {
    if (error instanceof NetworkError) return unreachable(run, error);
    throw error;
  }
}

async function unreachable(run: Run, problem: NetworkError): Promise<Issue | Skip> {
  const { host, port, at } = endpointOf(run);
  const words = networkMessages(problem, { what: 'the MQTT broker', host, port, setting: ENDPOINT });
  const evidence = { host, port, observed: problem.kind };
  const place = await skipIfOutside(run, host, problem);
  if (place !== undefined) return place;
  const { service } = run.deployment;
  if (service === 'server' || service === 'drain') {
    return skip(`no broker responds at ${at} from here, but the ${service} does not need to reach it`, {
      detail: `Only workers connect to the built-in broker. Observed: ${words.title}.`,
      fix: advice`run this tool where workers run, with --service worker`,
      evidence,
    });
  }
  // Something else that listens there does not go away with the installation.
  if (problem.silentMs === undefined && (await phaseOf(run)) === 'pre-install') {
    return skip(`no broker responds at ${at} yet: it starts with Spacelift`, {
      detail: `Observed: ${words.title}.`,
      fix: advice`run this tool again after installation`,
      evidence,
    });
  }
  if (problem.kind === 'refused') {
    const fix = advice`make sure that the server is running and that ${at} points to its MQTT port; try: ${sh`nc -vz ${unbracketed(host)} ${port}`}`;
    return fail(words.title, { ...words, fix });
  }
  if (problem.silentMs !== undefined) {
    return fail(words.title, {
      ...words,
      detail: 'The connection was accepted, but neither a CONNECT nor an HTTP request got a response.',
      expected: `a CONNACK within ${span(problem.silentMs)} of a CONNECT`,
      fix: advice`find out what listens at ${at}, and point ${ENDPOINT} at the server’s MQTT port (1984 by convention); ${WAIT_LONGER}`,
    });
  }
  return fail(words.title, words);
}

function protocol({ at, tls, host, port }: Endpoint, found: Listener): Outcome {
  const expected = `an MQTT broker${tls ? ' behind TLS' : ', without TLS'}`;
  switch (found.speaks) {
    case 'mqtt':
      return pass(`${at} speaks MQTT ${found.version}`, {
        ...(found.code !== 0 && { detail: 'It rejects a client without credentials, as it should.' }),
        evidence: { version: found.version, returnCode: found.code },
      });
    case 'client-certificate':
      return pass(`${at} requires a client certificate`, {
        detail: 'Workers have one. The broker behind it was not tested.',
        evidence: { clientCertificate: true },
      });
    case 'wants-tls':
      return fail(`${at} requires TLS, but ${ENDPOINT} does not start with tls://`, {
        expected,
        fix: setting(ENDPOINT, `tls://${at}`),
        evidence: { observed: 'TLS' },
      });
    case 'plain-mqtt':
      return fail(`${at} speaks MQTT without TLS`, {
        expected,
        fix: advice`set ${ENDPOINT}=${at}, or enable TLS in front of the broker`,
        evidence: { observed: 'MQTT without TLS' },
      });
    case 'broken-tls': {
      const words = networkMessages(found.problem, { what: 'the MQTT broker', host, port, setting: ENDPOINT });
      return fail(words.title, { ...words, expected });
    }
    case 'other':
      return fail(`${at} is ${OTHER[found.other]}, not an MQTT broker`, {
        expected,
        ...wayTo(found.other),
        evidence: { observed: found.other },
      });
    case 'nothing':
      throw found.problem;
  }
}

const OTHER: Record<Other, string> = {
  HTTP: 'an HTTP server',
  SSH: 'an SSH server',
  TLS: 'a server with incompatible TLS',
  'SMTP or FTP': 'an SMTP or FTP server',
  AMQP: 'an AMQP broker',
  Redis: 'a Redis server',
  memcached: 'a memcached server',
  MySQL: 'a MySQL server',
  PostgreSQL: 'a PostgreSQL server',
  unknown: 'an unknown server',
};

function wayTo(other: Other): Pick<Issue, 'detail'> & { readonly fix: Fix } {
  if (other !== 'HTTP') return { fix: advice`point ${ENDPOINT} at the server’s MQTT port (1984 by convention)` };
  return {
    detail: 'An HTTP ingress or load balancer can’t carry MQTT.',
    fix: advice`point ${ENDPOINT} at the server’s MQTT port (1984 by convention), through a TCP load balancer`,
  };
}
