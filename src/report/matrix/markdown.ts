/** The matrix as a pull request comment. */
import type { Status } from '../../outcome/status.ts';
import {
  bounded,
  changesSince,
  escaped,
  folded,
  foldedSections,
  heading,
  leftBehind,
  section,
} from '../markdown/parts.ts';
import { countsOf } from '../phrases.ts';
import type { Render } from '../render.ts';
import { ICONS } from '../style.ts';
import { entriesIn, explained, leftoversIn, lostIn, NOT_ASKED, named, rowsOf, verdictOf, WORDS } from './phrases.ts';
import type { Matrix } from './types.ts';

/** With more services, they are the rows of the grid. */
const MOST_COLUMNS = 6;

export const renderMarkdown: Render<Matrix> = (matrix) => {
  const parts = [
    heading(verdictOf(matrix)),
    countsOf(matrix),
    grid(matrix),
    ...lostIn(matrix).map((run) => section({ ...explained(run), status: 'fail' }, '###')),
    ...entriesIn(matrix, 'fail').map((entry) => section(entry, '###', rowsOf(entry))),
    ...leftoversIn(matrix).map(leftBehind),
    ...changesSince(matrix),
    ...foldedSections(
      'warning',
      entriesIn(matrix, 'warn').map((entry) => section(entry, '####', rowsOf(entry))),
    ),
    ...folded(entriesIn(matrix, 'skip').map(named), 'skipped'),
    ...folded(entriesIn(matrix, 'pass').map(named), 'passed'),
    ...matrix.notes.map((note) => `note: ${escaped(note)}`),
  ];
  return `${bounded(parts).join('\n\n')}\n`;
};

function grid({ runs, checks }: Matrix): string {
  const cells = new Map(checks.flatMap((check) => check.cells.map((cell) => [`${check.id} ${cell.run}`, cell.status])));
  const lost = new Set(runs.filter((run) => run.lost !== undefined).map(({ name }) => name));
  const cell = (check: string, run: string) => {
    if (lost.has(run)) return worded('fail', 'lost');
    const status = cells.get(`${check} ${run}`);
    return status === undefined ? NOT_ASKED : worded(status, WORDS[status]);
  };
  const names = runs.map(({ name }) => name);
  const ids = checks.map(({ id }) => id);
  const [rows, columns, at] =
    names.length <= MOST_COLUMNS
      ? [ids, names, (row: string, column: string) => cell(row, column)]
      : [names, ids, (row: string, column: string) => cell(column, row)];
  return [
    `| | ${columns.map(escaped).join(' | ')} |`,
    `| --- |${' --- |'.repeat(columns.length)}`,
    ...rows.map((row) => `| ${escaped(row)} | ${columns.map((column) => at(row, column)).join(' | ')} |`),
  ].join('\n');
}

const worded = (status: Status, word: string): string => `${ICONS[status].unicode} ${word}`;
