/** Compares two reports, or two matrices. */
import { isSamePinned } from '../../config/pinned.ts';
import type { Status } from '../../outcome/status.ts';
import { VERSION } from '../../util/version.ts';
import { COMPARISON_KIND, COMPARISON_VERSION } from '../kinds.ts';
import type { Matrix } from '../matrix/types.ts';
import type { Report } from '../types.ts';
import {
  type Change,
  type ChangedFact,
  type ChangedFinding,
  type ComparedSide,
  type Comparison,
  LOST_RUN,
  type SlowerCheck,
} from './types.ts';

export type Comparable = Report | Matrix;

export const isMatrix = (document: Comparable): document is Matrix => document.kind === 'matrix';

/** @throws RangeError if one is a report and the other one a matrix */
export function compare(before: Comparable, after: Comparable): Comparison {
  if (isMatrix(before) !== isMatrix(after)) throw new RangeError('a report can’t be compared with a matrix');
  const [earlier, now] = [itemsIn(before), itemsIn(after)];
  const keys = new Set([...now.keys(), ...earlier.keys()]);
  const pairs = [...keys].map((key) => [earlier.get(key), now.get(key)] as const);
  const findings = pairs.flatMap(([one, other]) => changeOf(one, other)).toSorted(byWeight);
  const reports = pairsOf(before, after);
  const same = pairs.filter(([one, other]) => isIssue(one) && isIssue(other) && isSame(one, other)).length;
  const count = (change: Change) => findings.filter((finding) => finding.change === change).length;
  return {
    kind: COMPARISON_KIND,
    schemaVersion: COMPARISON_VERSION,
    tool: { name: 'spacelift-preflight', version: VERSION },
    before: sideOf(before),
    after: sideOf(after),
    summary: { new: count('new'), changed: count('changed'), gone: count('gone'), unchecked: count('unchecked'), same },
    findings,
    facts: pairs.flatMap(([one, other]) => factOf(one, other)),
    slower: slowerIn(before, after),
    notes: [...notesOf(reports), ...pinnedNotes(reports)],
  };
}

interface Item {
  readonly id: string;
  readonly run?: string;
  readonly status: Status;
  readonly title: string;
}

function itemsIn(document: Comparable): Map<string, Item> {
  const items: readonly Item[] = isMatrix(document) ? itemsOfMatrix(document) : findingsIn(document);
  return new Map(items.map((item) => [JSON.stringify([item.run ?? null, item.id]), item]));
}

const findingsIn = ({ checks }: Report): Item[] =>
  checks.flatMap(({ findings }) => findings.map(({ id, status, title }) => ({ id, status, title })));

/** The titles are those of the reports, which don't say in which other services it is otherwise. */
const itemsOfMatrix = ({ runs }: Matrix): Item[] =>
  runs.flatMap(({ name, report, lost }) => [
    ...(report === undefined ? [] : findingsIn(report).map((item) => ({ ...item, run: name }))),
    ...(lost === undefined ? [] : [{ id: LOST_RUN, run: name, status: 'fail' as const, title: lost.title }]),
  ]);

type Issue = Item & { readonly status: 'fail' | 'warn' };
const isIssue = (item: Item | undefined): item is Issue => item?.status === 'fail' || item?.status === 'warn';

/** Times differ from run to run. */
const withoutTimes = (text: string): string => text.replace(/\d+(?:\.\d+)?\s?(?:ms|s)\b/g, '…');

const isSame = (one: Item, other: Item): boolean =>
  one.status === other.status && withoutTimes(one.title) === withoutTimes(other.title);

function changeOf(before: Item | undefined, after: Item | undefined): ChangedFinding[] {
  const kind = kindOf(before, after);
  const shown = isIssue(after) ? after : before;
  if (kind === undefined || shown === undefined) return [];
  const { id, run, title } = shown;
  return [
    {
      change: kind,
      id,
      ...(run !== undefined && { run }),
      before: before?.status ?? null,
      after: after?.status ?? null,
      title,
      ...(kind === 'changed' && before !== undefined && before.title !== title && { titleBefore: before.title }),
    },
  ];
}

function kindOf(before: Item | undefined, after: Item | undefined): Change | undefined {
  if (isIssue(after)) {
    if (!isIssue(before)) return 'new';
    return isSame(before, after) ? undefined : 'changed';
  }
  if (!isIssue(before)) return undefined;
  return after?.status === 'pass' ? 'gone' : 'unchecked';
}

function factOf(before: Item | undefined, after: Item | undefined): ChangedFact[] {
  if (before?.status !== 'pass' || after?.status !== 'pass' || isSame(before, after)) return [];
  const { id, run } = after;
  return [{ id, ...(run !== undefined && { run }), before: before.title, after: after.title }];
}

const CHANGES: readonly Change[] = ['new', 'changed', 'gone', 'unchecked'];
const STATUSES: readonly (Status | null)[] = ['fail', 'warn', 'pass', 'skip', null];

/** New failures first. */
const byWeight = (one: ChangedFinding, other: ChangedFinding): number =>
  CHANGES.indexOf(one.change) - CHANGES.indexOf(other.change) ||
  STATUSES.indexOf(one.after) - STATUSES.indexOf(other.after) ||
  STATUSES.indexOf(one.before) - STATUSES.indexOf(other.before);

/** Both: a check of a few milliseconds doubles by chance. */
const [SLOWER_TIMES, SLOWER_MS] = [2, 250];

function slowerIn(before: Comparable, after: Comparable): SlowerCheck[] {
  const earlier = durationsIn(before);
  return [...durationsIn(after)].flatMap(([key, { check, run, ms }]) => {
    const was = earlier.get(key)?.ms;
    if (was === undefined || ms < was * SLOWER_TIMES || ms - was < SLOWER_MS) return [];
    return [{ check, ...(run !== undefined && { run }), beforeMs: was, afterMs: ms }];
  });
}

interface Duration {
  readonly check: string;
  readonly run?: string;
  readonly ms: number;
}

function durationsIn(document: Comparable): Map<string, Duration> {
  const reports = reportsIn(document);
  return new Map(
    reports.flatMap(({ run, report }) =>
      report.checks
        .filter(({ status }) => status !== 'skip')
        .map(({ id, durationMs }): [string, Duration] => [
          JSON.stringify([run ?? null, id]),
          { check: id, ...(run !== undefined && { run }), ms: durationMs },
        ]),
    ),
  );
}

/** The report, or those of a matrix with the names of their columns. */
export function reportsIn(document: Comparable): readonly { readonly run?: string; readonly report: Report }[] {
  if (!isMatrix(document)) return [{ report: document }];
  return document.runs.flatMap(({ name, report }) => (report === undefined ? [] : [{ run: name, report }]));
}

/** Two reports of the same column, or of single runs. */
interface Pair {
  readonly run?: string;
  readonly before: Report;
  readonly after: Report;
}

function pairsOf(before: Comparable, after: Comparable): Pair[] {
  const earlier = new Map(reportsIn(before).map(({ run, report }) => [run, report]));
  return reportsIn(after).flatMap(({ run, report }) => {
    const other = earlier.get(run);
    return other === undefined ? [] : [{ ...(run !== undefined && { run }), before: other, after: report }];
  });
}

function sideOf(document: Comparable): ComparedSide {
  const [first] = reportsIn(document);
  const domain = first?.report.domain;
  const release = first?.report.release?.version ?? undefined;
  return {
    kind: isMatrix(document) ? 'matrix' : 'report',
    startedAt: document.startedAt,
    verdict: document.verdict,
    version: document.tool.version,
    ...(domain !== undefined && { domain }),
    ...(release !== undefined && { release }),
  };
}

/** What a report is of: if it differs, findings differ for another reason than a change of the installation. */
const SUBJECTS: readonly { readonly what: string; of(report: Report): string | undefined }[] = [
  { what: 'they are for different domains', of: ({ domain }) => domain },
  { what: 'they are for different services', of: ({ service }) => service ?? 'all services' },
  { what: 'they were made in different places (--from)', of: ({ from }) => from },
  {
    what: 'only one was made with --read-only',
    of: ({ readOnly }) => (readOnly === undefined ? undefined : readOnly ? 'with' : 'without'),
  },
  { what: 'they are for different phases', of: ({ phase }) => phase },
  { what: 'they are for different releases of Self-Hosted', of: ({ release }) => release?.version ?? undefined },
  { what: 'they were made by different versions of spacelift-preflight', of: ({ tool }) => tool.version },
];

function notesOf(pairs: readonly Pair[]): string[] {
  return SUBJECTS.flatMap(({ what, of }) => {
    const differing = pairs
      .map(({ before, after }) => [of(before), of(after)] as const)
      .find(([one, other]) => one !== undefined && other !== undefined && one !== other);
    return differing === undefined ? [] : [`${what}: ${differing[0]} before, ${differing[1]} now`];
  });
}

/** The rules that compare the same with a baseline, by part. */
const COMPARED_BY: Readonly<Record<string, string>> = {
  encryption: 'encryption/pinned',
  objectStorage: 'object-storage/pinned',
  mqttBroker: 'mqtt-broker/pinned',
};

/** What can't be changed after installation, and differs; said here unless a finding says it, also if that was skipped. */
function pinnedNotes(pairs: readonly Pair[]): string[] {
  return pairs.flatMap(({ run, before, after }) => {
    const said = new Set(findingsIn(after).flatMap(({ id, status }) => (status === 'skip' ? [] : [id])));
    const was = valuesIn(before.pinned);
    return [...valuesIn(after.pinned)].flatMap(([name, value]) => {
      const old = was.get(name);
      const [part = ''] = name.split('.');
      if (old === undefined || isSamePinned(old, value) || said.has(COMPARED_BY[part] ?? '')) return [];
      const who = run === undefined ? '' : `${run}: `;
      return [`${who}${name} can’t be changed after installation, but was ${old}, and is ${value} now`];
    });
  });
}

/** By names such as `encryption.method`. */
function valuesIn(pinned: Report['pinned']): Map<string, string> {
  const { encryption = {}, objectStorage, mqttBroker = {} } = pinned ?? {};
  const of = (part: string, values: object) =>
    Object.entries(values).map(([name, value]): [string, string] => [`${part}.${name}`, String(value)]);
  return new Map([
    ...of('encryption', encryption),
    ...of('objectStorage', objectStorage === undefined ? {} : { type: objectStorage.type, ...objectStorage.buckets }),
    ...of('mqttBroker', mqttBroker),
  ]);
}
