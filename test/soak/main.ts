/** `npm run soak`, `npm run soak -- <runs>`: consecutive runs on the demo's deployment, 200 unless told, leave nothing behind. */
import { isDeepStrictEqual } from 'node:util';
import { soak } from './soak.ts';

const EVERY = 10;
/** What the heap may grow by, in all; in MB. */
const MOST_MB = 10;

const say = (line: string) => process.stdout.write(`${line}\n`);
const mb = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);

const runs = Number(process.argv[2] ?? 200);
const { before, after, heap, seconds, spawned } = await soak(runs, EVERY, (count) => {
  if (count % 20 === 0) say(`${count} runs`);
});
const grown = (heap.after - heap.before) / 1024 / 1024;
const same = isDeepStrictEqual(after, before);

say('');
for (const key of Object.keys(before) as (keyof typeof before)[]) {
  const equal = isDeepStrictEqual(after[key], before[key]);
  say(
    `${equal ? 'same ' : 'OTHER'}  ${key}${equal ? '' : `: ${JSON.stringify(before[key])} → ${JSON.stringify(after[key])}`}`,
  );
}
say(`heap   ${mb(heap.before)} → ${mb(heap.after)} MB`);
say(
  `\n${runs} runs, ${spawned} of them processes of their own, in ${seconds.toFixed(0)} s: ${same ? 'nothing' : 'SOMETHING'} left behind`,
);
if (!same || grown > MOST_MB) process.exitCode = 1;
