import { openSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { soak } from './soak.ts';

const timers: NodeJS.Timeout[] = [];
afterAll(() => timers.forEach(clearInterval));

/** Of the 200 of `npm run soak`. */
test('twelve runs leave no handle, process, file, table, object or message behind', async () => {
  const { before, after, spawned } = await soak(12, 6);
  expect(after).toEqual(before);
  expect(spawned).toBeGreaterThanOrEqual(2);
});

test('what is left would be noticed', async () => {
  const { before, after } = await soak(1, 2, () => {
    timers.push(setInterval(() => {}, 60_000));
    writeFileSync(join(tmpdir(), 'left'), '');
    openSync(join(tmpdir(), 'left'), 'r');
  });
  expect(after.temporary).toEqual([...before.temporary, 'left'].sort());
  expect(after.resources.Timeout).toBe((before.resources.Timeout ?? 0) + 1);
  if (process.platform === 'linux') expect(after.descriptors).toBe(before.descriptors + 1);
});
