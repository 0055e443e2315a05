/** How a rule can be judged, and the facts behind it. */

export type Status = 'pass' | 'warn' | 'fail' | 'skip';

/** Facts behind a finding, safe to print: names, counts, versions, never a secret. */
export type Evidence = Record<string, string | number | boolean | readonly string[]>;
