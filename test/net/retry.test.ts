import { expect, test } from 'vitest';
import { type BusyHint, retryAfterIn, withRetry } from '../../src/net/retry.ts';

test('Retry-After is seconds or a date', () => {
  expect(['0', '120', undefined, '', 'soon', '-1', '1.5'].map(retryAfterIn)).toEqual([
    0,
    120_000,
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ]);
  expect(retryAfterIn(new Date(0).toUTCString())).toBe(0);
  const soon = retryAfterIn(new Date(Date.now() + 60_000).toUTCString());
  expect(soon).toBeGreaterThan(50_000);
  expect(soon).toBeLessThanOrEqual(60_000);
});

const no = (status: number, retryAfterMs?: number): BusyHint => ({ status, retryAfterMs });

/** How often is asked of who answers so, each time. */
async function asked(answer: BusyHint): Promise<number> {
  let times = 0;
  await withRetry(
    async () => {
      times++;
      return answer;
    },
    (said) => said as BusyHint,
  );
  return times;
}

test.each([
  [no(503), 3],
  [no(429, 100), 3],
  [no(503, 120_000), 1],
  [no(403), 1],
  [no(200), 1],
])('%o is asked so many times: %i', async (answer, times) => {
  expect(await asked(answer)).toBe(times);
});

test('what was thrown last is thrown, unless the answer has become another', async () => {
  const answers = [no(500), no(503)];
  const ask = async () => {
    const next = answers.shift();
    if (next !== undefined) throw next;
    return 'done';
  };
  expect(await withRetry(ask, (said) => (typeof said === 'string' ? undefined : (said as BusyHint)))).toBe('done');
  await expect(
    withRetry(
      () => Promise.reject(no(503, 9000)),
      (said) => said as BusyHint,
    ),
  ).rejects.toEqual(no(503, 9000));
});

test('the end of the run ends the waiting', async () => {
  const signal = AbortSignal.abort(new Error('over'));
  await expect(
    withRetry(
      async () => no(503),
      (said) => said as BusyHint,
      signal,
    ),
  ).rejects.toMatchObject({ name: 'AbortError' });
});
