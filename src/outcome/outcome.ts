/** The outcome of one rule: pass, warn, fail or skip, with the reason. */
import type { Cause } from './cause.ts';
import type { Fix } from './fix.ts';
import type { Evidence } from './status.ts';

export interface Pass {
  readonly status: 'pass';
  readonly title: string;
  readonly detail?: string;
  readonly evidence?: Evidence;
  /** It is about a resource in a plan, which need not exist yet. */
  readonly planned?: true;
}

/** A warning or a failure: what was observed, what was expected, and the fix. */
export interface Issue {
  readonly status: 'warn' | 'fail';
  /** One line: the problem, with the actual names. */
  readonly title: string;
  /** What was observed, if that adds to the title. */
  readonly detail?: string;
  readonly expected?: string;
  /** The command or setting that fixes it. */
  readonly fix?: Fix;
  /** Overrides the rule's link. */
  readonly docs?: string;
  readonly evidence?: Evidence;
  readonly cause?: Cause;
  readonly planned?: true;
}

/** Not verified, and why. */
export interface Skip {
  /** Skips with the same cause are folded into one; the others point to it. */
  readonly cause?: Cause;
  readonly status: 'skip';
  readonly title: string;
  readonly detail?: string;
  /** How it could be verified. */
  readonly fix?: Fix;
  readonly evidence?: Evidence;
  /** The required variable whose value is not known here. */
  readonly unknownVariable?: string;
  /** The host, or the variable that names a cloud, to which the caller's credentials were not sent. */
  readonly withheldFrom?: string;
  /** It was being checked when the run was interrupted. */
  readonly inProgress?: true;
  readonly planned?: true;
}

export type Outcome = Pass | Issue | Skip;

type OutcomeDetails<T extends { title: string }> = Omit<T, 'status' | 'title'>;

export const pass = (title: string, more: OutcomeDetails<Pass> = {}): Pass => ({ status: 'pass', title, ...more });
export const warn = (title: string, more: OutcomeDetails<Issue> = {}): Issue => ({ status: 'warn', title, ...more });
export const fail = (title: string, more: OutcomeDetails<Issue> = {}): Issue => ({ status: 'fail', title, ...more });
export const skip = (title: string, more: OutcomeDetails<Skip> = {}): Skip => ({ status: 'skip', title, ...more });

/** Ends a check (or its part for one subject): its unchecked rules get this outcome. */
export class CheckStopped extends Error {
  readonly outcome: Issue | Skip;
  constructor(outcome: Issue | Skip) {
    super(outcome.title);
    this.name = 'CheckStopped';
    this.outcome = outcome;
  }
}
