/** Why there is no session, in words: the network's problems, the server's refusals, and what is only missing here. */
import { dirname } from 'node:path';
import type { VariableName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { isLoopback } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { networkMessages } from '../../src/net/messages.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { cause } from '../../src/outcome/cause.ts';
import { advice } from '../../src/outcome/fix.ts';
import { fail, type Issue, type Skip, skip } from '../../src/outcome/outcome.ts';
import { type ConnectError, type Failure, isHere, isOfThisMachine, socketPath } from './connect.ts';
import type { ServerError } from './server-error.ts';
import { serverErrorMessages } from './server-error-messages.ts';
import type { DatabaseUrl } from './url.ts';

/** Why there is no session: the outcome of all that needs one. */
export async function connectOutcome(
  run: Run,
  failure: ConnectError,
  url: DatabaseUrl,
  variable: VariableName,
): Promise<Issue | Skip> {
  const worst = failure.worst;
  if (worst === undefined) throw failure;
  const { problem, endpoint } = worst;
  const evidence = { ...whereOf(worst, url), ...attemptsOf(failure) };
  if (!(problem instanceof NetworkError)) {
    const at = endpoint.host.startsWith('/') ? socketPath(endpoint) : `${endpoint.host}:${endpoint.port}`;
    if (problem.refusal.kind === 'no-password' && url.passwordFile !== undefined) return passwordFile(at, variable);
    const { title, ...words } = serverErrorMessages(problem.refusal, { variable, url, at, tls: worst.tls });
    return fail(title, { ...words, evidence, cause: cause.database(at, tagOf(problem)) });
  }
  const elsewhere =
    (await explainedByFile(run, worst, problem, url, variable)) ?? (await skipIfOutside(run, endpoint.host, problem));
  if (elsewhere !== undefined) return elsewhere;
  const { title, ...words } = errorMessages(run, problem, worst, url, variable);
  return fail(title, { ...words, evidence: { ...words.evidence, ...evidence } });
}

function errorMessages(
  run: Run,
  problem: NetworkError,
  { endpoint }: Failure,
  url: DatabaseUrl,
  variable: VariableName,
) {
  const { host, port } = endpoint;
  const words = networkMessages(problem, { what: 'PostgreSQL', host, port, setting: variable });
  if (host.startsWith('/')) {
    return {
      ...words,
      title: `there is no PostgreSQL at the socket ${socketPath(endpoint)}`,
      expected: 'a server that listens on that socket',
      fix: advice`start the server or proxy that makes the socket, or correct the host in ${variable}`,
    };
  }
  if (problem.kind === 'not-tls') {
    return {
      ...words,
      title: `${host}:${port} has no TLS, and sslmode=${url.tls.mode} in ${variable} asks for it`,
      expected: 'a server with TLS',
      fix: advice`turn TLS on at the server (ssl = on), or set sslmode=prefer in ${variable}`,
    };
  }
  if (problem.kind === 'closed' && url.tls.direct) {
    return {
      ...words,
      title: `${host}:${port} closes the connection: sslnegotiation=direct in ${variable} begins with TLS, and it does not`,
      detail: 'PostgreSQL takes TLS from the first byte on since version 17; poolers and proxies may not at all.',
      expected: 'a server that takes TLS from the first byte, or is asked for it',
      fix: advice`remove sslnegotiation from ${variable}, and keep sslmode=${url.tls.mode}`,
    };
  }
  if (problem.kind === 'tls' && url.tls.rootCertificate !== undefined && problem.tls === 'untrusted') {
    const file = url.tls.rootCertificate;
    const fix = isOfThisMachine(run, variable)
      ? advice`put the authority that signs the server’s certificate into ${file}`
      : advice`pass the authority that signs the server’s certificate with --ca-file <path>, and put it into ${file} of Spacelift’s container`;
    return { ...words, fix };
  }
  if (problem.kind === 'refused' && isLoopback(host)) {
    return {
      ...words,
      detail: 'The address is this host’s own: a proxy that listens there must run beside this tool too.',
    };
  }
  return words;
}

/** Held by the driver against the hosts and users in it; nothing here reads it. */
const passwordFile = (at: string, variable: string): Skip =>
  skip(`${at} asks for a password, which is in a file that only Spacelift’s container has`, {
    detail: `passfile in ${variable} names it.`,
    fix: advice`put the password into ${variable}, in a further -f that nobody else reads`,
    evidence: { variable, parameter: 'passfile' },
  });

/** Paths that only Spacelift's container has: a socket's directory, the file of `sslrootcert`. */
async function explainedByFile(
  run: Run,
  { endpoint }: Failure,
  problem: NetworkError,
  url: DatabaseUrl,
  variable: VariableName,
): Promise<Skip | undefined> {
  if (endpoint.host.startsWith('/') && !(await isHere(dirname(socketPath(endpoint))))) {
    return skip(`the socket’s directory ${endpoint.host} is not here`, {
      detail: `${variable} names a Unix socket, which only Spacelift’s container has.`,
      fix: advice`run this with the same volumes and sidecars as Spacelift`,
      evidence: { variable },
    });
  }
  const path = url.tls.rootCertificate;
  const unverified = problem.tls === 'untrusted' && run.options.authorities === undefined;
  if (!unverified || path === undefined) return undefined;
  if (isOfThisMachine(run, variable) && (await isHere(path))) return undefined;
  return skip(
    `the certificate can’t be verified: sslrootcert names a file of Spacelift’s container (--ca-file supplies it here): ${path}`,
    {
      fix: advice`pass the same certificate authorities with --ca-file <path>`,
      evidence: { variable, parameter: 'sslrootcert' },
    },
  );
}

const whereOf = ({ endpoint }: Failure, { user, database }: DatabaseUrl) => ({
  host: endpoint.host,
  port: endpoint.port,
  database,
  user,
});

const tagOf = ({ refusal }: ServerError) => (refusal.kind === 'sql' ? refusal.code : refusal.kind);

/** Each attempt by its place and its result, when there was more than one. */
function attemptsOf({ failures, worst }: ConnectError): { code?: string; attempts?: string[] } {
  const refusal = worst?.problem instanceof NetworkError ? undefined : worst?.problem.refusal;
  const attempts = failures.map(
    ({ endpoint, tls, problem }) =>
      `${endpoint.host}:${endpoint.port} ${tls ? 'with' : 'without'} TLS: ${problem instanceof NetworkError ? problem.kind : tagOf(problem)}`,
  );
  return {
    ...(refusal?.kind === 'sql' && { code: refusal.code }),
    ...(new Set(attempts).size > 1 && { attempts: [...new Set(attempts)] }),
  };
}
