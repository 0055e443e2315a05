/** The VCS gateway, called like by the agents that connect to it: gRPC over TLS. */
import type { Run } from '../../src/engine/check.ts';
import { callEmpty, GRPC, type GrpcAnswer, isHttp2Refusal } from '../../src/net/grpc.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { connectVia, ProxyError, routeMessages } from '../../src/net/proxy-tunnel.ts';
import type { Address } from '../../src/net/tcp.ts';
import { openTls } from '../../src/net/tls.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Outcome, pass, skip } from '../../src/outcome/outcome.ts';
import { phaseOf } from '../phase.ts';
import {
  clientCertificate,
  type EndpointIssue,
  type Found,
  noBackend,
  notHttp2,
  notTls,
  refused,
  unexpectedResponse,
  withoutHttp2,
} from './vcs-gateway-messages.ts';

/** For each of the connection, TLS, and the response; ms. */
const DEADLINE_MS = 10_000;
/** For a second look at a server that does not speak TLS, ms. */
const LOOK_MS = 3000;
/** The load balancer's health check, too: it needs no login, and any gRPC server responds to it. */
const HEALTH = '/grpc.health.v1.Health/Check';

/** Whether a gRPC status comes back: any, since the gateway might not implement the health service. */
export async function checkVcsGateway(run: Run, address: Address): Promise<Outcome> {
  const found: Found = { at: `${address.host}:${address.port}`, run };
  try {
    const through = await connectVia(run, address, DEADLINE_MS);
    const tls = await openTls(run, address, { verify: true, alpn: ['h2'], through }, DEADLINE_MS);
    const evidence = { tls: tls.version, alpn: tls.alpn ?? 'none' };
    if (tls.distrust !== undefined || tls.alpn !== 'h2') {
      tls.socket.destroy();
      if (tls.distrust !== undefined) throw tls.distrust;
      return await notYet(run, found, withoutHttp2(found, evidence));
    }
    const call = { authority: found.at, secure: true, path: HEALTH, metadata: {} };
    const answer = await callEmpty(run, tls.socket, call, DEADLINE_MS);
    const issue = judgeAnswer(found, answer);
    if (issue !== undefined) return await notYet(run, found, issue);
    const { status: grpcStatus } = answer as Extract<GrpcAnswer, { speaks: 'grpc' }>;
    return pass(`VCS gateway at ${found.at} over ${tls.version}`, { evidence: { ...evidence, grpcStatus } });
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return (await skipIfOutside(run, address.host, error)) ?? notYet(run, found, await wordsFor(found, address, error));
  }
}

/** Proxies turn the failure to reach a server into a gRPC status; only its message shows that it is not the gateway's. */
const OF_PROXY = /upstream|backend/i;

function judgeAnswer(found: Found, answer: GrpcAnswer): EndpointIssue | undefined {
  if (answer.speaks === 'other') return notHttp2(found);
  if (answer.speaks === 'http2') return unexpectedResponse(found, answer);
  if (answer.status !== GRPC.unavailable || !OF_PROXY.test(answer.message)) return undefined;
  return noBackend(found, { says: `gRPC status ${answer.status}`, evidence: { grpcStatus: answer.status } });
}

async function wordsFor(found: Found, address: Address, error: NetworkError): Promise<EndpointIssue> {
  const words = routeMessages(error, { what: 'the VCS gateway', ...address, setting: 'VCS_GATEWAY_ENDPOINT' });
  if (error instanceof ProxyError) return words;
  if (error.code?.endsWith('NO_APPLICATION_PROTOCOL')) return withoutHttp2(found, { observed: error.code });
  if (isHttp2Refusal(error)) return refused(found, error.code ?? '');
  if (error.tls === 'client-certificate') return clientCertificate(words);
  if (error.kind !== 'not-tls' && error.kind !== 'closed') return words;
  const isPlain = await speaksPlainGrpc(found.run, address);
  return error.kind === 'not-tls' || isPlain ? notTls(found, words, isPlain) : words;
}

/** The gateway's own port, without the load balancer that adds TLS. */
async function speaksPlainGrpc(run: Run, address: Address): Promise<boolean> {
  try {
    const socket = await connectVia(run, address, LOOK_MS);
    const call = { authority: `${address.host}:${address.port}`, secure: false, path: HEALTH, metadata: {} };
    return (await callEmpty(run, socket, call, LOOK_MS)).speaks === 'grpc';
  } catch (error) {
    if (error instanceof NetworkError) return false;
    throw error;
  }
}

/** The gateway is installed with Spacelift. */
async function notYet(run: Run, { at }: Found, words: EndpointIssue): Promise<Outcome> {
  if ((await phaseOf(run)) === 'post-install') return fail(words.title, words);
  return skip(`no VCS gateway at ${at} yet: it is installed with Spacelift`, {
    detail: `Observed: ${words.title}.`,
    fix: advice`run this tool again after installation`,
    ...(words.evidence !== undefined && { evidence: words.evidence }),
  });
}
