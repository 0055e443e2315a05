/** The sessions of a run: one per URL, opened on first use and closed when the run ends. */

import type { ValueName } from '../../src/config/contract.ts';
import type { Run } from '../../src/engine/check.ts';
import { oncePerRun } from '../../src/engine/once-per-run.ts';
import { advice } from '../../src/outcome/fix.ts';
import { CheckStopped, type Outcome, type Skip, skip } from '../../src/outcome/outcome.ts';
import { openSession } from './connect.ts';
import { ConnectError } from './connect-error.ts';
import { connectOutcome } from './messages.ts';
import type { Session } from './session.ts';
import { type DatabaseUrl, parseDatabaseUrl, UrlError } from './url.ts';
import { urlOutcome } from './url-messages.ts';

/** A session, or why there is none. */
export type Opened = { readonly session: Session } | { readonly outcome: Exclude<Outcome, { status: 'pass' }> };

export const openDatabase = oncePerRun((run) => open(run, 'DATABASE_URL'));
export const openReadOnly = oncePerRun((run) => open(run, 'DATABASE_READ_ONLY_URL'));

async function open(run: Run, variable: ValueName): Promise<Opened> {
  let url: DatabaseUrl | undefined;
  try {
    url = parseDatabaseUrl(run.require(variable));
    if (url.service) return { outcome: serviceFile(variable) };
    return { session: await openAnother(run, url, variable) };
  } catch (error) {
    if (error instanceof CheckStopped) return { outcome: error.outcome };
    if (error instanceof UrlError) return { outcome: urlOutcome(error, variable) };
    if (error instanceof ConnectError && url !== undefined) {
      return { outcome: await connectOutcome(run, error, url, variable) };
    }
    throw error;
  }
}

/**
 * Opens an additional session, which is closed when the run ends at the latest.
 * @throws ConnectError, CheckStopped
 */
export async function openAnother(run: Run, url: DatabaseUrl, variable: ValueName): Promise<Session> {
  const session = await openSession(run, url, variable);
  session.variable = variable;
  run.onEnd(() => session.close());
  return session;
}

const serviceFile = (variable: string): Skip =>
  skip(`${variable} uses a service file, which exists only in Spacelift’s container`, {
    fix: advice`put the host, user and database into ${variable} itself`,
    evidence: { variable, parameter: 'service' },
  });
