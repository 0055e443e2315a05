/** The names of the output formats; `index.ts` and `matrix/index.ts` have their renderers. */

export const FORMAT_NAMES = ['pretty', 'json', 'junit', 'markdown', 'github', 'html', 'frame'] as const;
export type FormatName = (typeof FORMAT_NAMES)[number];

/** A frame is for the report of one run. */
export type MatrixFormatName = Exclude<FormatName, 'frame'>;
export const MATRIX_FORMAT_NAMES: readonly MatrixFormatName[] = FORMAT_NAMES.filter((name) => name !== 'frame');

const KNOWN: ReadonlySet<string> = new Set(FORMAT_NAMES);
export const isFormat = (name: string): name is FormatName => KNOWN.has(name);
