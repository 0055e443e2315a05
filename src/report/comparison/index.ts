/** The formats of a comparison. */
import { type Format, format } from '../format.ts';
import type { ComparisonFormatName } from '../format-names.ts';
import type { Comparison } from './types.ts';

export const COMPARISON_FORMATS: Readonly<Record<ComparisonFormatName, Format<Comparison>>> = {
  pretty: format(true, 'text', async () => (await import('./pretty.ts')).renderComparison),
  json: format(false, 'json', async () => (await import('../json.ts')).renderJson),
};
