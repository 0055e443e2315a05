/** What changed between two reports, or two matrices, of one installation. Its JSON is a public interface. */
import type { Status, Verdict } from '../../outcome/status.ts';

export const COMPARISON_KIND = 'comparison';
/** Increases when a field is removed or changes its meaning, but not when a field is added. */
export const COMPARISON_VERSION = 1;

/** The ID of the finding that a run has no report. */
export const LOST_RUN = 'run';

/** One of the two. */
export interface ComparedSide {
  readonly kind: 'report' | 'matrix';
  /** ISO 8601; `null` if all runs of a matrix were lost. */
  readonly startedAt: string | null;
  readonly verdict: Verdict;
  /** Of this tool. */
  readonly version: string;
  readonly domain?: string;
  /** Of Self-Hosted, if it is known. */
  readonly release?: string;
}

/**
 * `new`: a failure or warning that was not there; `changed`: it was there with another status or title; `gone`: it passes now;
 * `unchecked`: it was there, and was skipped or left out now.
 */
export type Change = 'new' | 'changed' | 'gone' | 'unchecked';

export interface ChangedFinding {
  readonly change: Change;
  readonly id: string;
  /** The column of a matrix. */
  readonly run?: string;
  /** `null`: there was no such finding. */
  readonly before: Status | null;
  readonly after: Status | null;
  /** The present title; for one that is gone or unchecked, the earlier one. */
  readonly title: string;
  /** For a change, if the title is another one. */
  readonly titleBefore?: string;
}

/** Something that passes in both, but is not the same: a version, a size. */
export interface ChangedFact {
  readonly id: string;
  readonly run?: string;
  readonly before: string;
  readonly after: string;
}

/** A check that takes at least twice as long as before. */
export interface SlowerCheck {
  readonly check: string;
  readonly run?: string;
  readonly beforeMs: number;
  readonly afterMs: number;
}

export interface Comparison {
  readonly kind: typeof COMPARISON_KIND;
  readonly schemaVersion: typeof COMPARISON_VERSION;
  readonly tool: { readonly name: string; readonly version: string };
  readonly before: ComparedSide;
  readonly after: ComparedSide;
  readonly summary: Readonly<Record<Change | 'same', number>>;
  readonly findings: readonly ChangedFinding[];
  readonly facts: readonly ChangedFact[];
  readonly slower: readonly SlowerCheck[];
  /** Differences between the two that can explain others, for people. */
  readonly notes: readonly string[];
}
