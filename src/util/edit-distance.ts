/** The number of typing errors between two names. */

/**
 * The Damerau–Levenshtein distance (optimal string alignment): insertions, deletions, substitutions, and swaps of two
 * neighbors. Stops as soon as it exceeds `most`, so that unrelated names cost little.
 * @returns the distance, or `most + 1` if it is larger
 */
export function editDistance(one: string, other: string, most: number): number {
  if (Math.abs(one.length - other.length) > most) return most + 1;
  // What both start or end with makes no difference.
  let start = 0;
  let [end, otherEnd] = [one.length, other.length];
  while (start < end && start < otherEnd && one[start] === other[start]) start++;
  while (end > start && otherEnd > start && one[end - 1] === other[otherEnd - 1])
    [end, otherEnd] = [end - 1, otherEnd - 1];
  return distanceOf(one.slice(start, end), other.slice(start, otherEnd), most);
}

/** Row by row; cells further than `most` from the diagonal can't be part of a distance of at most `most`. */
function distanceOf(one: string, other: string, most: number): number {
  const far = most + 1;
  const width = other.length + 1;
  let [twoBefore, before, current] = [row(width, far), row(width, far), row(width, far)];
  for (let column = 0; column <= Math.min(most, other.length); column++) before[column] = column;
  for (let at = 1; at <= one.length; at++) {
    const [first, last] = [Math.max(1, at - most), Math.min(other.length, at + most)];
    current[first - 1] = first === 1 ? Math.min(at, far) : far;
    let least = current[first - 1] ?? far;
    for (let column = first; column <= last; column++) {
      const same = one.charCodeAt(at - 1) === other.charCodeAt(column - 1) ? 0 : 1;
      let distance = (before[column - 1] ?? far) + same;
      if ((before[column] ?? far) < distance) distance = (before[column] ?? far) + 1;
      if ((current[column - 1] ?? far) < distance) distance = (current[column - 1] ?? far) + 1;
      if (isSwap(one, other, at, column) && (twoBefore[column - 2] ?? far) < distance)
        distance = (twoBefore[column - 2] ?? far) + 1;
      current[column] = Math.min(distance, far);
      if (distance < least) least = distance;
    }
    if (last < other.length) current[last + 1] = far;
    if (least > most) return far;
    [twoBefore, before, current] = [before, current, twoBefore];
  }
  return before[other.length] ?? far;
}

const row = (width: number, value: number): number[] => new Array<number>(width).fill(value);

const isSwap = (one: string, other: string, at: number, column: number): boolean =>
  at > 1 &&
  column > 1 &&
  one.charCodeAt(at - 1) === other.charCodeAt(column - 2) &&
  one.charCodeAt(at - 2) === other.charCodeAt(column - 1);
