/** Opens a session from a URL with the attempts that pgx makes, in the same order (`pgconn.go`, `connectPreferred`). */
import { access, readFile } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { withOwnersNetwork } from '../../src/clouds/credentials.ts';
import type { VariableName } from '../../src/config/contract.ts';
import type { Party } from '../../src/config/options.ts';
import type { Run } from '../../src/engine/check.ts';
import { withTimeout } from '../../src/engine/timeouts.ts';
import { resolve } from '../../src/net/dns.ts';
import { NetworkError, timedOut } from '../../src/net/network-error.ts';
import { certificatesIn } from '../../src/net/system-store.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Skip, skip } from '../../src/outcome/outcome.ts';
import { ConnectError, type Failure } from './connect-error.ts';
import { logIn } from './login.ts';
import { withSecondOpinion } from './second-opinion.ts';
import { isServerError, ServerError, sqlState } from './server-error.ts';
import type { Session } from './session.ts';
import { contextOf, type Endpoint, NoTlsError, openSocket, socketPath, type TlsPlan } from './socket.ts';
import { type DatabaseUrl, type Host, isSocket, type TlsSettings } from './url.ts';

/** Limit for all attempts together, in ms: serverless databases take a while to resume. */
const DEADLINE_MS = 30_000;
/** No limit for one address, in ms: the most that a timer accepts. */
const NO_LIMIT_MS = 2 ** 31 - 1;

/** @throws ConnectError; CheckStopped when a file or socket does not exist here; the run signal's reason */
export async function openSession(run: Run, url: DatabaseUrl, variable: VariableName): Promise<Session> {
  const socket = url.hosts.find(isSocket);
  if (socket !== undefined && !isOfThisMachine(run, variable)) throw new CheckStopped(elsewhere(socket, variable));
  const plan = await planTls(run, url, variable);
  const failures: Failure[] = [];
  if (plan !== undefined) refuseFiles(plan, url);
  const opened: Session[] = [];
  /** Connections to servers that do not support TLS. */
  const withoutTls = new Map<string, Socket>();
  let current: (Omit<Failure, 'problem' | 'answered'> & { answered: boolean }) | undefined;
  let chosen: Session | undefined;
  try {
    chosen = await run.withTimeout(DEADLINE_MS, async (signal) => {
      // pgx applies connect_timeout per address: the TLS and the plaintext attempt share it.
      const limitMs = Math.min(url.connectTimeoutMs ?? NO_LIMIT_MS, NO_LIMIT_MS);
      let until = Number.POSITIVE_INFINITY;
      let address: string | undefined;
      for (const { endpoint, tls } of await attemptsFor(run, url, plan, failures)) {
        if (endpoint.address !== address) until = performance.now() + limitMs;
        address = endpoint.address;
        const attempt = { endpoint, tls, answered: false };
        current = attempt;
        const tried: Attempted = {
          endpoint,
          url,
          plan: tls ? plan : undefined,
          answered: () => {
            attempt.answered = true;
          },
        };
        try {
          const session = await withTimeout(
            signal,
            Math.max(1, until - performance.now()),
            (bound) =>
              withSecondOpinion(
                openOne(tried, withoutTls, bound),
                () => attempt.answered,
                async (asking) => (await openOne(tried, new Map(), AbortSignal.any([bound, asking]))).close(),
              ),
            (_, stage) => timedOut(limitMs, stage),
          );
          opened.push(session);
          if (await hasAttributes(run, session, url)) return session;
          failures.push({ ...attempt, problem: new ServerError({ kind: 'attributes' }) });
        } catch (error) {
          if (error instanceof NoTlsError) withoutTls.set(keyOf(endpoint), error.socket);
          signal.throwIfAborted();
          failures.push({ ...attempt, problem: known(error) });
          if (isFinal(error)) break;
        }
      }
      // pgx falls back to the last session that lacks the preferred attribute.
      const last = url.attributes === 'prefer-standby' ? opened.at(-1) : undefined;
      if (last === undefined) throw new ConnectError(failures, url.tls.mode);
      return last;
    });
    return chosen;
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    const all = current === undefined ? failures : [...failures, { ...current, problem: error }];
    throw new ConnectError(all, url.tls.mode);
  } finally {
    for (const socket of withoutTls.values()) socket.destroy();
    await Promise.all(opened.filter((session) => session !== chosen).map((session) => session.close()));
  }
}

interface Attempted {
  readonly endpoint: Endpoint;
  readonly url: DatabaseUrl;
  /** Without it, an attempt without TLS. */
  readonly plan: TlsPlan | undefined;
  /** Called when the server responds. */
  answered(): void;
}

/** @param withoutTls connections to servers that declined TLS; one that is used is removed */
async function openOne(
  { endpoint, url, plan, answered }: Attempted,
  withoutTls: Map<string, Socket>,
  signal: AbortSignal,
): Promise<Session> {
  const spare = plan === undefined ? withoutTls.get(keyOf(endpoint)) : undefined;
  if (spare !== undefined) {
    answered();
    withoutTls.delete(keyOf(endpoint));
    const session = await goOn(endpoint, url, spare, signal);
    if (session !== undefined) return session;
  }
  const connected = await openSocket(endpoint, plan, signal);
  if (connected.tls !== undefined) answered();
  connected.socket.once('data', answered);
  return logIn(endpoint, url, connected, signal);
}

/**
 * Logs in on the connection where the server declined TLS. pgx opens another one, which costs one more round trip; the
 * server sees no difference, unless it has hung up: `undefined` then.
 */
async function goOn(
  endpoint: Endpoint,
  url: DatabaseUrl,
  socket: Socket,
  signal: AbortSignal,
): Promise<Session | undefined> {
  try {
    return await logIn(endpoint, url, { socket, tls: undefined }, signal);
  } catch (error) {
    if (error instanceof NetworkError && error.kind === 'closed') return undefined;
    throw error;
  }
}

const keyOf = ({ address, port }: Endpoint): string => `${address} ${port}`;

interface Attempt {
  readonly endpoint: Endpoint;
  readonly tls: boolean;
}

/** Host by host; with and without TLS, as `sslmode` says; each at every address of the host. */
async function attemptsFor(
  run: Run,
  { hosts, tls: { mode } }: DatabaseUrl,
  plan: TlsPlan | undefined,
  failures: Failure[],
): Promise<Attempt[]> {
  const ways = { disable: [false], allow: [false, true], prefer: [true, false] }[mode as string] ?? [true];
  const perHost = hosts.map(async (host): Promise<Attempt[]> => {
    if (isSocket(host)) return [{ endpoint: { ...host, address: socketPath(host) }, tls: false }];
    try {
      const addresses = await resolve(run, host.host);
      return ways.flatMap((tls) => addresses.map((address) => ({ endpoint: { ...host, address }, tls })));
    } catch (error) {
      failures.push({ endpoint: host, tls: plan !== undefined, answered: false, problem: known(error) });
      return [];
    }
  });
  return (await Promise.all(perHost)).flat();
}

/**
 * Whether the paths in a URL are paths on this machine: only if the caller supplied the URL. Paths in a config belong to
 * Spacelift's container: a config never causes a file to be opened or looked up here.
 */
export const isOfThisMachine = ({ deployment }: Pick<Run, 'deployment'>, variable: VariableName): boolean =>
  deployment.partyOf(variable) === 'process';

/** Who supplied the password: if it was read from a secret store with the caller's credentials, the caller did. */
const ownerOf = ({ deployment }: Run, variable: VariableName): Party =>
  deployment.entry(variable)?.resolved === true ? 'process' : deployment.partyOf(variable);

const elsewhere = (host: Host, variable: string): Skip =>
  skip(`${socketPath(host)} is a socket in Spacelift’s container`, {
    detail: `It is set in ${variable}. A path in a config is never opened on this machine.`,
    fix: advice`run this tool there with the config in the environment: a Kubernetes Job with envFrom the same Secrets, and the proxy that creates the socket as a sidecar`,
    evidence: { variable },
  });

/** Errors after which pgx does not try another address: password, database, permission to connect. */
function isFinal(error: unknown): boolean {
  return ['28P01', '3D000', '42501'].includes(sqlState(error) ?? '');
}

async function hasAttributes(run: Run, session: Session, { attributes }: DatabaseUrl): Promise<boolean> {
  if (attributes === 'any') return true;
  const [row] = await session.query<{ readonly: boolean; recovery: boolean }>(
    run,
    `SELECT current_setting('transaction_read_only')::bool AS readonly, pg_is_in_recovery() AS recovery`,
  );
  const { readonly = false, recovery = false } = row ?? {};
  return { 'read-write': !readonly, 'read-only': readonly, primary: !recovery }[attributes as string] ?? recovery;
}

/** Any other error is a bug and is rethrown. */
function known(error: unknown): NetworkError | ServerError {
  if (isServerError(error)) return error;
  throw error;
}

/** The TLS parameters, or `undefined` when no attempt uses TLS. */
async function planTls(run: Run, { hosts, tls }: DatabaseUrl, variable: VariableName): Promise<TlsPlan | undefined> {
  if (tls.mode === 'disable' || hosts.every(isSocket)) return undefined;
  const here = isOfThisMachine(run, variable);
  const verify = { 'verify-ca': 'ca', 'verify-full': 'full' }[tls.mode as string] ?? 'nothing';
  return {
    verify: verify as TlsPlan['verify'],
    authorities:
      verify === 'nothing' ? [] : await authoritiesOf(withOwnersNetwork(run, ownerOf(run, variable)), tls, here),
    sni: tls.sni,
    direct: tls.direct,
    client: await clientCertificate(tls, variable, here),
  };
}

/** pgx reads certificates before it connects, so unusable ones fail in any mode. @throws ConnectError */
function refuseFiles(plan: TlsPlan, { hosts, tls }: DatabaseUrl): void {
  if (Object.keys(plan.client).length === 0 && plan.authorities.length === 0) return;
  const [endpoint] = hosts;
  try {
    contextOf(plan);
  } catch (error) {
    if (endpoint === undefined || !(error instanceof ServerError)) throw error;
    throw new ConnectError([{ endpoint, tls: true, answered: false, problem: error }], tls.mode);
  }
}

/** Like pgx, only the CAs in `sslrootcert` when that file exists here; otherwise every CA that this run trusts. */
async function authoritiesOf(run: Run, { rootCertificate }: TlsSettings, here: boolean): Promise<readonly string[]> {
  const own = rootCertificate === undefined || !here ? undefined : await readIfHere(rootCertificate);
  return own === undefined ? run.authorities() : certificatesIn(own);
}

async function clientCertificate(
  { certificate, key, keyPassword }: TlsSettings,
  variable: string,
  here: boolean,
): Promise<TlsPlan['client']> {
  if (certificate === undefined || key === undefined) return {};
  const [cert, privateKey] = here ? await Promise.all([certificate, key].map(readIfHere)) : [];
  for (const [name, path, content] of [
    ['sslcert', certificate, cert],
    ['sslkey', key, privateKey],
  ]) {
    if (content !== undefined) continue;
    throw new CheckStopped(
      skip(`${name} in ${variable} is a file that exists only in Spacelift’s container: ${path}`, {
        detail: 'The server may require this client certificate.',
        fix: advice`run this tool where the file exists, with the same volumes and the config in the environment: no option supplies a client certificate`,
        evidence: { variable, parameter: `${name}` },
      }),
    );
  }
  return { cert, key: privateKey, ...(keyPassword !== undefined && { passphrase: keyPassword }) };
}

async function readIfHere(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch {
    return undefined;
  }
}

/** Whether a path in Spacelift's container also exists here. */
export async function isHere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}
