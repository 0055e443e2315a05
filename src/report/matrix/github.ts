/** The matrix as GitHub workflow commands: failures and warnings become annotations, with the services that have them. */
import { annotation, changesSince, group, leftBehind, logged } from '../github/commands.ts';
import type { Render } from '../render.ts';
import { entriesIn, explained, leftoversIn, lostIn, named, resultOf, rowsOf } from './phrases.ts';
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
    ...leftoversIn(matrix).map(leftBehind),
    ...changesSince(matrix),
    ...group(entriesIn(matrix, 'skip').map(named), 'skipped'),
    ...group(entriesIn(matrix, 'pass').map(named), 'passed'),
    ...matrix.notes.map((note) => logged(`note: ${note}`)),
    logged(resultOf(matrix)),
  ];
  return `${lines.join('\n')}\n`;
};
