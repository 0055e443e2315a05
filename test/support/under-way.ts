/** What happens first, where a delay is the subject: an order of events, which holds on a machine that is busy too. */
import { setTimeout as sleep } from 'node:timers/promises';

/** Whether work still is under way after some time; then waits for its end. */
export async function isUnderWayAfter(ms: number, work: Promise<unknown>): Promise<boolean> {
  const isUnderWay = await Promise.race([work.then(() => false), sleep(ms, true)]);
  await work;
  return isUnderWay;
}
