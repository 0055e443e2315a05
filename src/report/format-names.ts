/** The names of the output formats; `index.ts` and `matrix/index.ts` have their renderers. */

export const FORMAT_NAMES = [
  'pretty',
  'json',
  'junit',
  'markdown',
  'github',
  'html',
  'sarif',
  'prometheus',
  'fixes',
  'frame',
] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/**
 * Not for a matrix: a frame is for the report of one run, metrics have the service as a label, and commands from report
 * files must not become a script.
 */
const SINGLE = ['prometheus', 'fixes', 'frame'] as const satisfies readonly FormatName[];
export type MatrixFormatName = Exclude<FormatName, (typeof SINGLE)[number]>;
const isForMatrix = (name: FormatName): name is MatrixFormatName => !SINGLE.some((single) => single === name);
export const MATRIX_FORMAT_NAMES: readonly MatrixFormatName[] = FORMAT_NAMES.filter(isForMatrix);

/** Of `diff`. */
export const COMPARISON_FORMAT_NAMES = ['pretty', 'json'] as const satisfies readonly FormatName[];
export type ComparisonFormatName = (typeof COMPARISON_FORMAT_NAMES)[number];

const KNOWN: ReadonlySet<string> = new Set(FORMAT_NAMES);
export const isFormat = (name: string): name is FormatName => KNOWN.has(name);
