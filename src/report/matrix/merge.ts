/** Merges the results of several services into a matrix. Takes time in proportion to the reports. */

import { type Perspective, SERVICES } from '../../config/options.ts';
import type { Decisions } from '../../config/schema.ts';
import { isIssue, type Status } from '../../outcome/status.ts';
import { VERSION } from '../../util/version.ts';
import { type Acceptances, acceptedFields, cleanDecisions, decisionLines } from '../accepted.ts';
import { worst } from '../checks.ts';
import { MATRIX_KIND, MATRIX_VERSION } from '../kinds.ts';
import { LIMITS, oneLine, sanitizer } from '../sanitize.ts';
import type { Report, ReportCheck, ReportFinding, Verdict } from '../types.ts';
import { verdictOf } from '../verdict.ts';
import { differencesBetween, valuesOf } from './differences.ts';
import { namesFor, namesOf } from './names.ts';
import { missingScheduler } from './scheduler.ts';
import { type Found, type Operations, operationsIn, toldIn } from './told.ts';
import type {
  Matrix,
  MatrixCell,
  MatrixCheck,
  MatrixEntry,
  MatrixFinding,
  MatrixRun,
  ServiceRun,
  Told,
} from './types.ts';

export interface MergeOptions {
  readonly accept?: Acceptances;
  /** Of this command, in addition to those of the reports. */
  readonly decisions?: Decisions | undefined;
  /** Whether the caller chose the services: then none is missing. */
  readonly areChosen?: boolean;
}

export function makeMatrix(
  given: readonly ServiceRun[],
  { accept = new Map(), decisions, areChosen = false }: MergeOptions = {},
): Matrix {
  const { run: absent, note } = areChosen ? {} : missingScheduler(given);
  const all = (absent === undefined ? given : [...given, absent]).toSorted(
    (a, b) => ORDER.indexOf(a.service) - ORDER.indexOf(b.service),
  );
  const names = namesFor(all);
  const columns = all.map((run, index): Column => columnOf(run, names[index] ?? run.service));
  const rules = rulesIn(columns);
  const told = new Map(
    [...rules].map(([id, found]) => [id, toldIn(found, (run) => columns[run]?.operations() ?? NONE)]),
  );
  const isTold = (run: number, id: string) => told.get(id)?.has(run) === true;
  const adjusted = columns.map(({ run: { report } }, index) =>
    report?.checks.map((check) => withTold(check, (id) => isTold(index, id))),
  );
  const runs = columns.map(({ run }, index) => ({ ...run, ...verdictIn(run.report, adjusted[index] ?? []) }));
  const checks = rowsOf(columns).map((row): MatrixCheck => {
    const cells = row.cells.map(({ run, check }): MatrixCell => {
      const { status = check.status } = adjusted[run]?.find(({ id }) => id === check.id) ?? {};
      const by = status === 'pass' && check.status === 'skip' ? tellerOf(check, run, told) : undefined;
      return {
        run: names[run] ?? '',
        status,
        summary: check.summary,
        ...(by !== undefined && { toldBy: names[by] ?? '' }),
      };
    });
    const findings = row.ids.map((id) =>
      findingOf(id, rules.get(id) ?? [], { told: told.get(id) ?? new Map(), runs, accept }),
    );
    return { id: row.id, title: row.title, status: worst(cells.map(({ status }) => status)), cells, findings };
  });
  const lost = runs.filter((run) => run.lost !== undefined).length;
  const statuses = checks.flatMap(({ findings }) => findings.map(({ status }) => status));
  const count = (status: Status) => statuses.filter((candidate) => candidate === status).length;
  const summary = { pass: count('pass'), warn: count('warn'), fail: count('fail') + lost, skip: count('skip') };
  return {
    kind: MATRIX_KIND,
    schemaVersion: MATRIX_VERSION,
    tool: { name: 'spacelift-preflight', version: VERSION },
    ...timesOf(runs),
    verdict: verdictOfAll(runs, summary),
    summary,
    runs,
    checks,
    notes: [...(note === undefined ? [] : [note]), ...notesOn(decisions)],
  };
}

/** Of the columns. */
const ORDER: readonly Perspective[] = [...SERVICES, 'worker'];
const NONE: Operations = new Map();

interface Column {
  readonly run: MatrixRun;
  /** Prepared only if a rule needs it. */
  operations(): Operations;
}

/** What others said about a run is cleaned as what servers say. */
function columnOf(run: ServiceRun, name: string): Column {
  const clean = sanitizer((text) => text);
  const line = (text: string) => oneLine(clean(text));
  const { service, facts = [] } = run;
  const about = { name, service, facts: facts.map((fact) => ({ name: line(fact.name), value: line(fact.value) })) };
  if ('lost' in run) {
    const { title, detail, fix } = run.lost;
    const lost = { ...run.lost, title: line(title), detail: clean(detail), fix: clean(fix, LIMITS.fix) };
    return { run: { ...about, lost }, operations: () => NONE };
  }
  let operations: Operations | undefined;
  return {
    run: { ...about, report: run.report },
    operations: () => {
      operations ??= operationsIn(run.report);
      return operations;
    },
  };
}

/** The findings of each rule, in the order of the runs. */
function rulesIn(columns: readonly Column[]): ReadonlyMap<string, readonly Found[]> {
  const rules = new Map<string, Found[]>();
  for (const [
    run,
    {
      run: { report },
    },
  ] of columns.entries()) {
    for (const finding of report?.checks.flatMap(({ findings }) => findings) ?? []) {
      const found = rules.get(finding.id);
      if (found === undefined) rules.set(finding.id, [{ run, finding }]);
      else found.push({ run, finding });
    }
  }
  return rules;
}

function withTold(check: ReportCheck, isTold: (id: string) => boolean): ReportCheck {
  const findings = check.findings.map((finding) =>
    isTold(finding.id) ? { ...finding, status: 'pass' as const } : finding,
  );
  return { ...check, status: worst(findings.map(({ status }) => status)), findings };
}

const tellerOf = (
  { findings }: ReportCheck,
  run: number,
  told: ReadonlyMap<string, ReadonlyMap<number, number>>,
): number | undefined => findings.map(({ id }) => told.get(id)?.get(run)).find((by) => by !== undefined);

function verdictIn(report: Report | undefined, checks: readonly ReportCheck[]): Pick<MatrixRun, 'verdict'> {
  if (report === undefined) return {};
  const { service, phase, interrupted } = report;
  return { verdict: verdictOf(checks, { service: service ?? undefined, phase, interrupted }) };
}

function verdictOfAll(runs: readonly MatrixRun[], summary: Matrix['summary']): Verdict {
  if (summary.fail > 0) return 'not-ready';
  const verdicts = new Set(runs.map(({ verdict }) => verdict));
  if (verdicts.has('inconclusive') || runs.length === 0) return 'inconclusive';
  return verdicts.has('ready-with-warnings') ? 'ready-with-warnings' : 'ready';
}

function timesOf(runs: readonly MatrixRun[]): Pick<Matrix, 'startedAt' | 'durationMs'> {
  let [start, end] = [Number.POSITIVE_INFINITY, 0];
  for (const { report } of runs) {
    if (report === undefined) continue;
    const started = Date.parse(report.startedAt);
    start = Math.min(start, started);
    end = Math.max(end, started + report.durationMs);
  }
  if (start > end) return { startedAt: null, durationMs: 0 };
  return { startedAt: new Date(start).toISOString(), durationMs: end - start };
}

interface Row {
  readonly id: string;
  readonly title: string;
  readonly cells: { readonly run: number; readonly check: ReportCheck }[];
  readonly ids: readonly string[];
}

/** The checks and their findings in report order: every report has a part of it. */
function rowsOf(columns: readonly Column[]): Row[] {
  const rows = new Map<string, { title: string; place: number; cells: Row['cells']; ids: Map<string, number> }>();
  for (const [
    run,
    {
      run: { report },
    },
  ] of columns.entries()) {
    for (const [place, check] of report?.checks.entries() ?? []) {
      const row = rows.get(check.id) ?? { title: check.title, place, cells: [], ids: new Map<string, number>() };
      rows.set(check.id, row);
      row.place = Math.max(row.place, place);
      row.cells.push({ run, check });
      for (const [index, { id }] of check.findings.entries()) row.ids.set(id, Math.max(index, row.ids.get(id) ?? 0));
    }
  }
  return [...rows]
    .toSorted(([, a], [, b]) => a.place - b.place)
    .map(([id, { title, cells, ids }]) => ({
      id,
      title,
      cells,
      ids: [...ids].toSorted(([, a], [, b]) => a - b).map(([one]) => one),
    }));
}

interface Context {
  readonly told: ReadonlyMap<number, number>;
  readonly runs: readonly MatrixRun[];
  readonly accept: Acceptances;
}

function findingOf(id: string, found: readonly Found[], { told, runs, accept }: Context): MatrixFinding {
  const named = (those: readonly Found[]) => those.flatMap(({ run }) => runs[run] ?? []);
  const groups = [
    ...Map.groupBy(
      found.filter(({ run }) => !told.has(run)),
      ({ finding }) => keyOf(finding),
    ).values(),
  ];
  const passing = named(found.filter(({ finding }) => finding.status === 'pass'));
  const there = valuesOf(passing);
  const listeners = Map.groupBy(told, ([, by]) => by);
  const everyServiceFails =
    found.length > 1 && found.every(({ finding }) => finding.status === 'fail' && finding.unreachable === true);
  const entries = groups.map((group): MatrixEntry => {
    const here = named(group);
    const [first] = group;
    const finding = first?.finding;
    const status = finding?.status ?? 'skip';
    const differs = isIssue(status) && passing.length > 0;
    const by = status === 'pass' ? toldBy(group, listeners, runs) : [];
    return {
      status,
      title: differs ? `${finding?.title}; ${splitOf(status, here, passing)}` : (finding?.title ?? ''),
      detail: finding?.detail ?? '',
      ...(finding !== undefined && kept(finding)),
      ...acceptedFor(group, accept),
      runs: here.map(({ name }) => name),
      ...(by.length > 0 && { told: by }),
      ...(differs && { differences: differencesBetween(valuesOf(here), there) }),
      ...(everyServiceFails && { hint: EGRESS }),
    };
  });
  const { rule, subject } = found[0]?.finding ?? {};
  return {
    id,
    ...(rule !== undefined && { rule }),
    ...(subject !== undefined && { subject }),
    status: worst(entries.map(({ status }) => status)),
    entries,
  };
}

const EGRESS =
  'no service can connect: if a run from elsewhere can, check the egress rules of the place where the services run (network policies, security groups, routes, proxies)';

/** "fails for the drain, passes for the server and the scheduler" */
const splitOf = (status: Status, here: readonly MatrixRun[], passing: readonly MatrixRun[]): string =>
  `${status === 'fail' ? 'fails' : 'is a warning'} for ${namesOf(here)}, passes for ${namesOf(passing)}`;

/** What makes two findings of one rule the same. */
const keyOf = ({ status, title, detail, fix }: ReportFinding): string => JSON.stringify([status, title, detail, fix]);

const kept = ({ expected, fix, fixKind, fixLanguage, docs, dependsOn, affected }: ReportFinding) => ({
  ...(expected !== undefined && { expected }),
  ...(fix !== undefined && { fix }),
  ...(fixKind !== undefined && { fixKind }),
  ...(fixLanguage !== undefined && { fixLanguage }),
  ...(docs !== undefined && { docs }),
  ...(dependsOn !== undefined && { dependsOn }),
  ...(affected !== undefined && { affected }),
});

/** For the passes of a group: the runs that they hold for too. */
function toldBy(
  group: readonly Found[],
  listeners: ReadonlyMap<number, readonly (readonly [run: number, by: number])[]>,
  runs: readonly MatrixRun[],
): Told[] {
  const those = group.flatMap(({ run }) => listeners.get(run) ?? []);
  return those.map(([run, by]) => ({ run: runs[run]?.name ?? '', by: runs[by]?.name ?? '' }));
}

/** A warning is accepted by the caller, or if every run accepted it. */
function acceptedFor(group: readonly Found[], accept: Acceptances): Pick<ReportFinding, 'accepted' | 'decision'> {
  const [first] = group;
  if (first?.finding.status !== 'warn') return {};
  const given = acceptedFields(first.finding.id, accept, CLEAN);
  if (given !== undefined) return given;
  const { accepted, decision } = first.finding;
  if (accepted === undefined || group.some(({ finding }) => finding.accepted === undefined)) return {};
  return { accepted, ...(decision !== undefined && { decision }) };
}

const CLEAN = sanitizer((text) => text);
const notesOn = (decisions: Decisions | undefined): string[] =>
  decisions === undefined ? [] : decisionLines(cleanDecisions(decisions, CLEAN));
