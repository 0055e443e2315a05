/**
 * Compares durations. Absolute durations depend on the machine and its load, so the programs to compare run alternately, the
 * same number of times, and the result is the ratio of their medians.
 */

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = sorted.length % 2 === 1 ? [sorted[middle], sorted[middle]] : [sorted[middle - 1], sorted[middle]];
  if (low === undefined || high === undefined) throw new Error('no values for a median');
  return (low + high) / 2;
}

/**
 * Runs each of them once to warm up caches, then all of them alternately.
 * @param runs each returns its duration in ms
 * @returns the medians
 */
export async function inTurns<Name extends string>(
  rounds: number,
  runs: Readonly<Record<Name, () => Promise<number>>>,
): Promise<Record<Name, number>> {
  const names = Object.keys(runs) as Name[];
  for (const name of names) await runs[name]();
  const times = new Map<Name, number[]>(names.map((name) => [name, []]));
  for (let round = 0; round < rounds; round++) {
    for (const name of names) times.get(name)?.push(await runs[name]());
  }
  return Object.fromEntries([...times].map(([name, values]) => [name, median(values)])) as Record<Name, number>;
}
