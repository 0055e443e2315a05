/** What changed between two reports, or two matrices, of one installation; the source of the types is `schema.ts`. */
export type { Change, ChangedFact, ChangedFinding, ComparedSide, Comparison, SlowerCheck } from './schema.ts';

/** The ID of the finding that a run has no report. */
export const LOST_RUN = 'run';
