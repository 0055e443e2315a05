import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startDeadline, withTimeout } from '../../src/engine/timeouts.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

describe('a deadline', () => {
  it('is over at its time, and not before', async () => {
    const over = vi.fn();
    startDeadline(1_050, over);
    await vi.advanceTimersByTimeAsync(1_049);
    expect(over).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(over).toHaveBeenCalledOnce();
  });
  it('is never over once it is canceled', async () => {
    const over = vi.fn();
    const cancel = startDeadline(1_000, over);
    await vi.advanceTimersByTimeAsync(950);
    cancel();
    await vi.advanceTimersByTimeAsync(10_000);
    expect(over).not.toHaveBeenCalled();
    expect(vi.getTimerCount()).toBe(0);
  });
  it('leaves no timer behind when the operation ends in time', async () => {
    const operation = withTimeout(
      new AbortController().signal,
      1_000,
      () => new Promise<string>((resolve) => setTimeout(resolve, 500, 'done')),
      () => new Error('late'),
    );
    await vi.advanceTimersByTimeAsync(500);
    expect(await operation).toBe('done');
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('while this process waits for a processor', () => {
  /** @param share of the time, as a factor @returns when the deadline of one second is over, in ms */
  const overAfter = async (share: number): Promise<number> => {
    let over: number | undefined;
    const started = Date.now();
    const passed = () => Date.now() - started;
    startDeadline(
      1_000,
      () => {
        over = passed();
      },
      () => share * passed(),
    );
    while (over === undefined) await vi.advanceTimersByTimeAsync(1);
    return over;
  };
  /** In ms: what is counted of each step is rounded. */
  const STEP_MS = 100;

  it('a server that is silent fails in its time', async () => {
    expect(await overAfter(0)).toBe(1_000);
  });
  it('the time does not count', async () => {
    expect(Math.abs((await overAfter(0.5)) - 2_000)).toBeLessThan(STEP_MS);
    expect(Math.abs((await overAfter(0.75)) - 4_000)).toBeLessThan(STEP_MS);
  });
  it('it is over in the end', async () => {
    expect(await overAfter(1)).toBe(6_000);
  });
});

describe('while this process does not run', () => {
  /** Another process has the processor: as the timers see it, all of that time passes in one leap. */
  const stall = (ms: number) => {
    const until = performance.now() + ms;
    while (performance.now() < until);
  };

  it('no server is late: what it sent meanwhile is read', async () => {
    vi.useRealTimers();
    const operation = withTimeout(
      new AbortController().signal,
      300,
      async () => {
        await new Promise((resolve) => setTimeout(resolve, 50));
        stall(600);
        await new Promise((resolve) => setTimeout(resolve, 50));
        return 'read';
      },
      () => new Error('late'),
    );
    expect(await operation).toBe('read');
  });
});
