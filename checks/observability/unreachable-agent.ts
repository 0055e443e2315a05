/** What it means that a telemetry agent does not answer. */

import type { VariableName } from '../../src/config/contract.ts';
import { ENVIRONMENT } from '../../src/config/entry.ts';
import type { Run } from '../../src/engine/check.ts';
import { isLoopback } from '../../src/net/http.ts';
import { skipIfOutside } from '../../src/net/location.ts';
import { NetworkError } from '../../src/net/network-error.ts';
import { routeMessages } from '../../src/net/proxy-tunnel.ts';
import type { Address } from '../../src/net/tcp.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, fail, type Issue, type Skip, skip, warn } from '../../src/outcome/outcome.ts';
import { phaseOf } from '../phase.ts';
import { shown } from './address.ts';

export interface Agent {
  /** "the Datadog agent". */
  readonly what: string;
  readonly setting: VariableName;
  readonly at: Address | { readonly socketPath: string };
}

/** A server that answers wrongly is not one that comes later. */
const WRONG: readonly string[] = ['tls', 'not-tls', 'wants-tls', 'not-http', 'flood'];

/**
 * Sidecars answer only inside the task, and agents may come after Spacelift (checks.md, "observability").
 * @param words instead of the usual ones for this problem
 */
export async function absent(
  run: Run,
  agent: Agent,
  problem: NetworkError,
  words?: Omit<Issue, 'status'>,
): Promise<Issue | Skip> {
  const { what, setting, at } = agent;
  const found = words ?? wordsFor(agent, problem);
  if (WRONG.includes(problem.kind)) return fail(found.title, found);
  if (isSidecar(run, agent) && problem.kind === 'refused') {
    return skip(`${shown(at)} is inside the task: a sidecar, which can’t be reached from here`, {
      fix: advice`run this in the same task as ${what}, with its environment`,
      evidence: { observed: problem.kind, variable: setting },
    });
  }
  if (!('socketPath' in at)) {
    const place = await skipIfOutside(run, at.host, problem);
    if (place !== undefined) return place;
  }
  const judged = { ...found, detail: `${found.detail ?? ''} Spacelift works without it; its traces are lost.`.trim() };
  if ((await phaseOf(run)) === 'post-install') return fail(found.title, judged);
  return warn(found.title, judged);
}

/** A socket's path in a config is that of Spacelift's container: nothing is opened here. @throws CheckStopped then */
export function mustBeOwn({ deployment }: Run, { what, setting, at }: Agent): void {
  if (!('socketPath' in at) || deployment.partyOf(setting) === 'process') return;
  throw new CheckStopped(
    skip(`${what} is reached by ${at.socketPath}, a socket of Spacelift’s container`, {
      fix: advice`run it in Spacelift’s container, with the config in its environment`,
      evidence: { variable: setting },
    }),
  );
}

/** Turns a `NetworkError` that an exchange with an agent threw into its outcome; other errors pass. */
export async function orAbsent<T>(run: Run, agent: Agent, ask: () => Promise<T>): Promise<T | Issue | Skip> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return absent(run, agent, error);
  }
}

/** From a file, a loopback address or a socket is that of the task; from the job's own environment it is this one. */
function isSidecar(run: Run, { setting, at }: Agent): boolean {
  const held = run.deployment.lookup(setting);
  if (held.state !== 'set' || held.origin === ENVIRONMENT) return false;
  return 'socketPath' in at || isLoopback(at.host);
}

function wordsFor({ what, setting, at }: Agent, problem: NetworkError): Omit<Issue, 'status'> {
  if (!('socketPath' in at)) return routeMessages(problem, { what, ...at, setting });
  return {
    title: `nothing answers on ${at.socketPath}`,
    expected: `${what} listening on that socket`,
    fix: advice`mount the directory of the socket into Spacelift’s pods, or correct ${setting}`,
    evidence: { socket: at.socketPath, observed: problem.kind },
  };
}
