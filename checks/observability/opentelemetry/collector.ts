/** An OpenTelemetry collector: sends an export request like otlptracegrpc's, but without spans. */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { mustBeAllowed, withOwnersNetwork } from '../../../src/clouds/credentials.ts';
import type { ValueName } from '../../../src/config/contract.ts';
import type { Party } from '../../../src/config/options.ts';
import type { Run } from '../../../src/engine/check.ts';
import { callEmpty, GRPC, type GrpcAnswer } from '../../../src/net/grpc.ts';
import { NetworkError, toNetworkError } from '../../../src/net/network-error.ts';
import { connectVia } from '../../../src/net/proxy-tunnel.ts';
import { certificatesIn } from '../../../src/net/system-store.ts';
import { openTls } from '../../../src/net/tls.ts';
import { advice, setting as set } from '../../../src/outcome/fix.ts';
import { fail, type Issue, type Outcome, pass, skip } from '../../../src/outcome/outcome.ts';
import { percentDecoded } from '../../../src/util/percent.ts';
import { type Endpoint, otlpEndpoint, shown } from '../address.ts';
import { type Agent, mustBeOwn, orUnreachable, unreachableAgent } from '../unreachable-agent.ts';
import { identifyListener, type Listener } from './identify-listener.ts';

/** The deadline for each of the connection, TLS, and the response; ms. */
const DEADLINE_MS = 5000;
const EXPORT = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';
const WHAT = 'the OpenTelemetry collector';

export async function opentelemetry(all: Run): Promise<Outcome> {
  const endpoint = otlpEndpoint(all);
  const owner = ownerOfHeaders(all);
  const run = withOwnersNetwork(all, owner);
  const agent: Agent = { what: WHAT, setting: endpoint.setting, at: endpoint };
  mustBeOwn(run, agent);
  const setting = headersSetting(run);
  const metadata = headersIn(run.get(setting) ?? '');
  if (Object.keys(metadata).length > 0) mayTravel(run, endpoint, owner);
  return orUnreachable(run, agent, async () => {
    const ca = authorityFile(run);
    const asked = await ask({ ...run, authorities: () => [...run.authorities(), ...ca.pems] }, endpoint, metadata);
    if (asked instanceof NetworkError) return distrusted(run, agent, asked, ca.path);
    if (typeof asked === 'string') return unexpectedListener(endpoint, asked);
    if (asked.speaks === 'grpc')
      return outcomeOf(run, agent, asked.status, { setting, given: Object.keys(metadata).length > 0 });
    if (asked.speaks === 'http2' && asked.status >= 502 && asked.status <= 504) {
      return unreachableAgent(run, agent, new NetworkError('closed'), noBackend(endpoint, `HTTP ${asked.status}`));
    }
    return unexpectedListener(endpoint, await identifyListener(run, endpoint));
  });
}

/**
 * The response, the other server found there, or the reason why TLS failed.
 * @throws NetworkError when no server responds
 */
async function ask(
  run: Run,
  endpoint: Endpoint,
  metadata: Record<string, string>,
): Promise<GrpcAnswer | Listener | NetworkError> {
  const call = { authority: 'socketPath' in endpoint ? 'localhost' : shown(endpoint), path: EXPORT, metadata };
  if ('socketPath' in endpoint) {
    return callEmpty(run, await openSocket(run, endpoint.socketPath), { ...call, secure: false }, DEADLINE_MS);
  }
  const through = await connectVia(run, endpoint, DEADLINE_MS);
  try {
    if (!endpoint.secure) return await callEmpty(run, through, { ...call, secure: false }, DEADLINE_MS);
    const tls = await openTls(run, endpoint, { verify: true, alpn: ['h2'], through }, DEADLINE_MS);
    if (tls.distrust !== undefined) {
      tls.socket.destroy();
      return tls.distrust;
    }
    return await callEmpty(run, tls.socket, { ...call, secure: true }, DEADLINE_MS);
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    if (error.kind === 'tls') return error;
    if (error.kind !== 'closed' && error.kind !== 'not-tls') throw error;
    // A server that closes a gRPC connection may use another protocol.
    const who = await identifyListener(run, endpoint);
    if (who === 'unknown') throw error;
    return who;
  }
}

function openSocket(run: Run, path: string): Promise<Socket> {
  return run.withTimeout(
    DEADLINE_MS,
    (signal) =>
      new Promise((resolve, reject) => {
        const socket = connect({ path, signal });
        socket.once('connect', () => resolve(socket));
        socket.on('error', (error) => reject(toNetworkError(error) ?? error));
      }),
  );
}

/** The owner of the headers: headers read with the caller's credentials belong to the caller. */
function ownerOfHeaders(run: Run): Party {
  const { set, entry, partyOf } = run.deployment;
  const setting = headersSetting(run);
  if (!set.includes(setting)) return 'config';
  return entry(setting)?.resolved === true ? 'process' : partyOf(setting);
}

/** The caller's headers are sent to an address from the config only if that is allowed. @throws CheckStopped */
function mayTravel(run: Run, endpoint: Endpoint, owner: Party): void {
  if ('socketPath' in endpoint) return;
  const { deployment } = run;
  const url = new URL(`http${endpoint.secure ? 's' : ''}://${shown(endpoint)}`);
  mustBeAllowed(run, owner, { url, party: deployment.partyOf(endpoint.setting), setting: endpoint.setting });
}

interface Headers {
  readonly setting: ValueName;
  /** Whether there are any. */
  readonly given: boolean;
}

async function outcomeOf(run: Run, agent: Agent, status: number, headers: Headers): Promise<Outcome> {
  const at = shown(agent.at);
  const evidence = { grpcStatus: status };
  switch (status) {
    case GRPC.ok:
      return pass(`collector at ${at} accepts traces over OTLP/gRPC`, { evidence });
    case GRPC.invalidArgument:
      return pass(`collector at ${at} speaks OTLP/gRPC`, {
        detail: 'It rejects a request without spans, which Spacelift never sends.',
        evidence,
      });
    case GRPC.unauthenticated:
    case GRPC.permissionDenied:
      return fail(
        `the collector at ${at} ${headers.given ? `rejected the credentials in ${headers.setting}` : 'requires credentials'}`,
        {
          expected: `headers in ${headers.setting} that the collector accepts`,
          fix: headers.given
            ? advice`correct ${headers.setting}: name=value, with the value URL-encoded (authorization=Bearer%20…)`
            : advice`set ${headers.setting}, as in authorization=Bearer%20<token>`,
          evidence,
        },
      );
    case GRPC.unimplemented:
      return fail(`${at} speaks gRPC, but does not accept traces`, {
        detail: 'It does not implement the OTLP TraceService.',
        expected: 'a collector with the otlp receiver in a traces pipeline',
        fix: advice`add otlp to the receivers of service.pipelines.traces in the collector’s config, or correct ${agent.setting}`,
        evidence,
      });
    default:
      return unreachableAgent(run, agent, new NetworkError('closed'), noBackend(agent.at, `gRPC status ${status}`));
  }
}

const noBackend = (at: Agent['at'], answer: string): Omit<Issue, 'status'> => ({
  title: `${shown(at)} responds, but the collector does not accept traces (${answer})`,
  expected: 'gRPC status 0 for a request without spans',
  fix: advice`check the log of the collector, or of the proxy in front of it`,
  evidence: { observed: answer },
});

function unexpectedListener(endpoint: Endpoint, who: Listener): Issue {
  const { setting } = endpoint;
  const at = shown(endpoint);
  const host = 'host' in endpoint ? at.slice(0, at.lastIndexOf(':')) : '<host>';
  const scheme = 'secure' in endpoint && endpoint.secure ? 'https' : 'http';
  const expected = 'a collector that accepts OTLP over gRPC';
  const evidence = { observed: who };
  switch (who) {
    case 'otlp-http':
      return fail(`${at} accepts OTLP over HTTP only, but Spacelift sends it over gRPC`, {
        expected,
        fix: advice`enable grpc under protocols of the otlp receiver, and set ${setting}=${scheme}://${host}:4317`,
        evidence,
      });
    case 'http':
      return fail(`${at} is an HTTP server, not an OTLP/gRPC collector`, {
        expected,
        fix: advice`set ${setting}=${scheme}://<collector>:4317`,
        evidence,
      });
    case 'tls':
      return fail(`${at} requires TLS`, { expected, fix: set(setting, `https://${at}`), evidence });
    case 'plain':
      return fail(`${at} does not speak TLS`, { expected, fix: set(setting, `http://${at}`), evidence });
    case 'unknown':
      return fail(`${at} does not speak gRPC`, {
        expected,
        fix: advice`set ${setting}=${scheme}://<collector>:4317`,
        evidence,
      });
  }
}

/** A client certificate is in Spacelift's container, and so may be the CA certificate. */
function distrusted(
  run: Run,
  agent: Agent,
  problem: NetworkError,
  caPath: string | undefined,
): Outcome | Promise<Outcome> {
  const set = (name: string) => run.deployment.set.includes(name) || run.deployment.setting(name) !== undefined;
  const mutual = problem.tls === 'client-certificate';
  if (mutual && set('OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE')) {
    return skip(`the collector at ${shown(agent.at)} requires the client certificate, which is not sent from here`);
  }
  if (problem.tls === 'untrusted' && caPath !== undefined) {
    return skip(`${caPath} is not available here, so the certificate of ${shown(agent.at)} can’t be verified`, {
      fix: advice`pass the CA certificate with --ca-file <path>`,
      evidence: { variable: 'OTEL_EXPORTER_OTLP_CERTIFICATE' },
    });
  }
  return unreachableAgent(run, agent, problem);
}

/** `path` if a CA file can't be read here; a path in the config refers to Spacelift's container. */
function authorityFile({ deployment: { setting } }: Run): { pems: readonly string[]; path?: string } {
  const held = setting('OTEL_EXPORTER_OTLP_TRACES_CERTIFICATE') ?? setting('OTEL_EXPORTER_OTLP_CERTIFICATE');
  if (held === undefined) return { pems: [] };
  const { value: path, party } = held;
  if (party === 'config') return { pems: [], path };
  try {
    return { pems: certificatesIn(readFileSync(path, 'utf8')) };
  } catch {
    return { pems: [], path };
  }
}

/** The traces' own variable replaces the general one. */
function headersSetting({ get }: Run): ValueName {
  const own = 'OTEL_EXPORTER_OTLP_TRACES_HEADERS';
  return get(own) === undefined ? 'OTEL_EXPORTER_OTLP_HEADERS' : own;
}

/** name=value pairs with URL-encoded values. */
function headersIn(text: string): Record<string, string> {
  const pairs = text.split(',').flatMap((pair): [string, string][] => {
    const [, name = '', value = ''] = /^\s*([\w!#$%&'*+.^`|~-]+)\s*=(.*)$/s.exec(pair) ?? [];
    return name === '' ? [] : [[name.toLowerCase(), percentDecoded(value).trim()]];
  });
  return Object.fromEntries(pairs);
}
