/** The formats of a matrix. */
import { type Format, format, renderWith } from '../format.ts';
import type { MatrixFormatName } from '../format-names.ts';
import type { Matrix } from './types.ts';

export const MATRIX_FORMATS: Readonly<Record<MatrixFormatName, Format<Matrix>>> = {
  pretty: format(true, 'text', async () => (await import('./pretty.ts')).renderPretty),
  json: format(false, 'json', async () => (await import('../json.ts')).renderJson),
  junit: format(false, 'markup', async () => (await import('./junit.ts')).renderJunit),
  markdown: format(false, 'text', async () => (await import('./markdown.ts')).renderMarkdown),
  github: format(false, 'commands', async () => (await import('./github.ts')).renderGithub),
  html: format(false, 'markup', async () => (await import('./html.ts')).renderHtml),
  sarif: format(false, 'json', async () => (await import('./sarif.ts')).renderSarif),
};

/** For a file: without colors, regardless of the terminal. */
export const renderMatrixAs = (matrix: Matrix, name: MatrixFormatName): Promise<string> =>
  renderWith(matrix, MATRIX_FORMATS[name]);
