/** How far the run can get without waiting: the round trips that come one after the other, server by server. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countChain, PARTS } from '../../bench/distance.ts';
import { type Distant, startDistant } from '../../bench/distant.ts';
import { EXECUTABLE } from '../cli/spawned.ts';

let distant: Distant;
beforeAll(async () => {
  distant = await startDistant();
});
afterAll(() => distant.stop());

/** Why these, and no fewer: bench/README.md. On a machine that is busy a count can be higher. */
test.each([
  ['database and queue', 7],
  ['states', 6],
  ['uploads', 6],
  ['broker', 2],
])('%s: %i', { retry: 3 }, async (part, most) => {
  expect(await countChain(distant, PARTS[part] ?? [], EXECUTABLE)).toBe(most);
});
