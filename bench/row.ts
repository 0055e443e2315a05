/** What the bench says: one row of its table per figure. */

export interface Row {
  readonly id: string;
  /** What is measured, as a short phrase. */
  readonly what: string;
  /** "at most 1.5"; none where the figure is there to be known. */
  readonly target?: string;
  /** "1.3 times an empty node". */
  readonly figure: string;
  /** `undefined` without a target. */
  readonly met?: boolean;
  /** What the figure was made of, for `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One file per measurement. A measurement that can't be made throws, with a reason that a reader can act on. */
export interface Measurement {
  readonly id: string;
  readonly measure: () => Promise<readonly Row[]>;
}

/** A target that is kept by staying below it, or at it. */
export function atMost(limit: number, value: number, unit = ''): Pick<Row, 'target' | 'met'> {
  return { target: `at most ${limit}${unit}`, met: value <= limit };
}

export function atLeast(limit: number, value: number, unit = ''): Pick<Row, 'target' | 'met'> {
  return { target: `at least ${limit}${unit}`, met: value >= limit };
}

/** 2.345 → "2.3"; 12.3 → "12". */
export const short = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
