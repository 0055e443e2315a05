/** How work grows with its input, compared within one run: no clock of this machine is held to a number. */
import { expect } from 'vitest';

/** Twice as slow as linear would be is noise; work that grows with the square is as many times slower as the input is larger. */
const MARGIN = 3;
const FACTOR = 8;
/** What else a process does, such as collecting garbage, makes one measurement too long, and never one too short. */
const TRIES = 5;

/**
 * Does work of a size, and of eight times that size, and expects it to take at most eight times as much of the processor,
 * with a margin: work that grows with the square of its size takes 64 times as much.
 * @param size of the smaller input
 */
export async function expectLinear(work: (size: number) => unknown, size: number): Promise<void> {
  let ratio = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < TRIES && ratio > FACTOR * MARGIN; tries++) {
    yardstick ??= await cpuOf(() => JSON.parse(TEXT));
    const least = Math.max(await cpuOf(() => work(size)), yardstick);
    ratio = Math.min(ratio, (await cpuOf(() => work(size * FACTOR))) / least);
  }
  expect(ratio, `times the work for ${FACTOR} times the input`).toBeLessThan(FACTOR * MARGIN);
}

/** Of this process, in µs: what else the machine does is not counted. */
async function cpuOf(work: () => unknown): Promise<number> {
  const started = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(started);
  return user + system;
}

const TEXT = JSON.stringify(Array.from({ length: 20_000 }, (_, index) => `${index}`));
/** For work that is too small to be measured. */
let yardstick: number | undefined;
