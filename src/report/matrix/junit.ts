/** The matrix as JUnit XML: a rule is one test case, whichever services it is about. */
import { changesOf } from '../comparison/phrases.ts';
import { documentOf, type TestCase } from '../junit/document.ts';
import { proseOf } from '../phrases.ts';
import type { Render } from '../render.ts';
import { type Entry, explained, leftoversIn, resultOf, rowsOf, toldOf } from './phrases.ts';
import type { Matrix, MatrixFinding, MatrixRun } from './types.ts';

export const renderJunit: Render<Matrix> = (matrix) => {
  const { runs, checks, startedAt, durationMs, summary, notes } = matrix;
  const suites = [
    { id: 'runs', cases: runs.map(runOf), durationMs, startedAt },
    ...checks.map(({ id, findings }) => ({ id, cases: findings.map(caseOf), durationMs: 0, startedAt })),
  ];
  return documentOf(suites, {
    fail: summary.fail,
    durationMs,
    properties: {
      verdict: matrix.verdict,
      services: runs.map(({ name }) => name).join(', '),
      version: matrix.tool.version,
    },
    lines: [resultOf(matrix), ...changesOf(matrix), ...notes.map((note) => `note: ${note}`)],
    errors: leftoversIn(matrix).flatMap(({ what, command }) => [`left behind: ${what}`, command]),
  });
};

function runOf(run: MatrixRun): TestCase {
  const { name, verdict = '', lost, report } = run;
  const durationMs = report?.durationMs ?? 0;
  if (lost === undefined) return { id: name, status: 'pass', title: verdict, text: verdict, durationMs };
  const text = [lost.title, ...proseOf(explained({ ...run, lost }))].join('\n');
  return { id: name, status: 'fail', title: lost.title, text, durationMs };
}

/** With the worst entries as its title, and all of them in its text. */
function caseOf({ id, status, entries }: MatrixFinding): TestCase {
  const worst = entries.filter((entry) => entry.status === status);
  const title = worst.map((entry) => entry.title).join('; ');
  const others = entries.filter((entry) => entry.status !== status);
  const text = [...worst, ...others].map((entry) => textOf({ ...entry, id })).join('\n\n');
  return { id, status, title, text, durationMs: 0 };
}

function textOf(entry: Entry): string {
  const rows = [...rowsOf(entry), ['told', toldOf(entry)] as const];
  return [entry.title, ...proseOf(entry, rows)].join('\n');
}
