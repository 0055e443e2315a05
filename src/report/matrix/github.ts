/** The matrix as GitHub workflow commands: failures and warnings become annotations, with the services that have them. */
import { annotation, command, group, logged } from '../github/commands.ts';
import type { Render } from '../render.ts';
import { entriesIn, explained, lostIn, resultOf, rowsOf } from './phrases.ts';
import type { Matrix } from './types.ts';

/** Annotations first: GitHub shows ten per level and step, in log order. The rest is folded. */
export const renderGithub: Render<Matrix> = (matrix) => {
  const warnings = entriesIn(matrix, 'warn');
  const lines = [
    ...lostIn(matrix).map((run) => annotation('error', explained(run))),
    ...entriesIn(matrix, 'fail').map((entry) => annotation('error', entry, rowsOf(entry))),
    ...warnings
      .filter(({ accepted }) => accepted === undefined)
      .map((entry) => annotation('warning', entry, rowsOf(entry))),
    ...warnings
      .filter(({ accepted }) => accepted !== undefined)
      .map((entry) => annotation('notice', entry, rowsOf(entry))),
    ...matrix.runs.flatMap(({ name, report }) =>
      (report?.leftovers ?? []).map((left) => command('warning', `left behind by ${name}: ${left.what}`, left.command)),
    ),
    ...group(entriesIn(matrix, 'skip'), 'skipped'),
    ...group(entriesIn(matrix, 'pass'), 'passed'),
    ...matrix.notes.map((note) => logged(`note: ${note}`)),
    logged(resultOf(matrix)),
  ];
  return `${lines.join('\n')}\n`;
};
