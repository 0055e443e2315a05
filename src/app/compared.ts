/** Adds to a report or a matrix what has changed since its baseline. What compares is loaded only then. */
import type { Comparable } from '../report/comparison/compare.ts';

/** The document itself without a baseline. */
export async function comparedTo<Document extends Comparable>(
  document: Document,
  baseline: Document | undefined,
): Promise<Document> {
  if (baseline === undefined) return document;
  const { compare } = await import('../report/comparison/compare.ts');
  return { ...document, comparison: compare(baseline, document) };
}
