/** The matrix in SARIF: an entry is one result, at the lines in the config of each of its services. */
import { DOCS } from '../../config/docs.ts';
import { renderJson } from '../json.ts';
import type { Render, RuleText } from '../render.ts';
import { changeNotes, documentOf, type Result } from '../sarif/document.ts';
import { locationsIn, nowhere } from '../sarif/locations.ts';
import type { Report } from '../types.ts';
import { explained, leftoversIn, lostIn, resultOf, rowsOf } from './phrases.ts';
import type { Matrix, MatrixEntry, MatrixFinding } from './types.ts';

/** The rule of lost runs, which no check has. */
const RUN = 'run';
const RUN_TEXT: RuleText = {
  title: 'the preflight of each service has a report',
  procedure: 'Runs a preflight as each service, and collects its report.',
  rationale: 'Nothing is known about a service without a report.',
  fix: 'Correct what the result names, and run it again.',
  docs: DOCS.dependencies,
};

export const renderSarif: Render<Matrix> = (matrix, _, describe = () => undefined) => {
  const reports = new Map(
    matrix.runs.flatMap(({ name, report }) =>
      report === undefined ? [] : [[name, { locationsOf: locationsIn(report), findings: findingsIn(report) }] as const],
    ),
  );
  const locationsFor = ({ id }: MatrixFinding, { runs }: MatrixEntry) =>
    runs.flatMap((run) => {
      const { locationsOf, findings } = reports.get(run) ?? {};
      const own = findings?.get(id);
      return own === undefined ? [] : (locationsOf?.(own) ?? []);
    });
  const results: Result[] = [
    ...lostIn(matrix).map((run): Result => {
      const finding = explained(run);
      return { finding, status: 'fail', rule: RUN, identity: [RUN, run.name], locations: [nowhere(run.service)] };
    }),
    ...matrix.checks.flatMap(({ findings }) =>
      findings.flatMap((rule) =>
        rule.entries.flatMap((entry): Result[] => {
          const { status, runs } = entry;
          if (status !== 'fail' && status !== 'warn') return [];
          const { id, rule: key = id } = rule;
          const identity = [id, ...runs];
          const locations = unique(locationsFor(rule, entry));
          return [{ finding: { ...entry, id }, status, rule: key, identity, locations, rows: rowsOf(entry) }];
        }),
      ),
    ),
  ];
  const { tool, startedAt, durationMs, verdict, runs, notes } = matrix;
  const about = {
    tool,
    category: 'matrix',
    startedAt,
    durationMs,
    isComplete: runs.every(({ report }) => report !== undefined && !report.interrupted),
    notes: [
      ...[resultOf(matrix), ...notes].map((text) => ({ level: 'note' as const, text })),
      ...changeNotes(matrix),
      ...leftoversIn(matrix).map(({ what, command }) => ({
        level: 'warning' as const,
        text: `left behind: ${what}\n${command}`,
      })),
    ],
    properties: { verdict, services: runs.map(({ name }) => name).join(', ') },
  };
  return renderJson(documentOf(results, about, (key) => (key === RUN ? RUN_TEXT : describe(key))));
};

const findingsIn = ({ checks }: Report) =>
  new Map(checks.flatMap(({ findings }) => findings.map((finding) => [finding.id, finding] as const)));

/** Services can share a config. */
const unique = (locations: readonly object[]): object[] => [
  ...new Map(locations.map((location) => [JSON.stringify(location), location])).values(),
];
