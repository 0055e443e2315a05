/** Whether things were dealt with side by side, by the order of the requests about them: no clock is asked. */
import { expect } from 'vitest';

/**
 * Expects each of so many things to have been begun before any of them was done.
 * @param asked what each request was about, in order
 */
export function expectAtOnce(asked: readonly string[], things: number): void {
  expect(new Set(asked).size).toBe(things);
  const firstDone = asked.findIndex((name, at) => asked.lastIndexOf(name) === at);
  expect(new Set(asked.slice(0, firstDone + 1)).size, 'begun before any was done').toBe(things);
}
