/** A row of the benchmark table, with one result. */

export interface Row {
  readonly id: string;
  /** The measurement, as a short phrase. */
  readonly what: string;
  /** "at most 1.5"; absent for informational results. */
  readonly target?: string;
  /** "1.3 times an empty node". */
  readonly figure: string;
  /** `undefined` without a target. */
  readonly met?: boolean;
  /** The facts behind the result, for `--json`. */
  readonly facts: Readonly<Record<string, unknown>>;
}

/** One file per measurement. If it fails, it throws an error with an actionable reason. */
export interface Measurement {
  readonly id: string;
  readonly measure: () => Promise<readonly Row[]>;
}

/** An upper limit, inclusive. */
export function atMost(limit: number, value: number, unit = ''): Pick<Row, 'target' | 'met'> {
  return { target: `at most ${limit}${unit}`, met: value <= limit };
}

export function atLeast(limit: number, value: number, unit = ''): Pick<Row, 'target' | 'met'> {
  return { target: `at least ${limit}${unit}`, met: value >= limit };
}

/** 2.345 → "2.3"; 12.3 → "12". */
export const short = (value: number): string => value.toFixed(value < 10 ? 1 : 0);
