/** The findings for a telemetry agent that does not respond. */

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

/** A server that gives a wrong response is not one that starts later. */
const WRONG: readonly string[] = ['tls', 'not-tls', 'wants-tls', 'not-http', 'flood'];

/**
 * Sidecars respond only inside the task, and agents may be installed after Spacelift.
 * @param words replaces the usual texts for this error
 */
export async function unreachableAgent(
  run: Run,
  agent: Agent,
  problem: NetworkError,
  words?: Omit<Issue, 'status'>,
): Promise<Issue | Skip> {
  const { what, setting, at } = agent;
  const found = words ?? wordsFor(agent, problem);
  if (WRONG.includes(problem.kind)) return fail(found.title, found);
  if (isSidecar(run, agent) && problem.kind === 'refused') {
    return skip(`${shown(at)} is a sidecar inside the task, which can’t be reached from here`, {
      fix: advice`run this tool in the same task as ${what}, with the environment of that task`,
      evidence: { observed: problem.kind, variable: setting },
    });
  }
  if (!('socketPath' in at)) {
    const place = await skipIfOutside(run, at.host, problem);
    if (place !== undefined) return place;
  }
  const judged = {
    ...found,
    detail: `${found.detail ?? ''} Spacelift works without it, but its traces are lost.`.trim(),
  };
  if ((await phaseOf(run)) === 'post-install') return fail(found.title, judged);
  return warn(found.title, judged);
}

/** A socket path in the config refers to Spacelift's container, so it is not opened here. @throws CheckStopped in that case */
export function mustBeOwn({ deployment }: Run, { what, setting, at }: Agent): void {
  if (!('socketPath' in at) || deployment.partyOf(setting) === 'process') return;
  throw new CheckStopped(
    skip(`${what} listens on ${at.socketPath}, a socket in Spacelift’s container`, {
      fix: advice`run this tool in Spacelift’s container, with the config in its environment`,
      evidence: { variable: setting },
    }),
  );
}

/** Turns a `NetworkError` of an exchange with an agent into its outcome; other errors are rethrown. */
export async function orUnreachable<T>(run: Run, agent: Agent, ask: () => Promise<T>): Promise<T | Issue | Skip> {
  try {
    return await ask();
  } catch (error) {
    if (!(error instanceof NetworkError)) throw error;
    return unreachableAgent(run, agent, error);
  }
}

/** A loopback address or a socket from a file belongs to the task; from the job's own environment, it belongs to this machine. */
function isSidecar(run: Run, { setting, at }: Agent): boolean {
  const held = run.deployment.lookup(setting);
  if (held.state !== 'set' || held.origin === ENVIRONMENT) return false;
  return 'socketPath' in at || isLoopback(at.host);
}

function wordsFor({ what, setting, at }: Agent, problem: NetworkError): Omit<Issue, 'status'> {
  if (!('socketPath' in at)) return routeMessages(problem, { what, ...at, setting });
  return {
    title: `nothing responds on ${at.socketPath}`,
    expected: `${what} listening on that socket`,
    fix: advice`mount the socket’s directory into Spacelift’s pods, or correct ${setting}`,
    evidence: { socket: at.socketPath, observed: problem.kind },
  };
}
