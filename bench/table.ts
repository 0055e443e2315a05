/** Formats the rows as a table for a terminal with 80 columns, or as Markdown. */
import wrapAnsi from 'wrap-ansi';
import type { Row } from './row.ts';

export const NOTE = 'Ratios compare medians of alternating runs, because absolute durations depend on the machine.';

type Cells = Omit<Row, 'facts'>;

const verdictOf = ({ met }: Cells): string => (met === undefined ? '' : met ? 'met' : 'missed');
const HEAD = ['measurement', 'target', 'result', 'verdict'] as const;
const cellsOf = (row: Cells): string[] => [row.what, row.target ?? '', row.figure, verdictOf(row)];

const WIDTH = 80;
const GAP = 2;

export function plainTable(rows: readonly Row[]): string {
  const lines = [[...HEAD], ...rows.map(cellsOf)];
  const widths = HEAD.map((_, column) => Math.max(...lines.map((cells) => cells[column]?.length ?? 0)));
  const others = widths.slice(1).reduce((sum, width) => sum + width + GAP, 0);
  const first = Math.min(widths[0] ?? 0, WIDTH - others);
  const printed = lines.map(([what = '', ...rest]) => {
    const wrapped = wrapAnsi(what, first, { hard: true }).split('\n');
    const right = rest.map((cell, index) => cell.padEnd(widths[index + 1] ?? 0)).join(' '.repeat(GAP));
    return wrapped
      .map((line, index) => (index === 0 ? `${line.padEnd(first)}${' '.repeat(GAP)}${right}` : line).trimEnd())
      .join('\n');
  });
  return `${printed.join('\n')}\n\n${wrapAnsi(NOTE, WIDTH)}\n`;
}

export function markdownTable(rows: readonly Cells[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return `${[line(HEAD), line(HEAD.map(() => '---')), ...rows.map((row) => line(cellsOf(row)))].join('\n')}\n`;
}
