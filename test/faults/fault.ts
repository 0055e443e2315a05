/** What a fault is: something broken in a healthy installation, and exactly what the report must say of it. */
import { CHECKS } from '../../checks/index.ts';
import { BUCKETS } from '../../src/config/contract.ts';
import type { Source } from '../../src/config/entry.ts';
import type { Finding } from '../../src/engine/finding.ts';
import { plannedCheck } from '../../src/engine/planned.ts';
import { matcher } from '../../src/engine/select.ts';
import { type DatabaseOptions, type PostgresServer, startPostgres } from '../services/postgres.ts';
import { type Choice, type Environment, type Estate, ONPREM, type Who } from '../support/estate.ts';
import { type Options, preflight, type Result, type Variables } from '../support/preflight.ts';
import { type Clients, STAND_INS } from './fixes/clients.ts';
import type { Config } from './fixes/config.ts';
import { type Broken, type FixOutcome, isIssue, tryFixes } from './fixes/try.ts';

export interface Fault {
  /** What is broken. */
  readonly name: string;
  /** In which installation; on premises unless told. */
  readonly at?: Choice;
  /** Whose credentials and config it is; an operator's unless told. */
  readonly as?: Who;
  /** Breaks it. */
  readonly arrange: Arrange;
  /** Complete lists, of any variable unless it is named: everything else passes or is skipped. */
  readonly fail?: readonly string[];
  readonly warn?: readonly string[];
  /** The cause, as the title or the detail of each of these findings must name it. */
  readonly says?: RegExp;
  readonly options?: Options;
  /** The run can't remove what it wrote, and says so. */
  readonly leaves?: true;
}

/** The installation that a fault breaks. */
export interface There {
  readonly estate: Estate;
  readonly variables: Readonly<Record<string, string>>;
  readonly environment: Environment;
}

/** The config to run with, as changes of the healthy one, and how to repair what was broken. */
export interface Arranged {
  readonly variables?: Variables;
  /** The config instead, where it matters in which shape or of which service it is. */
  readonly sources?: readonly Source[];
  readonly environment?: Environment;
  /** Options that name a server of the fault. */
  readonly options?: Options;
  /** The server whose administrator repairs it, if it is another than the estate's. */
  readonly database?: PostgresServer;
  readonly undo?: () => unknown;
}

export type Arrange = (there: There) => Arranged | Promise<Arranged>;

/** What came of one fault. */
export interface Outcome {
  readonly fault: Fault;
  readonly result: Result;
  readonly variables: Variables;
  readonly environment: Environment;
  /** Every finding that the fault names is there. */
  readonly caught: boolean;
  /** Each of them names the cause. */
  readonly named: boolean;
  /** Failures and warnings that the fault does not name. */
  readonly extra: readonly Finding[];
  /** Snapshots of the servers before and after the run. */
  readonly before: unknown;
  readonly after: unknown;
  /** What came of the fixes that can be pasted; none: all of them are advice. */
  readonly fixes: readonly FixOutcome[];
}

/** All but those that stand for each kind of settings: versioned, read by browsers, and neither. */
export const MOST_BUCKETS = Object.keys(BUCKETS)
  .filter((name) => !['deliveries', 'states', 'uploads'].includes(name))
  .map((name) => `object-storage/${name}`);

/**
 * The buckets that a run leaves out: they are most of its work. A fault that is found, and not in a bucket, is tried
 * with three buckets of ten; its fix, with those and all that were not healthy.
 */
function untried({ fail = [], warn = [] }: Fault, broken?: Result): string[] {
  const ids = [...fail, ...warn];
  const isElsewhere = ids.length > 0 && !ids.some((id) => id.startsWith('object-storage/'));
  if (broken === undefined && !isElsewhere) return [];
  const hit = (broken?.findings ?? [])
    .filter((finding) => isIssue(finding) || finding.dependsOn !== undefined)
    .flatMap(({ id, affected = [] }) => [id, ...affected]);
  return MOST_BUCKETS.filter((bucket) => !hit.some((id) => id.startsWith(`${bucket}/`))).map((name) => `${name}/*`);
}

/** Breaks the installation, does something with it, and repairs it. */
async function whileBroken<T>(estate: Estate, fault: Fault, then: Then<T>, undo = repair): Promise<T> {
  const { at = ONPREM, as = 'operator', arrange } = fault;
  const healthy = { variables: estate.variables(at, as), environment: estate.environment(at, as) };
  const { sources, database = estate.database, ...arranged } = await arrange({ estate, ...healthy });
  const config: Config = {
    variables: { ...healthy.variables, ...arranged.variables },
    environment: { ...healthy.environment, ...arranged.environment },
    ...(sources !== undefined && { sources }),
  };
  try {
    const run: Broken['run'] = (...changed) =>
      runWith({ ...fault, options: { ...fault.options, ...arranged.options } }, ...changed);
    return await then({ name: fault.name, estate, config, database, run });
  } finally {
    await undo(arranged);
  }
}

type Then<T> = (broken: Broken) => Promise<T>;
const repair = async ({ undo }: Arranged): Promise<void> => void (await undo?.());

const runWith = async (fault: Fault, { sources, variables, environment }: Config, broken?: Result): Promise<Result> => {
  const isPlan = sources?.some(({ terraform }) => terraform?.kind === 'plan') === true;
  return preflight(isPlan ? await Promise.all(CHECKS.map(plannedCheck)) : CHECKS, sources ?? variables, {
    environment,
    ...(isPlan && { phase: 'pre-install' }),
    ...(fault.as !== undefined && fault.as !== 'operator' && { service: fault.as }),
    skip: isPlan ? [] : untried(fault, broken),
    ...fault.options,
  });
};

/** Breaks the installation, runs all checks on it, tries what they advise, and repairs it. */
export function tryFault(estate: Estate, fault: Fault, clients: Clients = STAND_INS): Promise<Outcome> {
  const { fail = [], warn = [], says = /(?:)/ } = fault;
  return whileBroken(estate, fault, async (broken) => {
    const { config, run } = broken;
    const before = await estate.snapshot();
    const result = await run(config);
    const after = await estate.snapshot();
    const told = result.findings.filter(({ status }) => status === 'fail' || status === 'warn');
    const isNamed = ({ status, id }: Finding) => matcher(status === 'fail' ? fail : warn)(id);
    const expected = told.filter(isNamed);
    return {
      fault,
      result,
      variables: config.variables,
      environment: config.environment,
      caught: expected.length === fail.length + warn.length,
      named: expected.every(({ title, detail = '' }) => says.test(`${title}\n${detail}`)),
      extra: told.filter((finding) => !isNamed(finding)),
      before,
      after,
      fixes: await tryFixes(
        broken,
        result,
        (then) =>
          broken.database === estate.database ? onNewServer(estate, fault, then) : whileBroken(estate, fault, then),
        clients,
      ),
    };
  });
}

/** The same fault once more, with a PostgreSQL of its own: nobody undoes what a fix did there. */
async function onNewServer<T>(estate: Estate, fault: Fault, then: Then<T>): Promise<T> {
  const database = await startPostgres();
  try {
    const url = new URL(estate.variables(ONPREM).DATABASE_URL ?? '');
    const [owner, password, name] = [url.username, url.password, url.pathname.slice(1)].map(decodeURIComponent);
    const roleOptions = 'CREATEROLE';
    const DATABASE_URL = await database.createDatabase({ owner, password, name, roleOptions } as DatabaseOptions);
    const variables: Estate['variables'] = (choice, who) => ({ ...estate.variables(choice, who), DATABASE_URL });
    return await whileBroken({ ...estate, database, variables }, fault, then, (arranged) =>
      // What the fix repaired need not be there to be repaired again.
      repair(arranged).catch(() => {}),
    );
  } finally {
    await database.stop();
  }
}
