/** Messages for a failed connection: network errors, server errors, and files that do not exist on this machine. */
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
import { isHere, isOfThisMachine } from './connect.ts';
import type { ConnectError, Failure } from './connect-error.ts';
import { silenceMessages } from './pooler-messages.ts';
import { type ServerError, sqlState } from './server-error.ts';
import { serverErrorMessages } from './server-error-messages.ts';
import { placeOf, socketPath } from './socket.ts';
import type { DatabaseUrl } from './url.ts';

/** The outcome of every rule that needs a session when there is none. */
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
    const at = placeOf(endpoint);
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
  { endpoint, answered }: Failure,
  url: DatabaseUrl,
  variable: VariableName,
) {
  const { host, port } = endpoint;
  const words = networkMessages(problem, { what: 'PostgreSQL', host, port, setting: variable });
  if (host.startsWith('/')) {
    return {
      ...words,
      title: `no PostgreSQL server listens on the socket ${socketPath(endpoint)}`,
      expected: 'a server that listens on this socket',
      fix: advice`start the server or proxy that creates the socket, or correct the host in ${variable}`,
    };
  }
  if (problem.silentMs !== undefined)
    return { ...words, ...silenceMessages(`${host}:${port}`, problem.silentMs, answered) };
  if (problem.kind === 'not-tls') {
    return {
      ...words,
      title: `${host}:${port} does not support TLS, but sslmode=${url.tls.mode} in ${variable} requires it`,
      expected: 'a server with TLS',
      fix: advice`enable TLS on the server (ssl = on), or set sslmode=prefer in ${variable}`,
    };
  }
  if (problem.kind === 'closed' && url.tls.direct) {
    return {
      ...words,
      title: `${host}:${port} does not support direct TLS (sslnegotiation=direct in ${variable})`,
      detail:
        'The connection was closed. PostgreSQL accepts direct TLS since version 17; poolers and proxies often do not support it.',
      expected: 'a server that accepts direct TLS, or a URL that negotiates TLS',
      fix: advice`remove sslnegotiation from ${variable}, and keep sslmode=${url.tls.mode}`,
    };
  }
  if (problem.kind === 'tls' && url.tls.rootCertificate !== undefined && problem.tls === 'untrusted') {
    const file = url.tls.rootCertificate;
    const fix = isOfThisMachine(run, variable)
      ? advice`add the certificate authority (CA) that signed the server’s certificate to ${file}`
      : advice`pass the certificate authority (CA) that signed the server’s certificate with --ca-file <path>, and add it to ${file} in Spacelift’s container`;
    return { ...words, fix };
  }
  if (problem.kind === 'refused' && isLoopback(host)) {
    return {
      ...words,
      detail: 'This is a loopback address: a proxy that listens there must also run next to this tool.',
    };
  }
  return words;
}

/** The driver looks the password up in it by host and user; this tool does not read it. */
const passwordFile = (at: string, variable: string): Skip =>
  skip(`${at} requires a password, which is in a file that exists only in Spacelift’s container`, {
    detail: `The file is set by passfile in ${variable}.`,
    fix: advice`add the password to ${variable} in an additional -f file that nobody else can read`,
    evidence: { variable, parameter: 'passfile' },
  });

/** Paths that exist only in Spacelift's container: a socket's directory, the `sslrootcert` file. */
async function explainedByFile(
  run: Run,
  { endpoint }: Failure,
  problem: NetworkError,
  url: DatabaseUrl,
  variable: VariableName,
): Promise<Skip | undefined> {
  if (endpoint.host.startsWith('/') && !(await isHere(dirname(socketPath(endpoint))))) {
    return skip(`the socket directory ${endpoint.host} does not exist here`, {
      detail: `${variable} points to a Unix socket that exists only in Spacelift’s container.`,
      fix: advice`run this tool with the same volumes and sidecars as Spacelift`,
      evidence: { variable },
    });
  }
  const path = url.tls.rootCertificate;
  const unverified = problem.tls === 'untrusted' && run.options.authorities === undefined;
  if (!unverified || path === undefined) return undefined;
  if (isOfThisMachine(run, variable) && (await isHere(path))) return undefined;
  return skip(`the certificate can’t be verified: sslrootcert is a file in Spacelift’s container: ${path}`, {
    fix: advice`pass the same certificate authorities with --ca-file <path>`,
    evidence: { variable, parameter: 'sslrootcert' },
  });
}

const whereOf = ({ endpoint }: Failure, { user, database }: DatabaseUrl) => ({
  host: endpoint.host,
  port: endpoint.port,
  database,
  user,
});

const tagOf = ({ refusal }: ServerError) =>
  refusal.kind === 'sql' ? refusal.code : refusal.kind === 'pooler' ? `pooler ${refusal.reason}` : refusal.kind;

/** Each attempt with its address and result, when there was more than one. */
function attemptsOf({ failures, worst }: ConnectError): { code?: string; attempts?: string[] } {
  const code = sqlState(worst?.problem);
  const attempts = failures.map(
    ({ endpoint, tls, problem }) =>
      `${endpoint.host}:${endpoint.port} ${tls ? 'with' : 'without'} TLS: ${problem instanceof NetworkError ? problem.kind : tagOf(problem)}`,
  );
  return {
    ...(code !== undefined && { code }),
    ...(new Set(attempts).size > 1 && { attempts: [...new Set(attempts)] }),
  };
}
