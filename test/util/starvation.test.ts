import { expect, test } from 'vitest';
import { makeStarvation, PATIENCE, patience, type Sample } from '../../src/util/starvation.ts';

/** @param samples of each moment: its time, how long the event loop was active, how long there was a processor */
function waitedAfter(...samples: readonly (readonly [at: number, active: number, used: number])[]): number {
  let [now, active, used] = [0, 0, 0];
  const sample = (): Sample => ({ active, used });
  const keptWaiting = makeStarvation(sample, () => now);
  let waited = 0;
  for (const moment of samples) {
    [now, active, used] = moment;
    waited = keptWaiting();
  }
  return waited;
}

test('work without a processor is waiting; idling and working are not', () => {
  expect(waitedAfter([1_000, 0, 0])).toBe(0);
  expect(waitedAfter([1_000, 900, 900])).toBe(0);
  expect(waitedAfter([1_000, 900, 50])).toBe(850);
});

test('it adds up, and other threads of this process do not make up for it', () => {
  expect(waitedAfter([100, 90, 10], [200, 180, 20])).toBe(160);
  expect(waitedAfter([100, 90, 10], [200, 100, 210])).toBe(80);
});

test('the system counts in steps: nothing is concluded from less than 50 ms', () => {
  expect(waitedAfter([10, 10, 0], [20, 20, 20], [100, 90, 80])).toBe(10);
});

test('libraries that count the time by themselves get more of it in a starved process', () => {
  expect(patience(400, 1_000)).toBe(1);
  expect(patience(900, 1_000)).toBe(PATIENCE);
});
