/** Removes messages that killed runs left: before installation alone, since a drain would have taken them long ago. */
import { type Run, type Skip, Stop, type Swept, skip, type Trouble } from '../../src/check.ts';
import { openSqs, type Received, type Sqs } from './client.ts';
import { Desk } from './desk.ts';
import { whyNoMessages } from './installed.ts';
import { type Operation, usedIn } from './queues.ts';
import { troubleOf } from './sqs-problems.ts';

const RUN_ID = '[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}';
/** As `trial.ts` sends them. */
const SENT = new RegExp(`^spacelift-preflight ${RUN_ID} [A-Z_]+$`);
/** As IoT Core delivers what `iotcore-delivery.ts` publishes, in base64 or plain. */
const DELIVERED = new RegExp(`"preflight":\\s*"${RUN_ID}"`);
/** In ms: for one queue, however many messages it holds. */
const PATIENCE_MS = 5_000;
/** In seconds: how long one request waits for a message, and how long what was received is hidden: not received twice. */
const [WAIT, VISIBILITY] = [1, 15];

const isOwn = (body: string): boolean =>
  SENT.test(body) || DELIVERED.test(body) || DELIVERED.test(Buffer.from(body, 'base64').toString());

export async function sweep(run: Run): Promise<Swept[]> {
  const queues = usedIn(run);
  if (queues.length === 0) return [];
  const hindrance = await run.share(whyNoMessages);
  if (hindrance !== undefined) return [{ place: 'SQS', removed: [], trouble: hindrance }];
  const sqs = await openSqs(run);
  try {
    const desks = new Map();
    return await Promise.all(
      queues.map(async (queue) => {
        try {
          return await sweepQueue(new Desk(run, sqs, queue, desks), sqs);
        } catch (error) {
          if (error instanceof Stop) return { place: queue, removed: [], trouble: error.outcome };
          throw error;
        }
      }),
    );
  } finally {
    sqs.close();
  }
}

async function sweepQueue(desk: Desk, sqs: Sqs): Promise<Swept> {
  const { run, address } = desk;
  const place = address.name;
  if (desk.duty('delete') === undefined) return { place, removed: [], trouble: onlyTheDrain(desk) };
  let count = 0;
  const done = (trouble?: Trouble | Skip): Swept => ({
    place,
    removed: count === 0 ? [] : [`${count} message${count === 1 ? '' : 's'} of earlier runs`],
    ...(trouble !== undefined && { trouble }),
  });
  let asked: Operation = 'look';
  try {
    const seen = await desk.see();
    if ('outcome' in seen) return done(seen.outcome);
    // Receiving counts, and what was received too often becomes a dead letter: only where something is to be found.
    if (Number(seen.attributes.ApproximateNumberOfMessages ?? 0) === 0) return done();
    asked = 'receive';
    await remove(run, sqs, address.url, () => count++);
    return done();
  } catch (error) {
    return done((await troubleOf(desk, error, [asked])).outcome);
  }
}

/** Others' messages are put back. */
async function remove(run: Run, sqs: Sqs, url: string, removed: () => void): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  const others: Received[] = [];
  try {
    while (performance.now() < end) {
      const found = await sqs.receive(run, url, { wait: WAIT, visibility: VISIBILITY });
      if (found.length === 0) return;
      for (const message of found) {
        if (!isOwn(message.body)) others.push(message);
        else await sqs.delete(run, url, message.receipt).then(removed);
      }
    }
  } finally {
    // One that can't be put back comes into sight by itself.
    await Promise.allSettled(others.map(({ receipt }) => sqs.postpone(run, url, receipt, 0)));
  }
}

const onlyTheDrain = ({ run, address }: Desk): Skip =>
  skip(`${address.name} was not looked at: the ${run.deployment.service} may not receive from it`, {
    fix: 'run it without --service, with an operator’s credentials',
    evidence: { queue: address.name },
  });
