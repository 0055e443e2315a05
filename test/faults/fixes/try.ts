/**
 * Proves fixes: each command and setting of a report is executed as it is printed, and the run is repeated, without
 * most of the buckets that were healthy. What had such a fix passes then, and nothing new fails.
 */
import type { Finding } from '../../../src/engine/finding.ts';
import { lookup } from '../../../src/util/lookup.ts';
import type { PostgresServer } from '../../services/postgres.ts';
import type { Estate } from '../../support/estate.ts';
import type { Result } from '../../support/preflight.ts';
import { type Administrator, makeMaster } from './administrator.ts';
import type { Clients } from './clients.ts';
import type { Config } from './config.ts';
import { EXCEPTIONS, NO_CLIENT } from './exceptions.ts';
import { execute, type PrintedFix, pasteable, programsIn } from './fix.ts';
import { remember } from './remember.ts';
import { needsSuperuser } from './steps.ts';

/** An installation while it is broken. */
export interface Broken {
  /** The name of the fault. */
  readonly name: string;
  readonly config: Config;
  readonly estate: Estate;
  /** Whose administrator executes SQL. */
  readonly database: PostgresServer;
  /** @param broken the result before a fix: what was healthy then may be left out */
  run(config: Config, broken?: Result): Promise<Result>;
}

/** What came of all fixes of one run, executed by one person. */
export interface FixOutcome {
  readonly who: Administrator | undefined;
  /** Why they do not work; none: they do. */
  readonly trouble?: string;
  /** Why that is expected. */
  readonly exception?: string;
}

type Anew = <T>(then: (broken: Broken) => Promise<T>) => Promise<T>;

/** @param anew breaks another installation in the same way, where a fix may leave what it likes */
export async function tryFixes(broken: Broken, result: Result, anew: Anew, clients: Clients): Promise<FixOutcome[]> {
  const fixes = pasteable(result.findings);
  if (fixes.length === 0) return [];
  const missing = fixes.flatMap(programsIn).map((program) => lookup(NO_CLIENT, program));
  const exception = missing.find((why) => why !== undefined);
  if (exception !== undefined) return [{ who: undefined, exception, trouble: 'not executed' }];
  if (fixes.every(({ language }) => language !== 'sql'))
    return [await tryAs(undefined, broken, fixes, result, clients)];
  const outcomes: FixOutcome[] = [];
  const everyone: readonly Administrator[] = ['superuser', 'master'];
  for (const who of fixes.some(({ text }) => needsSuperuser(text)) ? everyone.slice(0, 1) : everyone) {
    outcomes.push(await anew((again) => tryAs(who, again, fixes, result, clients)));
  }
  return outcomes;
}

async function tryAs(
  who: Administrator | undefined,
  { name, estate, database, config, run }: Broken,
  fixes: readonly PrintedFix[],
  before: Result,
  clients: Clients,
): Promise<FixOutcome> {
  const found = EXCEPTIONS.find((one) => one.fault === name && (one.who ?? who) === who);
  const exception = found === undefined ? {} : { exception: found.why };
  const restore = remember(estate);
  try {
    if (who === 'master') await makeMaster(database);
    let changed = config;
    for (const fix of fixes)
      changed = await execute(fix, { config: changed, estate, database, clients, who: who ?? 'superuser' });
    const trouble = remaining(before.findings, (await run(changed, before)).findings);
    return { who, ...exception, ...(trouble.length > 0 && { trouble: trouble.join('\n') }) };
  } catch (error) {
    return { who, ...exception, trouble: (error as Error).message };
  } finally {
    restore();
  }
}

export const isIssue = ({ status }: Finding): boolean => status === 'fail' || status === 'warn';

/** What does not pass that should, and what fails that did not. */
function remaining(before: readonly Finding[], after: readonly Finding[]): string[] {
  const fixed = new Set(before.filter((one) => isIssue(one) && one.fixKind !== 'advice').map(({ id }) => id));
  const advised = new Set(before.filter((one) => isIssue(one) && one.fixKind === 'advice').map(({ id }) => id));
  return after.flatMap((finding) => {
    const { id, status, title } = finding;
    const isGone = status === 'pass' || (status === 'skip' && finding.dependsOn === undefined);
    if (fixed.has(id) && !isGone) return [`${id} is ${status}: ${title}`];
    return isIssue(finding) && !advised.has(id) ? [`new: ${id} is ${status}: ${title}`] : [];
  });
}
