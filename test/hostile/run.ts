/** Runs the whole preflight with one of its dependencies replaced by a hostile server. */
import { CHECKS } from '../../checks/index.ts';
import type { Status } from '../../src/outcome/status.ts';
import { fakeCheck } from '../fakes.ts';
import { type CertificateAuthority, makeCa } from '../services/tls.ts';
import { type Estate, startEstate } from '../support/estate.ts';
import { expectPasteable } from '../support/pasteable.ts';
import { type Options, preflight, type Result } from '../support/preflight.ts';
import type { Behavior } from './behaviors.ts';
import type { Dependency } from './dependencies.ts';
import { type Hostile, startHostile, type Tls } from './servers.ts';

/** What hangs on an installation that is not there, or on a port that a test can't have. */
const SKIPPED = ['network/certificate', 'network/server'];

export interface World {
  readonly estate: Estate;
  readonly ca: CertificateAuthority;
  readonly tls: Tls;
}

export async function startWorld(): Promise<World> {
  const [estate, ca] = await Promise.all([startEstate(), makeCa()]);
  const names = [
    '127.0.0.1',
    'localhost',
    '*.blob.core.windows.net',
    'login.microsoftonline.com',
    'management.azure.com',
  ];
  const { chainPem: cert, keyPem: key } = await ca.issue({ names: [...names, '*.googleapis.com'] });
  return { estate, ca, tls: { cert, key } };
}

export interface Attacked {
  readonly result: Result;
  readonly server: Hostile;
  /** For the whole run, ms. */
  readonly tookMs: number;
}

export async function attack(
  { estate, ca, tls }: World,
  dependency: Dependency,
  behavior: Pick<Behavior, 'answer'>,
  options: Options = {},
): Promise<Attacked> {
  const server = await startHostile(behavior, dependency.tls && tls);
  const config = estate.variables(dependency.choice);
  const { variables, environment, close } = await dependency.at(server, estate, config);
  const started = performance.now();
  try {
    const result = await preflight(
      CHECKS,
      { ...config, ...variables },
      {
        phase: dependency.phase ?? 'pre-install',
        skip: SKIPPED,
        authorities: ca.certPem,
        environment: { ...estate.environment(dependency.choice), ...environment },
        ...options,
      },
    );
    const tookMs = performance.now() - started;
    // What a server says may be part of what a person is told to paste.
    await expectPasteable(result.run);
    return { result, server, tookMs };
  } finally {
    await Promise.all([server.close(), close?.()]);
  }
}

/** How long a run takes here and now of which nothing is left but to wait for its timeout, ms. */
export async function timedOut(timeoutMs: number): Promise<number> {
  const forever = fakeCheck('forever', ['over'], () => new Promise(() => {}));
  return (await preflight([forever], {}, { timeoutMs })).run.durationMs;
}

/** The status of every finding of a healthy run, by id, and how long it took. */
export async function healthy({ estate, ca }: World, { choice, phase = 'pre-install' }: Dependency) {
  const result = await preflight(CHECKS, estate.variables(choice), {
    phase,
    skip: SKIPPED,
    authorities: ca.certPem,
    environment: estate.environment(choice),
  });
  return { statuses: statuses(result), durationMs: result.run.durationMs };
}

export const statuses = ({ findings }: Result): Record<string, Status> =>
  Object.fromEntries(findings.map(({ id, status }) => [id, status]));
