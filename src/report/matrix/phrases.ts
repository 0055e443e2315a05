/** Phrases that all formats of a matrix share. */
import type { Leftover } from '../../engine/leftover.ts';
import type { Status } from '../../outcome/status.ts';
import { firstOf } from '../../util/format.ts';
import { countsOf, VERDICTS, verdictOf as verdictOfReport } from '../phrases.ts';
import type { Explained } from '../types.ts';
import { namesOf } from './names.ts';
import type { Matrix, MatrixEntry, MatrixRun } from './types.ts';

/** In the grid. */
export const WORDS: Readonly<Record<Status, string>> = { pass: 'pass', warn: 'warn', fail: 'fail', skip: 'skip' };
export const NOT_ASKED = 'not asked';
/** The number of runs that one line names. */
const MOST_RUNS = 10;

/** An entry with the ID of its rule. */
export type Entry = MatrixEntry & { readonly id: string };

/** In report order. */
export const entriesIn = ({ checks }: Pick<Matrix, 'checks'>, status: Status): Entry[] =>
  checks.flatMap(({ findings }) =>
    findings.flatMap(({ id, entries }) =>
      entries.filter((entry) => entry.status === status).map((entry) => ({ ...entry, id })),
    ),
  );

/** A run without a report. */
export type Lost = MatrixRun & { readonly lost: NonNullable<MatrixRun['lost']> };

export const lostIn = ({ runs }: Matrix): Lost[] =>
  runs.flatMap((run) => (run.lost === undefined ? [] : [{ ...run, lost: run.lost }]));

/** A lost run, explained like a failure. */
export const explained = ({ name, lost }: Lost): Explained => ({ id: name, ...lost });

export function verdictOf(matrix: Matrix): { status: Status; words: string } {
  const { status, says } = VERDICTS[matrix.verdict];
  const lost = lostIn(matrix);
  if (lost.length > 0) return { status, words: `${says}: there is no result of ${namesOf(lost)}` };
  if (matrix.verdict !== 'inconclusive') return { status, words: says };
  const open = matrix.runs.find(({ verdict }) => verdict === 'inconclusive');
  const words = open?.report === undefined ? says : `${verdictOfReport(open.report).words} (${open.name})`;
  return { status: 'warn', words };
}

/** "not ready: 3 failed, 11 passed in 0.6 s" */
export function resultOf(matrix: Matrix): string {
  const { words } = verdictOf(matrix);
  return `${words}${words.includes(': ') ? ';' : ':'} ${countsOf(matrix)}`;
}

export const servicesOf = ({ runs }: MatrixEntry): string => firstOf(runs, MOST_RUNS);

/** "service account: spacelift-drain; spacelift-server where it passes" */
export function differsOf({ differences }: MatrixEntry): string | undefined {
  if (differences === undefined) return undefined;
  if (differences.length === 0)
    return 'nothing that the reports show; compare the service accounts, roles, Secrets, network policies and nodes';
  return differences
    .map(({ name, here, there }) => `${name} ${here.join(', ')}, and ${there.join(', ')} where it passes`)
    .join('; ');
}

/** "passes for the drain too: the server tried the same" */
export function toldOf({ told = [] }: MatrixEntry): string | undefined {
  if (told.length === 0) return undefined;
  return firstOf(
    told.map(({ run, by }) => `skipped by ${run}, but tried the same way by ${by}`),
    MOST_RUNS,
    '; ',
  );
}

/** The rows of an entry that a finding of a report does not have. */
export const rowsOf = (entry: MatrixEntry) =>
  [
    ['services', servicesOf(entry)],
    ['differs', differsOf(entry)],
    ['hint', entry.hint],
  ] as const;

/** For lists of titles: with the services. */
export const named = (entry: Entry): Entry => ({ ...entry, title: `${entry.title} (${servicesOf(entry)})` });

/** What the runs left behind, each once, with the runs that did. */
export function leftoversIn({ runs }: Matrix): Leftover[] {
  const byCommand = new Map<string, { what: string; names: string[]; mayStay?: boolean }>();
  for (const { name, report } of runs) {
    for (const { what, command, mayStay } of report?.leftovers ?? []) {
      const known = byCommand.get(command);
      if (known === undefined) byCommand.set(command, { what, names: [name], ...(mayStay && { mayStay }) });
      else known.names.push(name);
    }
  }
  return [...byCommand].map(([command, { what, names, mayStay }]) => ({
    what: `${what} (${firstOf(names, MOST_RUNS)})`,
    command,
    ...(mayStay && { mayStay }),
  }));
}

/** Whether it contains shell commands to paste. */
export const hasShellCommands = (matrix: Matrix): boolean =>
  matrix.runs.some(({ report, lost }) => (report?.leftovers.length ?? 0) > 0 || lost?.fixLanguage === 'sh') ||
  matrix.checks.some(({ findings }) =>
    findings.some(({ entries }) => entries.some(({ fixLanguage }) => fixLanguage === 'sh')),
  );
