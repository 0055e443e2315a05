/** What became of one rule: it passes, warns, fails or is skipped, and why. */
import type { Cause } from './cause.ts';
import type { Fix } from './fix.ts';
import type { Evidence } from './status.ts';

export interface Pass {
  readonly status: 'pass';
  readonly title: string;
  readonly detail?: string;
  readonly evidence?: Evidence;
}

/** A warning or a failure: what was observed, what was expected, and the way out. */
export interface Issue {
  readonly status: 'warn' | 'fail';
  /** One line: what is wrong, with the real names. */
  readonly title: string;
  /** What was observed, where that says more than the title. */
  readonly detail?: string;
  readonly expected?: string;
  /** The one command or setting that mends it. */
  readonly fix?: Fix;
  /** Overrides the rule's link. */
  readonly docs?: string;
  readonly evidence?: Evidence;
  readonly cause?: Cause;
}

/** Not verified, and why. */
export interface Skip {
  /** Skips of one cause are one; the others point to it. */
  readonly cause?: Cause;
  readonly status: 'skip';
  readonly title: string;
  readonly detail?: string;
  /** How it could be verified. */
  readonly fix?: Fix;
  readonly evidence?: Evidence;
  /** The variable that it takes, whose value is not known here. */
  readonly unknownVariable?: string;
  /** The host, or the variable that names a cloud, to which the caller's credentials were not sent. */
  readonly withheldFrom?: string;
}

export type Outcome = Pass | Issue | Skip;

type OutcomeDetails<T extends { title: string }> = Omit<T, 'status' | 'title'>;

export const pass = (title: string, more: OutcomeDetails<Pass> = {}): Pass => ({ status: 'pass', title, ...more });
export const warn = (title: string, more: OutcomeDetails<Issue> = {}): Issue => ({ status: 'warn', title, ...more });
export const fail = (title: string, more: OutcomeDetails<Issue> = {}): Issue => ({ status: 'fail', title, ...more });
export const skip = (title: string, more: OutcomeDetails<Skip> = {}): Skip => ({ status: 'skip', title, ...more });

/** Ends a check (or its part about one subject): what it has not judged yet ends in this outcome. */
export class CheckStopped extends Error {
  readonly outcome: Issue | Skip;
  constructor(outcome: Issue | Skip) {
    super(outcome.title);
    this.name = 'CheckStopped';
    this.outcome = outcome;
  }
}
