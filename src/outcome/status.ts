/** The possible results of a rule, and the facts behind them. */

export type Status = 'pass' | 'warn' | 'fail' | 'skip';

/** Whether there is something to fix. */
export const isIssue = (status: Status): boolean => status === 'fail' || status === 'warn';

/** Facts behind a finding, safe to print: names, counts, versions, never a secret. */
export type Evidence = Record<string, string | number | boolean | readonly string[]>;

/** What the findings of a run come to. */
export type Verdict = 'ready' | 'ready-with-warnings' | 'not-ready' | 'inconclusive';
