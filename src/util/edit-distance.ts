/** The number of typing errors between two names. */

/**
 * The Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, and swaps of two
 * neighbors. Stops as soon as it exceeds `most`, so that unrelated names cost little.
 * @returns the distance, or `most + 1` if it is larger
 */
export function editDistance(one: string, other: string, most: number): number {
  const over = most + 1;
  if (Math.abs(one.length - other.length) > most) return over;
  let twoBefore: number[] = [];
  let before = Array.from({ length: other.length + 1 }, (_, index) => index);
  for (let row = 1; row <= one.length; row++) {
    const current = [row];
    let least = over;
    for (let column = Math.max(1, row - most); column <= Math.min(other.length, row + most); column++) {
      const distance = cellAt(one, other, row, column, { current, before, twoBefore });
      current[column] = distance;
      least = Math.min(least, distance);
    }
    if (least > most && row > most) return over;
    [twoBefore, before] = [before, current];
  }
  return Math.min(before[other.length] ?? over, over);
}

/** The last three rows of the table; cells outside the band are absent. */
interface Rows {
  readonly current: readonly number[];
  readonly before: readonly number[];
  readonly twoBefore: readonly number[];
}

function cellAt(one: string, other: string, row: number, column: number, rows: Rows): number {
  const at = (cells: readonly number[], index: number) => cells[index] ?? Number.POSITIVE_INFINITY;
  const isSame = one[row - 1] === other[column - 1];
  const isSwap = row > 1 && column > 1 && one[row - 1] === other[column - 2] && one[row - 2] === other[column - 1];
  return Math.min(
    at(rows.before, column) + 1,
    at(rows.current, column - 1) + 1,
    at(rows.before, column - 1) + (isSame ? 0 : 1),
    isSwap ? at(rows.twoBefore, column - 2) + 1 : Number.POSITIVE_INFINITY,
  );
}
