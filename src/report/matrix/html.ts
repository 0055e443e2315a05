/** The matrix as a self-contained HTML page: the grid of services and checks, what to fix, and all findings. */
import { isIssue, type Status } from '../../outcome/status.ts';
import { LOST_RUN } from '../comparison/types.ts';
import { changeById, changesSince } from '../html/changes.ts';
import { commonFacts } from '../html/facts.ts';
import { findable, type Group } from '../html/findings.ts';
import { inProgress } from '../html/in-progress.ts';
import { html, type Markup } from '../html/markup.ts';
import { headOf, icon, leftBehind, named, pageOf, time } from '../html/parts.ts';
import { fixing, fixOf, type Step } from '../html/steps.ts';
import { countsOf, POSIX_SHELL } from '../phrases.ts';
import type { Render } from '../render.ts';
import { ICONS } from '../style.ts';
import {
  type Entry,
  entriesIn,
  explained,
  hasShellCommands,
  leftoversIn,
  lostIn,
  NOT_ASKED,
  rowsOf,
  servicesOf,
  toldOf,
  verdictOf,
  WORDS,
} from './phrases.ts';
import type { Matrix, MatrixCell, MatrixCheck, MatrixRun } from './types.ts';

/** With more services, they are the rows of the grid. */
const MOST_COLUMNS = 6;

export const renderHtml: Render<Matrix> = (matrix) => {
  const verdict = verdictOf(matrix);
  const { runs, checks, startedAt } = matrix;
  const reports = runs.flatMap(({ name, report }) => (report === undefined ? [] : [{ run: name, report }]));
  return pageOf({
    words: verdict.words,
    tool: matrix.tool,
    head: headOf(verdict, countsOf(matrix), [
      ...(startedAt === null ? [] : [['started', time(startedAt)] as const]),
      ['services', html`${runs.length}`],
      ...commonFacts(reports.map(({ report }) => report)).map(([term, says]) => [term, html`${says}`] as const),
    ]),
    main: html`${inProgress(reports)}
<section aria-labelledby="grid"><h2 id="grid">Services and checks</h2>
${grid(matrix)}
</section>
${toFix(matrix)}
${leftBehind(leftoversIn(matrix))}
${hasShellCommands(matrix) && html`<p class="then">${POSIX_SHELL}</p>`}
${changesSince(matrix)}
${notes(matrix)}
<section aria-labelledby="runs"><h2 id="runs">Runs</h2>
<ul class="notes card">${runs.map(about)}</ul>
</section>
${findable(countedIn(matrix), checks.map(groupOf))}`,
  });
};

function grid({ runs, checks }: Matrix): Markup {
  const cells = new Map(checks.flatMap((check) => check.cells.map((cell) => [`${check.id} ${cell.run}`, cell])));
  const lost = new Set(runs.filter((run) => run.lost !== undefined).map(({ name }) => name));
  const cell = (check: string, run: string) => cellOf(cells.get(`${check} ${run}`), lost.has(run));
  const names = runs.map(({ name }) => name);
  const ids = checks.map(({ id }) => id);
  const isWide = names.length > MOST_COLUMNS;
  const [rows, columns] = isWide ? [names, ids] : [ids, names];
  const table = rows.map(
    (row) =>
      html`<tr><th scope="row">${named(row)}</th>${columns.map((column) => (isWide ? cell(column, row) : cell(row, column)))}</tr>
`,
  );
  return html`<div class="scroll card" role="region" aria-label="Table of services and checks" tabindex="0"><table class="matrix">
<thead><tr><td></td>${columns.map((column) => html`<th scope="col">${named(column)}</th>`)}</tr></thead>
<tbody>
${table}</tbody>
</table></div>
${checks.some((check) => check.cells.some(({ toldBy }) => toldBy !== undefined)) && html`<p class="then">* skipped by the service itself, but passes for another one that tried the same</p>`}`;
}

function cellOf(cell: MatrixCell | undefined, isLost: boolean): Markup {
  if (isLost) return worded('fail', 'lost');
  if (cell === undefined) return html`<td class="quiet">${NOT_ASKED}</td>`;
  return worded(cell.status, `${WORDS[cell.status]}${cell.toldBy === undefined ? '' : '*'}`);
}

const worded = (status: Status, word: string): Markup =>
  html`<td class="${status}"><span aria-hidden="true">${ICONS[status].unicode}</span> ${word}</td>`;

function toFix(matrix: Matrix): Markup | undefined {
  const warnings = entriesIn(matrix, 'warn');
  const changeOf = changeById(matrix);
  const entries = [
    ...entriesIn(matrix, 'fail'),
    ...warnings.filter(({ accepted }) => accepted === undefined),
    ...warnings.filter(({ accepted }) => accepted !== undefined),
  ];
  const steps = [
    ...lostIn(matrix).map(
      (run): Step => ({
        finding: { ...explained(run), status: 'fail' },
        anchor: `run-${run.name}`,
        change: changeOf(LOST_RUN, [run.name]),
      }),
    ),
    ...entries.map(
      (entry): Step => ({
        finding: entry,
        rows: rowsOf(entry),
        anchor: anchorOf(entry),
        change: changeOf(entry.id, entry.runs),
      }),
    ),
  ];
  return fixing({ steps, failures: matrix.summary.fail });
}

/** A rule can have several entries. */
const anchorOf = ({ id, status, runs: [first] }: Entry): string => `${id}-${status}-${first}`;

/** One service: its facts, and how its run ended. */
function about({ name, facts, verdict, report, lost }: MatrixRun): Markup {
  const known = [
    ...(report === undefined ? [] : [`${countsOf(report)}, ${report.phase}`]),
    ...(report?.host === undefined ? [] : [`host ${report.host}`]),
    ...facts.map((fact) => `${fact.name} ${fact.value}`),
  ];
  return html`<li id="run-${name}"><p><b>${name}</b>: ${lost === undefined ? verdict : `lost: ${lost.title}`}</p>
<p class="quiet">${known.join(' · ')}</p></li>`;
}

function notes({ notes: all }: Matrix): Markup | undefined {
  if (all.length === 0) return undefined;
  return html`<section aria-labelledby="notes"><h2 id="notes">Notes</h2>
<ul class="notes card">${all.map((note) => html`<li><p>${note}</p></li>`)}</ul>
</section>`;
}

const countedIn = ({ checks }: Matrix): Matrix['summary'] => {
  const counts = { pass: 0, warn: 0, fail: 0, skip: 0 };
  for (const { findings } of checks)
    for (const { entries } of findings) for (const { status } of entries) counts[status] += 1;
  return counts;
};

const groupOf = ({ id, title, status, findings }: MatrixCheck): Group => ({
  id,
  status,
  heading: html`<span>${title}</span>`,
  rows: findings.flatMap(({ id: rule, entries }) =>
    entries.map((entry) => ({ status: entry.status, row: row({ ...entry, id: rule }) })),
  ),
});

function row(entry: Entry): Markup {
  const { id, status, title, detail, fix } = entry;
  const issue = isIssue(status);
  const told = toldOf(entry);
  const more = [
    html`${servicesOf(entry)}`,
    detail !== '' && html`${detail}`,
    told !== undefined && html`${told}`,
    !issue && fix !== undefined && fixOf(entry),
    issue && html`<a href="#fix-${anchorOf(entry)}">how to fix it</a>`,
  ].filter((part) => part !== false && part !== undefined);
  return html`<li class="row ${status}" id="${anchorOf(entry)}" data-status="${status}">
${icon(status)}${named(id)} <div class="says"><span class="title">${title}</span>
${more.map((part) => html`<div class="more">${part}</div>`)}</div>
</li>`;
}
